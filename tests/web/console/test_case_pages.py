"""Cases in the console: what is known, by whom, and who may read it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import Connection, insert, select, update

from alerts.fact_models import FactVersion
from alerts.models import Alert
from contacts.models import Contact
from database.opening import Opened
from messages.models import Message, MessageStatus, Status
from organizers.models import AuditEntry, OrganizerProject
from organizers.roles import Role
from tests.builders import make_contact, make_delivery, make_membership, make_project
from tests.web.console.test_alert_pages import ALERT
from tests.web.organizing import Desk, console, desk, words

CASE = {
    "case_title_en": "The Suchitoto 14",
    "case_title_es": "Los 14 de Suchitoto",
    "case_summary_en": "Fourteen people were arrested.",
    "case_summary_es": "Catorce personas fueron detenidas.",
}
FACT = {
    "kind": "charge",
    "happened_on": "2007-07-05",
    "words_en": "Thirteen are charged.",
    "words_es": "Trece son acusadas.",
    "sources": "CRIPDES\nthe lawyers",
    "key": "charged",
}
NAME = {
    **FACT,
    "kind": "person",
    "key": "ana",
    "words_en": "Ana of Suchitoto.",
    "words_es": "Ana de Suchitoto.",
}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def begun(amina: Desk, **more: str) -> str:
    """The address of a new case."""
    response = await amina.post("/console/cases/new", {**CASE, **more})
    assert response.status == 303, await response.text()
    return response.headers["Location"]


async def noted(amina: Desk, case: str, fact: dict[str, str] = FACT) -> str:
    """The address of a new fact."""
    response = await amina.post(f"{case}/facts/new", fact)
    assert response.status == 303, await response.text()
    page = await (await amina.get(case)).text()
    found = re.findall(r"/console/facts/\d+(?=/change)", page)
    return str(max(found, key=lambda each: int(each.rpartition("/")[2])))


async def test_a_case_begins_with_its_title_and_stands_in_the_list(amina: Desk) -> None:
    case = await begun(amina)

    assert "Fourteen people were arrested." in await amina.page(case)
    assert "The Suchitoto 14" in await amina.page("/console/cases")


async def test_a_case_without_a_title_is_not_begun_and_nothing_typed_is_lost(amina: Desk) -> None:
    response = await amina.post("/console/cases/new", {**CASE, "case_title_es": ""})

    page = await response.text()
    assert (response.status, "needs a title in each language" in page) == (422, True)
    assert "Fourteen people were arrested." in page


async def test_a_fact_shows_who_noted_it_and_what_was_known_before(
    amina: Desk, opened: Opened
) -> None:
    case = await begun(amina)
    fact = await noted(amina, case)
    changed = {**FACT, "words_en": "Nine are charged.", "note": "the court list"}

    response = await amina.post(f"{fact}/change", changed)

    assert response.headers["Location"] == f"{case}?notice=changed"
    page = await amina.page(case)
    assert "Nine are charged." in page
    assert "1 earlier version" in page
    assert "Thirteen are charged." in page
    assert re.search(r"Noted by Amina.* ET: the court list", page)
    acts = select(AuditEntry.act, AuditEntry.after).where(AuditEntry.act.like("fact.%"))
    entries = (await opened.database.read(lambda conn: conn.execute(acts).all()))[-2:]
    assert [each.act for each in entries] == ["fact.note", "fact.change"]
    assert "charged" not in str(entries)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"happened_on": ""}, "needs the day"),
        ({"embargo_until": "soon"}, "The embargo ends at a day and an hour"),
        ({"sources": "CRIPDES"}, "A public fact needs two sources"),
        ({"words_es": ""}, "its words in each language"),
        ({"kind": "hearing"}, "A hearing lies ahead"),
    ],
)
async def test_what_cannot_be_noted_is_told_and_what_was_typed_stays(
    amina: Desk, changed: dict[str, str], sentence: str
) -> None:
    case = await begun(amina)

    response = await amina.post(f"{case}/facts/new", {**FACT, **changed})

    page = await response.text()
    assert (response.status, sentence in page) == (422, True)
    assert "Thirteen are charged." in page
    assert "Thirteen" not in await amina.page(case)


async def test_a_name_is_withheld_until_somebody_clears_it(amina: Desk, opened: Opened) -> None:
    case = await begun(amina)
    fact = await noted(amina, case, NAME)
    assert "Withheld until cleared" in await amina.page(case)
    unnamed = await amina.post(f"{fact}/clear", {"cleared_by": ""})
    assert (unnamed.status, "Say who cleared it" in await unnamed.text()) == (422, True)

    response = await amina.post(f"{fact}/clear", {"cleared_by": "lawyer"})

    assert response.headers["Location"] == f"{case}?notice=cleared"
    assert "Cleared by: a lawyer" in await amina.page(case)
    kept = select(FactVersion.release).order_by(FactVersion.number)
    assert await opened.database.read(lambda conn: conn.scalars(kept).all()) == [
        "withheld",
        "public",
    ]


async def test_a_withdrawal_says_why_and_deletes_nothing(amina: Desk) -> None:
    case = await begun(amina)
    fact = await noted(amina, case)
    without = await amina.post(f"{fact}/withdraw", {"why": ""})
    assert (without.status, "why it is withdrawn" in await without.text()) == (422, True)

    await amina.post(f"{fact}/withdraw", {"why": "it was another case"})

    page = await amina.page(case)
    assert "Withdrawn" in page
    assert "Thirteen are charged." in page
    assert "it was another case" in page


async def test_an_embargo_is_an_hour_in_washington(amina: Desk, opened: Opened) -> None:
    case = await begun(amina)
    fact = await noted(amina, case, {**FACT, "embargo_until": "2099-07-01T09:00"})

    ends = await opened.database.read(lambda conn: conn.scalar(select(FactVersion.embargo_until)))

    assert ends is not None
    assert ends.isoformat() == "2099-07-01T13:00:00+00:00"
    assert 'value="2099-07-01T09:00"' in await (await amina.get(f"{fact}/change")).text()


@pytest.mark.parametrize(
    ("role", "reads", "writes", "clears"),
    [
        (Role.VIEWER, False, 403, 403),
        (Role.DRAFTER, True, 303, 403),
        (Role.SENDER, True, 303, 303),
    ],
)
async def test_roles_decide_who_notes_and_who_releases(
    opened: Opened, now: datetime, role: Role, reads: bool, writes: int, clears: int
) -> None:
    project = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    async with console(opened, now) as client:
        writer = await desk(client, opened, now, projects=[project], role=Role.SENDER)
        case = await begun(writer, project=str(project))
        fact = await noted(writer, case, NAME)
        somebody = await desk(client, opened, now, projects=[project], role=role, name="Ben")

        seen = await somebody.page(case)
        written = await somebody.post(f"{case}/facts/new", FACT)
        cleared = await somebody.post(f"{fact}/clear", {"cleared_by": "family"})

    assert ("Ana of Suchitoto." in seen) is reads
    assert (written.status, cleared.status) == (writes, clears)


async def test_the_form_offers_the_facts_of_the_case_and_counts_their_words(amina: Desk) -> None:
    case = await begun(amina)
    await noted(amina, case)
    await noted(amina, case, NAME)
    number = case.rpartition("/")[2]

    form = await (await amina.get(f"/console/alerts/new?case={number}")).text()
    typed = {"case": number, "sms_en": "{{ fact.charged }} {{ link }}"}
    measured = words(await (await amina.post("/console/alerts/measure", typed)).text())
    unknown = {**typed, "sms_en": "{{ fact.chargd }} {{ link }}"}
    refused = words(await (await amina.post("/console/alerts/measure", unknown)).text())

    assert "<code>{{ fact.charged }}</code>" in form
    assert "Trece son acusadas." in form
    assert 'data-insert="message fact" data-into="sms_es"' in form
    assert "<tr><td><code>{{ fact.charged }}</code>" in form
    assert "<tr data-closed><td><code>{{ fact.ana }}</code>" in form
    assert "Ana of Suchitoto." not in form
    assert "merge field" not in measured
    assert "did you mean {{ fact.charged }}?" in refused


def keep_list_of_ana(conn: Connection) -> None:
    ana = conn.scalars(select(Contact.id).where(Contact.given_name == "Ana")).one()
    make_membership(conn, make_project(conn, "Bangor – Carasque", shares_list=False), ana)


async def test_a_correction_is_one_click_from_the_case(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    case = await begun(amina)
    fact = await noted(amina, case)
    number = case.rpartition("/")[2]
    cites = {f"sms_{code}": "{{ fact.charged }} {{ link }}" for code in ("en", "es")}
    sent = (await amina.post("/console/alerts/new", {**ALERT, "case": number, **cites})).headers

    def send(conn: Connection) -> None:
        draft = Alert.id == int(sent["Location"].rpartition("/")[2])
        message = conn.scalars(select(Alert.message_id).where(draft)).one()
        done = {"status": MessageStatus.FINISHED, "launched_at": now}
        conn.execute(update(Message).where(Message.id == message).values(done))
        for name, status in (("Ana", Status.SENT), ("Ben", Status.UNKNOWN)):
            make_delivery(conn, message, make_contact(conn, name), status=status)

    await opened.database.write(send)
    early = await amina.post(f"{fact}/correct", {"project": ""})
    await amina.post(f"{fact}/change", {**FACT, "words_en": "Nine are charged.", "note": "a list"})

    page = await amina.page(case)
    written = await amina.post(f"{fact}/correct", {"project": "", "perhaps": "yes"})

    assert early.status == 409
    assert "1 person has not been told what is known now." in page
    assert "A copy to 1 more may have arrived." in page
    assert "version 1, 1 person got it, 1 may have got it" in page
    assert re.search(r"Cited in: Free the fourteen +Finished", page)
    draft = await amina.page(written.headers["Location"])
    assert "This corrects what the alert told" in draft
    assert "What is known now: Nine are charged." in draft
    assert "does not reach them" not in draft
    await opened.database.write(keep_list_of_ana)
    kept = await amina.page(written.headers["Location"])
    assert "1 person who was told it is now on a list that their committee keeps" in kept
    assert "Correction of charged" in await amina.page(sent["Location"])
    assert "Bring the draft up to date" in await amina.page(case)


async def test_a_draft_in_the_console_follows_a_change(amina: Desk) -> None:
    case = await begun(amina)
    fact = await noted(amina, case)
    number = case.rpartition("/")[2]
    form = {
        **ALERT,
        "case": number,
        "sms_en": "{{ first_name }}, {{ fact.charged }} {{ link }}",
        "sms_es": "{{ first_name }}, {{ fact.charged }} {{ link }}",
    }
    missing = await amina.post("/console/alerts/new", {**form, "subject_en": "{{ fact.chargd }}"})
    draft = (await amina.post("/console/alerts/new", form)).headers["Location"]

    await amina.post(f"{fact}/change", {**FACT, "words_en": "Nine are charged.", "note": "a list"})

    assert missing.status == 422
    assert "did you mean {{ fact.charged }}?" in words(await missing.text())
    assert "Nine are charged." in await amina.page(draft)
    assert "{{ fact.charged }} {{ link }}" in await (await amina.get(f"{draft}/edit")).text()


async def test_facts_come_to_a_case_with_an_alert_only_by_who_may_write_there(
    opened: Opened, now: datetime
) -> None:
    def prepare(conn: Connection) -> tuple[int, int]:
        return make_project(conn, "Madison – Arcatao"), make_project(conn, "Bangor – Carasque")

    madison, bangor = await opened.database.write(prepare)
    async with console(opened, now) as client:
        hers = await desk(client, opened, now, projects=[madison])
        case = await begun(hers, project=str(madison))
        ben = await desk(client, opened, now, projects=[madison], role=Role.VIEWER, name="Ben")
        also = OrganizerProject(
            organizer_id=ben.organizer_id, project_id=bangor, role=Role.SENDER, exports=False
        )
        values = {c.name: getattr(also, c.name) for c in OrganizerProject.__table__.columns}
        await opened.database.write(
            lambda conn: conn.execute(insert(OrganizerProject).values(**values))
        )
        form = {**ALERT, "case": case.rpartition("/")[2], "project": str(bangor)}
        without = {k: v for k, v in form.items() if not k.startswith("fact_")}

        refused = await ben.post("/console/alerts/new", form)
        seen = await hers.page(case)
        taken = await ben.post("/console/alerts/new", without)
        own = await hers.post("/console/alerts/new", {**form, "project": str(madison)})

    assert (refused.status, taken.status, own.status) == (403, 303, 303)
    assert "Police stopped the march." not in seen
    record = select(AuditEntry.actor, AuditEntry.object).where(AuditEntry.act == "fact.note")
    noted_by = await opened.database.read(lambda conn: conn.execute(record).all())
    assert [tuple(each) for each in noted_by] == [(f"organizer:{hers.organizer_id}", "fact:1")]
