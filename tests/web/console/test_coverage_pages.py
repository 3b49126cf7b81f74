"""The console's pages of offices: what callers heard, stances, aides, calls, numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select

from actions.models import Outcome, Response
from actions.office_models import OfficeReport, Source, Stance
from actions.reports import heard, suggest
from actions.responses import record
from actions.staffers import Aide, KnownAide, save_staffer, staffer_of
from actions.stances import stances
from database.opening import Opened
from organizers import audit
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_project,
)
from tests.web.organizing import Desk, console, desk

HOUSE = "us:house:WI:2"


@dataclass
class Bench:
    """An alert of Madison's, and Amina of Madison at her desk."""

    amina: Desk
    opened: Opened
    now: datetime
    alert: Alerted
    contact: int
    project: int

    @property
    def home(self) -> str:
        return f"/console/alerts/{self.alert.alert_id}"

    async def read(self, unit: Any) -> Any:
        return await self.opened.database.read(unit)

    async def post(self, path: str, **form: str) -> tuple[int, str]:
        response = await self.amina.post(path, form)
        return response.status, response.headers.get("Location", "")

    async def hear(self, stance: str = "", name: str = "") -> list[int]:
        """María called, and heard something; the numbers of her reports."""
        told = heard(stance, name=name, role="foreign affairs", phone="202-555-0147", email="")

        def call(conn: Connection) -> list[int]:
            response = record(
                conn, self.alert.action_id, contact_id=self.contact, target=HOUSE,
                outcome=Outcome.SPOKE, channel="web", note="kind", now=self.now,
            )  # fmt: skip
            suggest(conn, response, told, now=self.now)
            return list(conn.scalars(select(OfficeReport.id).order_by(OfficeReport.id)))

        return await self.opened.database.write(call)

    def aide(self, conn: Connection) -> KnownAide | None:
        return staffer_of(conn, HOUSE, project_id=self.project, now=self.now)

    async def recorded(self) -> list[tuple[str, dict[str, Any]]]:
        entries = await self.read(lambda conn: audit.entries(conn, None))
        return [(each.act, each.after or {}) for each in entries]


@pytest.fixture
async def bench(opened: Opened, now: datetime) -> AsyncIterator[Bench]:
    def fill(conn: Connection) -> tuple[int, Alerted, int]:
        load_invented_officials(conn)
        madison = make_project(conn)
        contact = make_contact(conn, "María", family_name="López", projects=[madison])
        return madison, make_alert(conn, project_id=madison), contact

    madison, alert, contact = await opened.database.write(fill)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[madison])
        yield Bench(amina, opened, now, alert, contact, madison)


async def test_one_tap_makes_a_stance_of_what_a_caller_heard(bench: Bench) -> None:
    [report] = await bench.hear("committed")
    shown = await bench.amina.page(f"{bench.home}/coverage")
    assert "What callers heard: does it hold?" in shown
    assert "María" not in shown

    answer = await bench.post(f"/console/reports/{report}/confirm", alert=str(bench.alert.alert_id))

    assert answer == (303, f"{bench.home}/coverage?notice=saved")
    held = (await bench.read(lambda conn: stances(conn, bench.alert.action_id)))[HOUSE]
    assert held.stance is Stance.COMMITTED
    act, after = (await bench.recorded())[0]
    assert (act, after["verdict"]) == ("report.confirm", "confirmed")
    assert (await bench.post(f"/console/reports/{report}/confirm"))[0] == 409


async def test_an_aide_who_was_confirmed_is_in_the_next_callers_script(bench: Bench) -> None:
    [report] = await bench.hear(name="Ana Peres")
    public = f"/p/{bench.alert.slug}?zip=53703"
    assert "Ana" not in await bench.amina.page(public)

    right = {"name": "Ana Pérez", "role": "foreign affairs", "phone": "202-555-0147", "email": ""}
    wrong = await bench.post(f"/console/reports/{report}/confirm", **{**right, "phone": "x"})
    done = await bench.post(f"/console/reports/{report}/confirm", **right)

    assert (wrong[0], done[0]) == (422, 303)
    page = await bench.amina.page(public)
    assert "Ask for Ana Pérez (foreign affairs)." in page
    assert "555-0147" not in page
    assert "(202) 555-0147" in await bench.amina.page(f"{bench.home}/coverage")
    assert "Ana" not in str(await bench.recorded())


async def test_what_was_typed_of_an_aide_is_there_when_something_is_wrong(bench: Bench) -> None:
    [report] = await bench.hear(name="Ana Pérez")
    typed = {"name": "", "role": "asylum and visas", "phone": "202-555-0148", "email": "a@b.org"}
    heard = {**typed, "alert": str(bench.alert.alert_id), "office": ""}

    confirmed = await bench.amina.post(f"/console/reports/{report}/confirm", heard)
    added = await bench.amina.post(f"{bench.home}/offices/{HOUSE}/aide", typed)

    for response in (confirmed, added):
        page = await response.text()
        assert response.status == 422
        assert "What callers heard: does it hold?" in page
        assert page.count('value="asylum and visas"') == 1
        assert page.count('value="202-555-0148"') == 1


async def test_a_report_is_let_be(bench: Bench) -> None:
    [report] = await bench.hear(name="An insult")

    await bench.post(f"/console/reports/{report}/dismiss", alert=str(bench.alert.alert_id))

    assert "An insult" not in await bench.amina.page(f"{bench.home}/coverage")
    assert await bench.read(bench.aide) is None


async def test_an_organizer_notes_what_an_office_says_and_its_history_stays(bench: Bench) -> None:
    office = f"{bench.home}/offices/{HOUSE}"
    for stance in ("considering", "done"):
        form = {"stance": stance, "source": "published", "verified": "1", "note": "On the list."}
        assert (await bench.post(f"{office}/stance", **form))[0] == 303

    page = await bench.amina.page(office)
    assert "Has done it" in page
    assert page.count("On the list.") == 2
    acts = [(act, after["stance"]) for act, after in await bench.recorded()]
    assert acts == [("stance.note", "done"), ("stance.note", "considering")]
    assert (await bench.post(f"{office}/stance", stance="perhaps", source="published"))[0] == 422
    assert (await bench.post(f"{office}/stance", stance="done", source="caller"))[0] == 422


async def test_an_aide_is_added_and_taken_back(bench: Bench) -> None:
    office = f"{bench.home}/offices/{HOUSE}"
    assert (await bench.post(f"{office}/aide", name=""))[0] == 422
    assert (await bench.post(f"{office}/aide", name="Ana Pérez"))[0] == 303
    found = await bench.read(bench.aide)
    assert found.name == "Ana Pérez"

    form = {"alert": str(bench.alert.alert_id), "office": HOUSE}
    gone = await bench.post(f"/console/staffers/{found.id}/withdraw", **form)

    assert gone == (303, f"{office}?notice=saved")
    assert await bench.read(bench.aide) is None
    assert [act for act, _after in await bench.recorded()] == ["staffer.withdraw", "staffer.add"]


async def test_another_projects_aide_is_on_no_page_of_this_alert(bench: Bench) -> None:
    def keep(conn: Connection) -> None:
        bangor = make_project(conn, "Bangor")
        aide = Aide(name="Eva Ruiz", phone="202-555-0199")
        told: dict[str, Any] = {"source": Source.ORGANIZER, "actor": "organizer:9"}
        save_staffer(conn, HOUSE, aide, project_id=bangor, now=bench.now, **told)

    await bench.opened.database.write(keep)

    for path in (
        f"{bench.home}/coverage",
        f"{bench.home}/offices/{HOUSE}",
        f"/p/{bench.alert.slug}?zip=53703",
    ):
        page = await bench.amina.page(path)
        assert "Eva" not in page
        assert "555-0199" not in page


async def test_a_call_is_noted_for_somebody_and_corrected(bench: Bench) -> None:
    theirs = f"/console/contacts/{bench.contact}/calls/{bench.alert.alert_id}"
    assert "Rep. Encina (WI-2)" in await bench.amina.page(theirs)
    for outcome in ("spoke", "no_answer"):
        assert (await bench.post(theirs, office=HOUSE, outcome=outcome))[0] == 303

    told = await bench.read(
        lambda conn: [tuple(row) for row in conn.execute(
            select(Response.who, Response.outcome, Response.channel))]
    )  # fmt: skip
    assert told == [(f"contact:{bench.contact}", "no_answer", "by_hand")]
    assert "Rep. Encina (WI-2)" in await bench.amina.page(f"/console/contacts/{bench.contact}")
    assert (await bench.post(theirs, office="us:house:ME:2", outcome="spoke"))[0] == 422
    assert (await bench.post(theirs, office=HOUSE, outcome="sang"))[0] == 422


async def test_a_call_of_ones_own_counts_once(bench: Bench) -> None:
    office = f"{bench.home}/offices/{HOUSE}"
    for outcome in ("voicemail", "spoke"):
        assert (await bench.post(f"{office}/call", outcome=outcome))[0] == 303

    assert "Tried 1 Spoke 1" in await bench.amina.page(office)
    assert (await bench.post(f"{office}/call", outcome=""))[0] == 422


async def test_offices_are_chosen_by_what_is_still_to_do(bench: Bench) -> None:
    await bench.hear("committed")

    async def listed(query: str) -> str:
        page = await bench.amina.page(f"{bench.home}/coverage?{query}")
        return page.partition("All offices")[2]

    assert "Rep. Encina" in await listed("")
    assert "Rep. Encina" not in await listed("view=uncalled")
    assert "Sen. Guava" in await listed("view=uncalled")
    assert "Left to ask" in await listed("view=unasked")
    assert "No such office" in await listed("view=doubtful")
    assert "No such office" in await listed("committee=NONE")
    assert "Rep. Encina" in await listed("view=nonsense&page=x")


async def test_the_spreadsheet_names_nobody_and_no_small_number(bench: Bench) -> None:
    await bench.hear("committed", name="Ana Pérez")
    response = await bench.amina.get(f"{bench.home}/coverage.csv")

    rows = list(csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig"))))

    house = next(row for row in rows if row["seat"] == HOUSE)
    assert (house["spoke"], house["asked"], house["stance"]) == ("<5", "0", "unknown")
    assert "Ana" not in str(rows)
    assert "María" not in str(rows)


async def test_the_numbers_are_the_publics_once_somebody_says_so(bench: Bench) -> None:
    numbers = f"/p/{bench.alert.slug}/numbers"
    assert (await bench.amina.client.get(numbers)).status == 404

    await bench.post(f"{bench.home}/numbers", shown="1")

    answer = await bench.amina.client.get(f"{numbers}?lang=es")
    assert answer.status == 200
    assert "Menos de 5 personas han llamado" in await answer.text()
    assert numbers in await (await bench.amina.get(f"/p/{bench.alert.slug}")).text()
    act, after = (await bench.recorded())[0]
    assert (act, after["shows_numbers"]) == ("alert.numbers", True)
    await bench.post(f"{bench.home}/numbers", shown="0")
    assert (await bench.amina.client.get(numbers)).status == 404
