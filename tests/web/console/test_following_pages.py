"""After an alert, in the console: a draft by one button, its own words, and nobody else's people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import Connection, select, update

from actions.models import Outcome
from actions.responses import record
from alerts.follow_ups import follow_ups
from alerts.models import Alert, FollowUpKind
from alerts.stored import stored_draft
from database.opening import Opened
from messages import counts
from messages.models import Message, MessageStatus, Status
from organizers.roles import Role
from tests.builders import (
    LONG_AGO,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_project,
)
from tests.web.organizing import Desk, console, desk


@dataclass
class Told:
    """A launched alert of Madison's that two people got; one of them called."""

    madison: int
    alert_id: int
    amina: Desk
    opened: Opened

    async def drafted(self, kind: str) -> str:
        """Press the button; the address of the draft."""
        response = await self.amina.post(f"/console/alerts/{self.alert_id}/follow-up/{kind}", {})
        assert response.status == 303
        return str(response.headers["Location"])


def make_told(conn: Connection, now: datetime) -> tuple[int, int]:
    load_invented_officials(conn)
    madison = make_project(conn, "Madison – Arcatao")
    alert = make_alert(conn, project_id=madison)
    launched = {"status": MessageStatus.FINISHED, "launched_at": now, "expanded_at": now}
    conn.execute(update(Message).where(Message.id == alert.message_id).values(**launched))
    for name in ("Silvia", "Carlos"):
        contact_id = make_contact(conn, name, projects=[madison])
        make_delivery(conn, alert.message_id, contact_id, status=Status.DELIVERED)
    record(
        conn,
        alert.action_id,
        contact_id=contact_id,
        target="us:house:WI:2",
        outcome=Outcome.SPOKE,
        channel="web",
        now=now,
    )
    return madison, alert.alert_id


@pytest.fixture
async def told(opened: Opened, now: datetime) -> AsyncIterator[Told]:
    madison, alert_id = await opened.database.write(make_told, now)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now, projects=[madison])
        yield Told(madison, alert_id, amina, opened)


async def test_the_page_of_an_alert_offers_a_reminder_and_thanks(told: Told) -> None:
    page = await told.amina.page(f"/console/alerts/{told.alert_id}")

    assert "Remind those who have not acted" in page
    assert "Thank those who have acted" in page


async def test_a_reminder_is_drafted_checked_and_found_again(told: Told) -> None:
    where = await told.drafted("nudge")
    page = await told.amina.page(where)

    assert "Reminder: Free the fourteen" in page
    assert "1 person will be reached" in page
    assert "Look at the draft" in await told.amina.page(f"/console/alerts/{told.alert_id}")
    assert await told.drafted("nudge") == where


async def test_its_own_form_changes_its_words_alone(told: Told) -> None:
    where = await told.drafted("thanks")
    alert_id = int(where.rsplit("/", 1)[1])
    to_words = await told.amina.get(f"{where}/edit")
    form = await told.amina.page(f"{where}/words")
    said = {
        f"{part}_{language}": f"{part} in {language}: {{{{ link }}}}"
        for part in ("sms", "subject", "body")
        for language in ("en", "es")
    }

    saved = await told.amina.post(f"{where}/words", said | {"subject_en": "Thanks"})

    assert to_words.headers["Location"] == f"{where}/words"
    assert "The words of the thanks" in form
    assert saved.status == 303
    draft = await told.opened.database.read(stored_draft, alert_id)
    assert draft.texts["en"].subject == "Thanks"
    assert draft.texts["es"].sms == "sms in es: {{ link }}"
    assert draft.audience.include.acted is not None


async def test_a_field_that_does_not_exist_stands_in_the_way_of_the_launch(told: Told) -> None:
    where = await told.drafted("nudge")

    await told.amina.post(f"{where}/words", {"sms_en": "Call {{ nobody }}: {{ link }}"})

    page = await told.amina.page(where)
    assert "{{ nobody }}" in page
    assert "stand in the way of the launch" in page


async def test_the_form_of_alerts_cannot_change_whom_it_goes_to(told: Told) -> None:
    where = await told.drafted("nudge")

    refused = await told.amina.post(f"{where}/edit", {"project": str(told.madison)})

    assert refused.status == 422
    assert "only its words can be changed" in await refused.text()


async def test_an_alert_that_follows_none_has_no_such_form(told: Told) -> None:
    shown = await told.amina.get(f"/console/alerts/{told.alert_id}/words")
    refused = await told.amina.post(f"/console/alerts/{told.alert_id}/words", {"sms_en": "x"})

    assert shown.headers["Location"] == f"/console/alerts/{told.alert_id}/edit"
    assert refused.status == 409


async def test_who_only_looks_writes_none(told: Told, opened: Opened, now: datetime) -> None:
    async with console(opened, now) as client:
        ben = await desk(client, opened, now, name="Ben", role=Role.VIEWER, projects=[told.madison])

        assert "Write the reminder" not in await ben.page(f"/console/alerts/{told.alert_id}")
        refused = await ben.post(f"/console/alerts/{told.alert_id}/follow-up/nudge", {})

    assert refused.status == 403
    written = await opened.database.read(follow_ups, told.alert_id)
    assert FollowUpKind.NUDGE not in written


async def test_on_the_record_it_has_a_name(told: Told) -> None:
    await told.drafted("nudge")

    assert "Wrote a reminder or thanks" in await told.amina.page("/console/record")


async def test_a_stopped_alert_is_written_anew_to_the_rest_alone(told: Told) -> None:
    def on_its_way(conn: Connection) -> None:
        message = update(Message).where(Message.action_id.is_not(None))
        conn.execute(message.values(status=MessageStatus.SENDING))
        message_id = conn.execute(select(Message.id)).scalars().first()
        assert message_id is not None
        rosa = make_contact(conn, "Rosa", projects=[told.madison])
        make_delivery(conn, message_id, rosa, status=Status.PENDING)
        counts.apply(conn, counts.Deltas(counts.counted(conn, message_id)))

    await told.opened.database.write(on_its_way)
    before = await told.amina.page(f"/console/alerts/{told.alert_id}")

    answer = await told.amina.post(f"/console/alerts/{told.alert_id}/write-anew")

    where = answer.headers["Location"]
    assert "1 copy has not left" in before
    assert where.endswith("/words")
    assert "As things are, it is for" in await told.amina.page(where)
    assert "The words for those who have not got it" in await told.amina.page(where)
    draft = await told.amina.page(where.removesuffix("/words"))
    assert "1 person will be reached" in draft
    after = await told.amina.page(f"/console/alerts/{told.alert_id}")
    assert "Stopped: what had left has left" in after
    assert "exactly those whose copy of the alert was stopped" in after
    assert "Stopped, and wrote anew to those who had not got it:" in await told.amina.page(
        "/console/record"
    )


async def test_a_second_sending_that_is_stopped_has_the_same_buttons(told: Told) -> None:
    def stopped_twice(conn: Connection) -> int:
        rest = conn.execute(select(Alert.id).where(Alert.id != told.alert_id)).scalar_one()
        second = select(Alert.message_id).where(Alert.id == rest).scalar_subquery()
        ended = {"launched_at": now, "expanded_at": now, "status": MessageStatus.SENDING}
        conn.execute(update(Message).where(Message.id == second).values(**ended))
        message_id = conn.execute(select(second)).scalar_one()
        rosa = make_contact(conn, "Rosa", projects=[told.madison])
        make_delivery(conn, message_id, rosa, status=Status.PENDING)
        counts.apply(conn, counts.Deltas(counts.counted(conn, message_id)))
        return rest

    now = LONG_AGO
    first = update(Message).values(status=MessageStatus.STOPPED)
    await told.opened.database.write(lambda conn: conn.execute(first))
    await told.drafted("rest")
    rest = await told.opened.database.write(stopped_twice)
    goes = await told.amina.page(f"/console/alerts/{rest}")

    answer = await told.amina.post(f"/console/alerts/{rest}/write-anew")

    assert "Stop it, change the words, send to the rest" in goes
    assert "Write to those who already got it" in goes
    assert "Remind those who have not acted" not in goes
    third = answer.headers["Location"].removesuffix("/words")
    assert "1 person will be reached" in await told.amina.page(third)
    assert "To the alert itself" in await told.amina.page(third)
    stopped = await told.amina.page(f"/console/alerts/{rest}")
    assert "Look at the draft" in stopped


async def test_whoever_got_it_is_written_to(told: Told) -> None:
    where = await told.drafted("reached")

    assert where.endswith("/words")
    assert "The words for those who got it" in await told.amina.page(where)
    assert "2 people will be reached" in await told.amina.page(where.removesuffix("/words"))


async def test_an_alert_that_was_not_stopped_leaves_nobody_over(told: Told) -> None:
    answer = await told.amina.post(f"/console/alerts/{told.alert_id}/follow-up/rest")

    assert answer.status == 409
    assert "was not stopped" in await answer.text()


async def test_whoever_only_writes_stops_nothing(told: Told, opened: Opened, now: datetime) -> None:
    async with console(opened, now) as client:
        dana = await desk(client, opened, now, role=Role.DRAFTER, projects=[told.madison])

        refused = await dana.post(f"/console/alerts/{told.alert_id}/write-anew")

    assert refused.status == 403
