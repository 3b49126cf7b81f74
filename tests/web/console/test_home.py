"""The overview: what needs whoever looks, a month, and how all fare; nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from actions.models import Outcome
from actions.responses import record
from alerts.fact_models import FactKind, FactVersion, Release
from alerts.models import Alert, Answer, Case, Level, Proposal
from campaigns.calendar import EmailDraft, create_campaign, schedule
from campaigns.occurrences import hold_overdue
from contacts.consent import refuse
from contacts.models import Channel, Standing
from contacts.reachable import People, people_of
from database.opening import Opened
from messages import doubts
from messages.audience import EVERYBODY
from messages.control import Words
from messages.models import Doubt, Message, MessageCount, MessageStatus, Reply, ReplyVerdict, Status
from messages.sender_models import Spending
from organizers.roles import Role
from tests.builders import (
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_fact,
    make_office,
    make_project,
)
from tests.web.organizing import Desk, console, desk
from web.console import health
from web.console.health import FRESH, Counts

TEXTS = {"en": Words("", "Mining news", "x"), "es": Words("", "Noticias de la minería", "x")}


def make_busy(conn: Connection, now: datetime) -> int:
    """A project in which everything waits for somebody at once."""
    madison = make_project(conn)
    phone = "+16085550123"
    contact = make_contact(conn, "María", phone=phone, projects=[madison])
    live = make_alert(
        conn,
        project_id=madison,
        confirmed=12,
        budget_cents=1000,
        expires_at=now + timedelta(days=2),
    )
    conn.execute(insert(Spending).values(account=f"message:{live.message_id}", segments=1000))
    lost = make_delivery(conn, live.message_id, contact, status=Status.UNKNOWN, changed_at=now)
    doubts.note_found(conn, [lost], now=now)
    conn.execute(update(Doubt).values(next_look_at=None))
    for visitor in ("one", "two"):
        told: dict[str, Any] = {"outcome": Outcome.WRONG_NUMBER, "channel": "web", "now": now}
        record(conn, live.action_id, visitor=visitor, target="us:house:WI:2", **told)
    paused: dict[str, Any] = {
        "status": MessageStatus.PAUSED,
        "paused_because": "Twilio refuses our number",
    }
    make_alert(conn, project_id=madison, **paused)
    make_alert(conn, project_id=madison, status=MessageStatus.DRAFT, launched_at=None)
    row = {"channel": "sms", "address": phone, "contact_id": contact, "body": "no more please"}
    verdict = ReplyVerdict.MAYBE_OPT_OUT
    conn.execute(insert(Reply).values(verdict=verdict, received_at=now, handled_by="", **row))
    refuse(
        conn,
        Channel.SMS,
        phone,
        standing=Standing.REVIEW,
        source="sms",
        evidence="no more please",
        actor="supporter",
        now=now,
    )
    campaign = create_campaign(
        conn, name="No to mining", goal="", project_id=madison, created_by="x", now=now
    )
    early = now - timedelta(days=2)
    email = EmailDraft(
        texts=TEXTS, audience=EVERYBODY, local_time=f"{now:%Y-%m-%dT09:00}", zone="UTC"
    )
    schedule(conn, campaign, email, created_by="x", now=early)
    hold_overdue(conn, now)
    make_office(conn, verified=False, project_id=madison)
    proposed = make_alert(conn, status=MessageStatus.DRAFT, launched_at=None)
    asked = {"alert_id": proposed.alert_id, "project_id": madison, "answer": Answer.OPEN}
    conn.execute(insert(Proposal).values(**asked, asked_at=now, answered_by=""))
    return madison


ALL = [
    "Paused: Free the fourteen Twilio refuses our number",
    "On its way: Free the fourteen Red alert to 12 people",
    "1 copy is unknown",
    "1 reply may mean stop",
    "Held: Mining news",
    "The network asks you: Free the fourteen",
    "Its budget is nearly spent: Free the fourteen $8.30 / $10",
    "Callers found the number of 1 office wrong",
    "The number of 1 office needs a check",
    "Draft: Free the fourteen",
]


@pytest.fixture
def noon(now: datetime) -> datetime:
    return now.replace(hour=17)


async def test_what_waits_is_told_in_the_order_of_urgency(opened: Opened, noon: datetime) -> None:
    madison = await opened.database.write(make_busy, noon)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon, projects=[madison], role=Role.SENDER)
        page = await amina.page("/console/")

    places = [page.find(line) for line in ALL]
    assert -1 not in places, [line for line in ALL if line not in page]
    assert places == sorted(places)


async def test_who_only_reads_is_told_of_nothing_to_decide(opened: Opened, noon: datetime) -> None:
    madison = await opened.database.write(make_busy, noon)
    async with console(opened, noon) as client:
        vera = await desk(client, opened, noon, projects=[madison], role=Role.VIEWER)
        page = await vera.page("/console/")

    assert "Nothing waits for you" in page
    assert [line for line in ALL if line in page] == []


async def test_who_drafts_is_told_of_drafts_and_replies_alone(
    opened: Opened, noon: datetime
) -> None:
    madison = await opened.database.write(make_busy, noon)
    async with console(opened, noon) as client:
        dana = await desk(client, opened, noon, projects=[madison], role=Role.DRAFTER)
        page = await dana.page("/console/")

    told = [line for line in ALL if line in page]
    assert told == [ALL[3], *ALL[7:]]


async def test_who_serves_another_project_is_told_of_none_of_it(
    opened: Opened, noon: datetime
) -> None:
    await opened.database.write(make_busy, noon)
    bangor = await opened.database.write(lambda conn: make_project(conn, "Bangor – Carasque"))
    await opened.database.write(lambda conn: make_contact(conn, "Ben", projects=[bangor]))
    async with console(opened, noon) as client:
        ben = await desk(client, opened, noon, projects=[bangor])
        page = await ben.page("/console/")

    assert [line for line in ALL if line in page] == []
    assert "Madison" not in page


async def test_a_green_alert_on_its_way_needs_nobody(opened: Opened, noon: datetime) -> None:
    def calm(conn: Connection) -> None:
        make_contact(conn)
        alert = make_alert(conn)
        conn.execute(update(Alert).where(Alert.id == alert.alert_id).values(level=Level.GREEN))
        load_invented_officials(conn)

    await opened.database.write(calm)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon, role=Role.SENDER)
        page = await amina.page("/console/")

    assert "Red alert" not in page


async def test_old_data_and_a_missing_second_step_are_an_admins(
    opened: Opened, noon: datetime
) -> None:
    await opened.database.write(lambda conn: make_contact(conn, "Ben"))
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon)
        before = await amina.page("/console/")
        await opened.database.write(load_invented_officials)
        after = await amina.page("/console/")

    assert "No members of Congress are loaded" in before
    assert "Your account has no second step" in before
    assert "days old See how to renew it" in after


async def months(amina: Desk, month: str) -> str:
    return await amina.page(f"/console/?month={month}")


async def test_the_month_has_emails_last_days_and_the_new_congress(opened: Opened) -> None:
    noon = datetime(2026, 12, 10, 17, 0, tzinfo=UTC)

    def planned(conn: Connection) -> None:
        load_invented_officials(conn)
        make_alert(conn, expires_at=datetime(2026, 12, 18, 22, 0, tzinfo=UTC))
        make_alert(conn, expires_at=datetime(2026, 12, 25, 22, 0, tzinfo=UTC))
        make_alert(conn, begins_at=datetime(2026, 12, 14, 15, 0, tzinfo=UTC))
        make_alert(conn, begins_at=datetime(2026, 12, 10, 15, 0, tzinfo=UTC))
        campaign = create_campaign(
            conn, name="No to mining", goal="", project_id=None, created_by="x", now=noon
        )
        email = EmailDraft(
            texts=TEXTS,
            audience=EVERYBODY,
            local_time="2026-12-15T09:00",
            zone="America/New_York",
        )
        schedule(conn, campaign, email, created_by="x", now=noon)

    await opened.database.write(planned)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon)
        december = await months(amina, "2026-12")
        january = await months(amina, "2027-01")
        odd = await months(amina, "2026-13")

    assert "December 2026" in december
    assert "9:00 AM Email: Mining news" in december.replace("\u202f", " ")
    assert "10:00 AM Begins: Free the fourteen" in december.replace("\u202f", " ")
    assert december.count("Begins: ") == 2  # in the grid and in the list, of what has not begun
    assert "Last day, until 5:00 PM: Free the fourteen" in december.replace("\u202f", " ")
    assert "Offices answer 9:00 AM to" in december.replace("\u202f", " ")
    assert "Offices are closed: Free the fourteen" in december  # Christmas
    assert "The 120th Congress begins" in january
    assert "Mining news" not in january
    assert "December 2026" in odd


async def test_of_a_stopped_alert_or_a_closed_case_no_last_day_is_told(opened: Opened) -> None:
    noon = datetime(2026, 12, 10, 17, 0, tzinfo=UTC)

    def over(conn: Connection) -> None:
        ends: dict[str, Any] = {"expires_at": datetime(2026, 12, 18, 22, 0, tzinfo=UTC)}
        make_alert(conn, status=MessageStatus.STOPPED, **ends)
        closed = make_alert(conn, **ends)
        conn.execute(update(Case).where(Case.id == closed.case_id).values(closed_at=noon))

    await opened.database.write(over)
    async with console(opened, noon) as client:
        page = await months(await desk(client, opened, noon), "2026-12")

    assert "Last day" not in page


async def test_another_projects_month_is_not_shown(opened: Opened, noon: datetime) -> None:
    await opened.database.write(make_busy, noon)
    bangor = await opened.database.write(lambda conn: make_project(conn, "Bangor – Carasque"))
    async with console(opened, noon) as client:
        ben = await desk(client, opened, noon, projects=[bangor])
        page = await months(ben, f"{noon:%Y-%m}")

    assert "Nothing is planned in this month" in page


def make_hearings(conn: Connection, today: date, project: int) -> None:
    """One today, one in three days that is withheld, one in four, one that was withdrawn, and one that is over."""
    case = make_alert(conn, project_id=project).case_id
    heard: dict[str, Any] = {"kind": FactKind.HEARING}
    make_fact(conn, case, happened_on=today, en="First hearing", es="x", **heard)
    third = today + timedelta(days=3)
    make_fact(conn, case, Release.WITHHELD, happened_on=third, en="Hearing of Ana", **heard)
    fourth = today + timedelta(days=4)
    make_fact(conn, case, Release.COMMITTEE, happened_on=fourth, en="Second hearing", **heard)
    gone = make_fact(conn, case, happened_on=third, en="A rumour", **heard)
    conn.execute(update(FactVersion).where(FactVersion.fact_id == gone).values(withdrawn=True))
    yesterday = today - timedelta(days=1)
    make_fact(conn, case, happened_on=yesterday, en="An old hearing", **heard)
    make_fact(conn, case, happened_on=fourth, en="No hearing at all")


async def test_hearings_stand_in_the_month_and_soon_under_what_is_urgent(opened: Opened) -> None:
    noon = datetime(2026, 12, 8, 17, 0, tzinfo=UTC)
    madison = await opened.database.write(make_project)
    bangor = await opened.database.write(lambda conn: make_project(conn, "Bangor"))
    await opened.database.write(make_hearings, noon.date(), madison)
    async with console(opened, noon) as client:
        writer = await desk(client, opened, noon, projects=[madison])
        reader = await desk(client, opened, noon, projects=[madison], role=Role.VIEWER)
        other = await desk(client, opened, noon, projects=[bangor])
        works, reads, sees = [await each.page("/console/") for each in (writer, reader, other)]

    assert works.count("Hearing: First hearing") == 3, "what is urgent, the grid, the list"
    assert works.count("Hearing: Hearing of Ana") == 3
    assert "In 3 days" in works
    assert works.count("Hearing: Second hearing") == 2
    assert reads.count("Hearing: First hearing") == 2
    assert reads.count("Hearing: Second hearing") == 2
    for never in ("rumour", "An old hearing", "No hearing at all"):
        assert never not in works
    assert "Ana" not in reads
    assert "hearing" not in sees


def make_three(conn: Connection, now: datetime) -> tuple[int, int]:
    """Two projects that share their list, one that does not; all have written."""
    madison = make_project(conn, "Madison – Arcatao")
    bangor = make_project(conn, "Bangor – Carasque", shares_list=False)
    for project, status, count in (
        (madison, Status.DELIVERED, 990),
        (madison, Status.UNDELIVERED, 60),
        (bangor, Status.DELIVERED, 41),
    ):
        alert = make_alert(conn, project_id=project, launched_at=now, status=MessageStatus.FINISHED)
        row = {"channel": "sms", "status": status, "reason": "", "zone_set_id": 0, "count": count}
        conn.execute(insert(MessageCount).values(message_id=alert.message_id, **row))
    make_contact(conn, "Ben", projects=[bangor], district=None)
    return madison, bangor


async def test_shares_are_told_with_their_counts_and_in_words(
    opened: Opened, noon: datetime
) -> None:
    madison, bangor = await opened.database.write(make_three, noon)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon, projects=[madison])
        ben = await desk(client, opened, noon, projects=[bangor])
        large, small = await amina.page("/console/"), await ben.page("/console/")

    assert "Texts that did not arrive 60 of 1,050 5.71 % 5 in 100 or more" in large
    assert "Bangor" not in large
    assert "Texts that did not arrive 0 of 41 too few for a share" in small
    assert "1 whose district is not known" in small


async def test_the_office_sees_a_list_that_is_kept_only_in_a_sum(
    opened: Opened, noon: datetime
) -> None:
    await opened.database.write(make_three, noon)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon)
        page = (await amina.page("/console/")).partition("How all fare")[2]

    assert "Madison – Arcatao" in page
    assert "Bangor" not in page
    assert "One committee keeps its list to itself" in page
    assert "0 of 41" not in page
    assert "1 whose district is not known" not in page


async def test_several_such_lists_are_told_in_a_sum_and_without_a_share_of_who_left(
    opened: Opened, noon: datetime
) -> None:
    def several(conn: Connection) -> None:
        _, bangor = make_three(conn, noon)
        make_project(conn, "Eugene – Los Amates", shares_list=False)
        phone = "+16085550177"
        make_contact(conn, "Chloe", phone=phone, projects=[bangor])
        said: dict[str, Any] = {"source": "sms", "evidence": "STOP", "actor": "x", "now": noon}
        refuse(conn, Channel.SMS, phone, standing=Standing.OPTED_OUT, **said)

    await opened.database.write(several)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon)
        page = (await amina.page("/console/")).partition("How all fare")[2]

    assert "2 committees that keep their lists to themselves, together" in page
    assert "Texts that did not arrive 0 of 41" in page
    assert "1 address said stop or marked us as spam; others may have written" in page
    assert "the network wrote" not in page


async def test_who_leaves_is_no_share_of_a_project_whose_people_another_wrote_to(
    opened: Opened, noon: datetime
) -> None:
    def both(conn: Connection) -> list[int]:
        madison, bangor = make_three(conn, noon)
        phone = "+16085550177"
        make_contact(conn, "Chloe", phone=phone, projects=[madison, bangor])
        said: dict[str, Any] = {"source": "sms", "evidence": "STOP", "actor": "x", "now": noon}
        refuse(conn, Channel.SMS, phone, standing=Standing.OPTED_OUT, **said)
        return [madison]

    projects = await opened.database.write(both)
    async with console(opened, noon) as client:
        page = await (await desk(client, opened, noon, projects=projects)).page("/console/")

    assert "1 address said stop or marked us as spam; others may have written" in page
    assert "Said stop 1 of" not in page


async def test_people_are_counted_once_however_many_look_at_once(
    opened: Opened, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    madison = await opened.database.write(lambda conn: make_three(conn, noon)[0])
    counted: list[int] = []

    def counting(conn: Connection, project: int, *, countries: Sequence[str]) -> People:
        counted.append(project)
        return people_of(conn, project, countries=countries)

    monkeypatch.setattr(health, "people_of", counting)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon, projects=[madison])
        async with asyncio.TaskGroup() as looks:
            for _ in range(4):
                looks.create_task(amina.page("/console/"))

    assert counted == [madison]


def test_people_are_counted_again_after_some_minutes(now: datetime) -> None:
    counts = Counts()
    counts.keep({3: People(all=10)}, now)
    counts.keep({3: People(all=11), 4: People(all=1)}, now + FRESH / 2)

    assert counts.fresh(now + FRESH) == {3: People(all=10), 4: People(all=1)}
    assert counts.fresh(now + FRESH * 1.2) == {4: People(all=1)}


async def test_a_million_copies_change_nothing_of_what_is_read(
    opened: Opened, noon: datetime
) -> None:
    """Every message is counted by its kept counts; no statement names deliveries."""

    def large(conn: Connection) -> None:
        alert = make_alert(conn, launched_at=noon)
        row = {"channel": "sms", "status": Status.DELIVERED, "reason": "", "zone_set_id": 0}
        conn.execute(
            insert(MessageCount).values(message_id=alert.message_id, count=1_000_000, **row)
        )
        make_contact(conn)
        conn.execute(update(Message).values(confirmed=1_000_000))

    await opened.database.write(large)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon)
        page = await amina.page("/console/")

    assert "0 of 1,000,000 0 % as it should be" in page


async def test_who_leaves_is_no_share_of_a_project_to_whose_people_the_network_wrote(
    opened: Opened, noon: datetime
) -> None:
    def both(conn: Connection) -> int:
        madison, _ = make_three(conn, noon)
        network = make_alert(conn, launched_at=noon, status=MessageStatus.FINISHED)
        row = {"channel": "sms", "status": Status.DELIVERED, "reason": "", "zone_set_id": 0}
        conn.execute(insert(MessageCount).values(message_id=network.message_id, count=909, **row))
        phone = "+16085550177"
        make_contact(conn, "Chloe", phone=phone, projects=[madison])
        said: dict[str, Any] = {"source": "sms", "evidence": "STOP", "actor": "x", "now": noon}
        refuse(conn, Channel.SMS, phone, standing=Standing.OPTED_OUT, **said)
        return madison

    madison = await opened.database.write(both)
    async with console(opened, noon) as client:
        amina = await desk(client, opened, noon, projects=[madison])
        office = await desk(client, opened, noon)
        own, network = await amina.page("/console/"), await office.page("/console/")

    assert "1 address said stop or marked us as spam; others may have written to them" in own
    assert "Said stop 1 of" not in own
    assert "Said stop in the whole network 1 of 2,000 0.05 % as it should be" in network
