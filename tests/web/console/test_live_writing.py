"""While an alert is written its form shows who sees what, what it takes, and what could endanger somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from html import unescape

import pytest
from sqlalchemy import Connection, func, select

from alerts.at_risk import RiskDraft, add_person
from alerts.models import Alert
from database.opening import Opened
from tests.builders import make_contact, make_project
from tests.web.console.test_alert_pages import ALERT
from tests.web.console.test_case_pages import begun
from tests.web.organizing import Desk, console, desk, words

MEASURE = "/console/alerts/measure"
TOWN = {"sms_en": '{{ first_name | "Friend" }} of {{ city }}: {{ link }}', "language": "en"}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    def fill(conn: Connection) -> None:
        make_contact(conn, "María", language="es")
        make_contact(conn, "Ben", city="Bath")
        make_contact(conn, "Maximiliana", city="Philadelphia")
        make_contact(conn, "Theodora", city="Minneapolis", consent=None)
        make_contact(conn, "", city="")

    await opened.database.write(fill)
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def pieces(amina: Desk, **changed: str) -> str:
    response = await amina.post(MEASURE, {**ALERT, **changed})
    assert response.status == 200
    return await response.text()


async def test_a_name_that_has_its_reason_is_no_more_in_the_way_while_the_draft_is_edited(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    address = (await amina.post("/console/alerts/new", ALERT)).headers["Location"]
    alert_id = int(address.rsplit("/", 1)[1])
    case_id = await opened.database.read(lambda conn: conn.scalar(select(Alert.case_id))) or 0
    person = RiskDraft(given_names="Rufina", family_names="Amaya")
    person_id = await opened.database.write(
        lambda conn: add_person(conn, case_id, person, by="x", now=now)
    )
    typed = {"case": str(case_id), "sms_en": "Rufina Amaya square: {{ link }}"}
    await amina.post(f"{address}/edit", {**ALERT, **typed})
    why = {"person": str(person_id), "stands": "A square bears her name."}
    before = words(await pieces(amina, **typed, alert=str(alert_id)))

    assert (await amina.post(f"{address}/may-stand", why)).status == 303

    form = await (await amina.get(f"{address}/edit")).text()
    after = words(await pieces(amina, **typed, alert=str(alert_id)))
    assert f'name="alert" value="{alert_id}"' in form
    assert "not to be named" in before
    assert "not to be named" not in after + words(form)
    assert "says why it may stand: A square bears her name." in after
    assert "not to be named" in words(await pieces(amina, **typed))


async def test_reasons_of_another_committees_draft_are_not_read(
    opened: Opened, now: datetime
) -> None:
    both = await opened.database.write(
        lambda conn: [make_project(conn), make_project(conn, "Bangor – Carasque")]
    )
    async with console(opened, now) as client:
        ana = await desk(client, opened, now, projects=both[:1])
        ben = await desk(client, opened, now, name="Ben", projects=both[1:])
        own = (await ben.post("/console/alerts/new", {**ALERT, "project": str(both[1])})).headers
        theirs = own["Location"].rsplit("/", 1)[1]
        form = {**ALERT, "project": str(both[0]), "alert": theirs}

        assert (await ana.post(MEASURE, form)).status == 404


@pytest.mark.parametrize("path", [MEASURE, "/console/alerts/new"])
async def test_what_follows_an_alert_asks_no_list_of_another_committee(
    opened: Opened, now: datetime, path: str
) -> None:
    both = await opened.database.write(
        lambda conn: [make_project(conn), make_project(conn, "Bangor – Carasque")]
    )
    async with console(opened, now) as client:
        ana = await desk(client, opened, now, projects=both[:1])
        form = {**ALERT, "project": str(both[1]), "follows": "1", "then": "look"}

        assert (await ana.post(path, form)).status == 404


@pytest.mark.parametrize(
    ("then", "seen"),
    [
        ("", "What Ben sees"),
        ("see:next", "What Maximiliana sees"),
        ("see:longest", "Maximiliana of Philadelphia: http"),
        ("see:shortest", "Ben of Bath: http"),
        ("see:gaps", "Friend of ____: http"),
    ],
)
async def test_somebody_real_is_shown_with_the_words_typed_so_far(
    amina: Desk, then: str, seen: str
) -> None:
    page = words(await pieces(amina, **TOWN, then=then))

    assert seen in page
    assert ("Nothing goes to them as long as this is empty" in page) is (then == "see:gaps")


async def test_each_reads_their_own_language_and_only_who_is_chosen_is_shown(amina: Desk) -> None:
    assert "María, 14 personas presas." in await pieces(amina, then="see:es")
    assert "Nobody in this audience is like that" in await pieces(
        amina, then="see:es", language="en"
    )


async def test_the_form_remembers_who_was_shown(amina: Desk) -> None:
    shown = await pieces(amina, **TOWN, then="see:next")
    again = await pieces(amina, **TOWN, person="1")

    assert 'name="person" value="1"' in shown
    assert "What Maximiliana sees" in again


async def test_nobody_of_another_committee_is_ever_shown(opened: Opened, now: datetime) -> None:
    def fill(conn: Connection) -> tuple[int, int]:
        madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
        make_contact(conn, "Ana", projects=[madison])
        make_contact(conn, "Benedicta Wilhelmina", projects=[bangor])
        return madison, bangor

    madison, bangor = await opened.database.write(fill)
    async with console(opened, now) as client:
        ana = await desk(client, opened, now, projects=[madison])
        for whom in ("next", "longest", "shortest", "gaps", "en", "es"):
            mine = await pieces(
                ana, project=str(madison), to_project=str(bangor), then=f"see:{whom}"
            )
            assert "Benedicta" not in mine
            assert "What Ana sees" in mine
        theirs = await ana.post(MEASURE, {**ALERT, "project": str(bangor)})
        new = await ana.page("/console/alerts/new")

    assert theirs.status == 404
    assert "What Ana sees" in new


async def test_without_a_script_a_button_shows_it_and_keeps_everything_typed(
    amina: Desk, opened: Opened
) -> None:
    response = await amina.post(
        "/console/alerts/new", {**ALERT, **TOWN, "goal": "77", "then": "see:longest"}
    )

    page = await response.text()
    assert response.status == 200
    assert "Maximiliana of Philadelphia" in page
    assert 'value="77"' in page
    assert "Fourteen people were arrested at a march about water." in page
    stored = await opened.database.read(lambda c: c.scalar(select(func.count(Alert.id))))
    assert stored == 0


async def test_without_a_script_a_button_puts_the_plain_twin_into_its_box(amina: Desk) -> None:
    dear = "Rubén y Sofía — están presos. " * 4 + "{{ link }}"
    offered = await (await amina.post(MEASURE, {**ALERT, "sms_es": dear})).text()
    assert 'value="plain:es" data-plain="Rubén y Sofia - estan presos.' in offered

    page = unescape(
        await (
            await amina.post("/console/alerts/new", {**ALERT, "sms_es": dear, "then": "plain:es"})
        ).text()
    )

    assert "Rubén y Sofia - estan presos." in page
    assert "Sofía — están" not in page


async def test_what_could_endanger_somebody_is_told_while_it_is_written(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    case = (await begun(amina)).rpartition("/")[2]
    maria = RiskDraft(given_names="María", family_names="Henríquez")
    await opened.database.write(add_person, int(case), maria, by="x", now=now)

    page = words(
        await pieces(
            amina,
            case=case,
            body_en="The delegation will travel on Friday.",
            letter_es="Pido por Maria Henriquez.",
            opening_en="Vote for Smith.",
        )
    )

    assert "English, email: “will travel” may tell where or when" in page
    assert "English, script: “Vote for Smith” reads like a candidate" in page
    assert "In the way of the launch: Spanish, letter: “Maria Henriquez” names somebody" in page


async def test_half_written_words_are_shown_as_far_as_they_can_be_read(amina: Desk) -> None:
    page = words(await pieces(amina, sms_en="Hi {{ first_nam", then="see:en"))

    assert "has {{ without its partner" in page
    assert "Hi … first_nam" in page


async def test_before_anything_is_written_the_form_says_so(amina: Desk) -> None:
    assert "Nothing to show yet" in await amina.page("/console/alerts/new")


async def test_an_alerts_email_is_seen_in_a_frame_as_people_get_it(
    opened: Opened, now: datetime
) -> None:
    await opened.database.write(lambda conn: make_contact(conn, "María", language="es"))
    blocks = "::: facts\n- Water\n:::\n\n::: call\nLlamar\n:::"
    typed = {"subject_es": "Agua", "body_es": f"Hola {{{{ first_name }}}}\n\n{blocks}", "see": "es"}
    async with console(opened, now) as client:
        olga = await desk(client, opened, now, network=True)
        shown = await olga.post("/console/alerts/preview", typed)
        page = await shown.text()
        none = await (await olga.post("/console/alerts/preview", {**typed, "see": "en"})).text()
        said = words(await (await olga.post(MEASURE, typed)).text())
        gone = {**typed, "body_es": "![agua](/i/0123456789abcdef0123456789abcdef.jpg)"}
        broken = words(await (await olga.post(MEASURE, gone)).text())
        form = await (await olga.get("/console/alerts/new")).text()

    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert "Hola María" in page
    assert "Lo que sabemos" in page
    assert "Hola" not in none
    assert "KB of the 102 that Gmail shows" in said
    assert broken != said
    assert 'formaction="/console/alerts/preview"' in form
    assert "::: call" in form


async def test_no_other_projects_words_are_shown_in_a_frame(opened: Opened, now: datetime) -> None:
    madison = await opened.database.write(make_project, "Madison")
    bangor = await opened.database.write(make_project, "Bangor")
    async with console(opened, now) as client:
        ana = await desk(client, opened, now, name="Ana", projects=[madison])
        typed = {"project": str(bangor), "subject_en": "x", "body_en": "x"}
        answer = await ana.post("/console/alerts/preview", typed)

    assert answer.status in (403, 404)
