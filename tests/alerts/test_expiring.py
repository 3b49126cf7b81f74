"""When an alert's last day has come, nothing of it leaves any more, and its page asks for no call."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, update

from alerts.drafts import AlertDraft, Ending
from alerts.follow_ups import follow_ups
from alerts.following_up import draft_follow_up
from alerts.launching import create, launch, message_of, status
from alerts.models import FollowUpKind
from alerts.pages import page_by_slug
from alerts.preflight import check
from database.opening import Opened
from messages import control
from messages.models import Delivery, MessageStatus, Status
from tests.alerts.drafting import HOUSE, make_draft
from tests.builders import load_invented_officials, make_contact
from tests.messages.test_sending import Bench

DAY = timedelta(days=1)


def ending(deadline: Ending, expires: Ending) -> AlertDraft:
    draft = make_draft(expires=expires)
    return replace(draft, call=replace(draft.call, deadline=deadline))


def launched(conn: Connection, bench: Bench, draft: AlertDraft) -> int:
    load_invented_officials(conn)
    alert_id = create(conn, draft, house=HOUSE, created_by="x", now=bench.now)
    reached = check(conn, alert_id, house=HOUSE, now=bench.now).people
    launch(
        conn,
        bench.jobs,
        alert_id,
        house=HOUSE,
        confirmed=reached,
        by="organizer:1",
        now=bench.now,
    )
    return alert_id


@pytest.fixture
def bench(opened: Opened, now: datetime) -> Bench:
    return Bench(opened, now.replace(hour=17))


@pytest.mark.parametrize(
    ("deadline", "expires"),
    [
        (Ending(), Ending(after=DAY)),
        (Ending(after=DAY), Ending()),
        (Ending(after=DAY), Ending(after=2 * DAY)),
        (Ending(after=2 * DAY), Ending(after=DAY)),
    ],
)
async def test_what_is_queued_is_called_off_when_its_last_hour_has_come(
    bench: Bench, deadline: Ending, expires: Ending
) -> None:
    await bench.contacts("Amina", "Ben")
    alert_id = await bench.write(launched, bench, ending(deadline, expires))
    sender = bench.sender()
    bench.now += timedelta(minutes=5)
    first = await bench.write(lambda conn: message_of(conn, alert_id))
    await bench.write(lambda conn: control.pause(conn, first))
    await bench.work(sender)

    bench.now += DAY
    await bench.write(lambda conn: control.expire_due(conn, now=bench.now))
    await bench.work(sender)

    stands = await bench.database.read(status, alert_id, now=bench.now)
    assert stands.progress.status == MessageStatus.EXPIRED
    assert stands.progress.equation.expired == 4
    assert stands.progress.equation.balanced
    assert await bench.counts_agree(first)
    assert bench.texts.addresses == bench.emails.addresses == []
    page = await bench.database.read(page_by_slug, stands.slug, now=bench.now)
    assert page.ended_at(bench.now) is not None


async def test_before_it_everything_goes_out(bench: Bench) -> None:
    await bench.contacts("Amina")
    alert_id = await bench.write(launched, bench, ending(Ending(after=DAY), Ending()))
    bench.now += timedelta(minutes=5)

    await bench.work()

    stands = await bench.database.read(status, alert_id, now=bench.now)
    assert stands.progress.equation.sent == 2
    assert stands.progress.expires_at == bench.now - timedelta(minutes=5) + DAY


def test_thanks_do_not_expire_with_the_action(conn: Connection, now: datetime) -> None:
    """They are written when the calls are over."""
    make_contact(conn)
    bench = Bench.__new__(Bench)
    bench.now, bench.jobs = now, NoWork()  # type: ignore[assignment]
    alert_id = launched(conn, bench, ending(Ending(after=DAY), Ending()))
    conn.execute(update(Delivery).values(status=int(Status.DELIVERED)))
    later = now + 2 * DAY

    thanks = draft_follow_up(conn, alert_id, FollowUpKind.THANKS, house=HOUSE, by="x", now=later)

    assert follow_ups(conn, alert_id)[FollowUpKind.THANKS].alert_id == thanks
    found = check(conn, thanks, house=HOUSE, now=later)
    assert "deadline_over" not in {each.code for each in found.blocking}
    assert status(conn, thanks, now=later).progress.expires_at is None


class NoWork:
    """Jobs that nobody does."""

    def enqueue(self, *_args: object, **_kwargs: object) -> None:
        """Nothing."""
