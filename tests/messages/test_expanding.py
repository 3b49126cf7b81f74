"""Everybody in the audience gets a row: a copy, or the reason why there is none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from contacts.models import Channel, Standing, project_scope
from messages import counts
from messages.eligibility import CAPPED, NO_ADDRESS, SHARED, TEXTED
from messages.expanding import chunk_size, expand_chunk
from messages.models import Batch, Delivery, Message, MessageStatus, Reach, Status
from tests.builders import make_contact, make_delivery, make_message, make_project, make_standing
from tests.doubles import NoJobs


def launch(conn: Connection, now: datetime, *, chunk: int = 20_000, **values: Any) -> int:
    message_id = make_message(
        conn, status=MessageStatus.SENDING, launched_at=now, starts_at=now, **values
    )
    while expand_chunk(conn, NoJobs(), message_id, now=now, chunk=chunk):
        pass
    return message_id


def fates(conn: Connection, message_id: int, channel: Channel) -> dict[int, tuple[int, str]]:
    rows = conn.execute(
        select(Delivery.contact_id, Delivery.status, Delivery.reason).where(
            Delivery.message_id == message_id, Delivery.channel == channel
        )
    )
    return {row.contact_id: (row.status, row.reason) for row in rows}


def test_everybody_has_a_row_per_channel_with_a_copy_or_a_reason(
    conn: Connection, now: datetime
) -> None:
    amina = make_contact(conn, "Amina")
    ben = make_contact(conn, "Ben", phone=None)
    chloe = make_contact(conn, "Chloe", consent=Standing.OPTED_OUT)
    dora = make_contact(conn, "Dora", consent=None)

    message = launch(conn, now)

    assert fates(conn, message, Channel.SMS) == {
        amina: (Status.PENDING, ""),
        ben: (Status.SKIPPED, NO_ADDRESS),
        chloe: (Status.SKIPPED, "opted_out"),
        dora: (Status.SKIPPED, "no_consent"),
    }
    assert fates(conn, message, Channel.EMAIL)[ben] == (Status.PENDING, "")
    assert conn.scalar(select(Message.expected).where(Message.id == message)) == 8


def test_household_phone_is_texted_once_whatever_the_chunk(conn: Connection, now: datetime) -> None:
    for chunk in (20_000, 1):
        phone = f"+16082009{chunk:03d}"[:12]
        first = make_contact(conn, "Amina", phone=phone)
        second = make_contact(conn, "Ben", phone=phone)

        found = fates(conn, launch(conn, now, chunk=chunk), Channel.SMS)

        assert found[first] == (Status.PENDING, "")
        assert found[second] == (Status.SKIPPED, SHARED)


def test_expansion_in_chunks_equals_expansion_at_once(conn: Connection, now: datetime) -> None:
    for name in "ABCDEFG":
        make_contact(conn, name)

    at_once, in_chunks = launch(conn, now), launch(conn, now, chunk=2)

    assert fates(conn, at_once, Channel.SMS) == fates(conn, in_chunks, Channel.SMS)
    assert counts.kept(conn, [in_chunks]) == counts.counted(conn, in_chunks)


def test_a_row_somebody_has_already_stops_nobody_elses(conn: Connection, now: datetime) -> None:
    amina, ben = make_contact(conn, "Amina"), make_contact(conn, "Ben")
    message = make_message(
        conn, status=MessageStatus.SENDING, launched_at=now, starts_at=now, reach=Reach.SMS
    )
    make_delivery(conn, message, amina, address="+16082009999")

    while expand_chunk(conn, NoJobs(), message, now=now):
        pass

    assert fates(conn, message, Channel.SMS).keys() == {amina, ben}


def test_chunks_grow_so_that_the_first_copies_leave_soon() -> None:
    sizes = [chunk_size(expanded_to, 20_000) for expanded_to in (0, 1_000, 2_000, 16_000, 90_000)]

    assert sizes == [1_000, 1_000, 2_000, 16_000, 20_000]


def test_email_only_to_those_who_cannot_be_texted(conn: Connection, now: datetime) -> None:
    amina = make_contact(conn, "Amina")
    ben = make_contact(conn, "Ben", phone=None)

    message = launch(conn, now, reach=Reach.TEXT_FIRST)

    emails = fates(conn, message, Channel.EMAIL)
    assert emails == {amina: (Status.SKIPPED, TEXTED), ben: (Status.PENDING, "")}


def test_consent_to_one_project_does_not_cover_another(conn: Connection, now: datetime) -> None:
    madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
    amina = make_contact(conn, projects=[madison, bangor], scope=project_scope(madison))

    covered = launch(conn, now, scopes=["network", project_scope(madison)])
    not_covered = launch(conn, now, scopes=["network", project_scope(bangor)])

    assert fates(conn, covered, Channel.SMS)[amina] == (Status.PENDING, "")
    assert fates(conn, not_covered, Channel.SMS)[amina] == (Status.SKIPPED, "no_consent")


def test_opt_out_of_the_network_beats_consent_to_a_project(conn: Connection, now: datetime) -> None:
    madison = make_project(conn)
    amina = make_contact(conn, phone="+16082001234", scope=project_scope(madison))
    make_standing(conn, Channel.SMS, "+16082001234", Standing.OPTED_OUT)

    message = launch(conn, now, scopes=["network", project_scope(madison)])

    assert fates(conn, message, Channel.SMS)[amina] == (Status.SKIPPED, "opted_out")


def test_weekly_cap_counts_what_may_have_reached_them(conn: Connection, now: datetime) -> None:
    amina, ben = make_contact(conn, "Amina"), make_contact(conn, "Ben")
    earlier = make_message(conn, status=MessageStatus.FINISHED, launched_at=now - timedelta(days=2))
    make_delivery(conn, earlier, amina, status=Status.UNKNOWN)
    make_delivery(conn, earlier, ben, status=Status.FAILED)

    capped = launch(conn, now, weekly_cap=1)
    red = launch(conn, now, weekly_cap=None)

    found = fates(conn, capped, Channel.SMS)
    assert found[amina] == (Status.SKIPPED, CAPPED)
    assert found[ben] == (Status.PENDING, "")
    assert fates(conn, red, Channel.SMS)[amina] == (Status.PENDING, "")


def test_weekly_cap_counts_what_any_committee_sent(conn: Connection, now: datetime) -> None:
    amina = make_contact(conn, "Amina")
    for name in ("Madison", "Bangor"):
        sent: dict[str, Any] = {
            "status": MessageStatus.FINISHED,
            "launched_at": now - timedelta(days=2),
        }
        earlier = make_message(conn, project_id=make_project(conn, name), **sent)
        make_delivery(conn, earlier, amina, status=Status.DELIVERED)

    capped = launch(conn, now, weekly_cap=2, project_id=make_project(conn, "Seattle"))
    within = launch(conn, now, weekly_cap=3, project_id=make_project(conn, "Boston"))

    assert fates(conn, capped, Channel.SMS)[amina] == (Status.SKIPPED, CAPPED)
    assert fates(conn, within, Channel.SMS)[amina] == (Status.PENDING, "")


def test_weekly_cap_counts_from_when_the_copies_left(conn: Connection, now: datetime) -> None:
    amina = make_contact(conn, "Amina")
    earlier = make_message(
        conn,
        status=MessageStatus.FINISHED,
        launched_at=now - timedelta(days=9),
        starts_at=now - timedelta(days=1),
    )
    make_delivery(conn, earlier, amina, status=Status.DELIVERED)

    capped = launch(conn, now, weekly_cap=1)

    assert fates(conn, capped, Channel.SMS)[amina] == (Status.SKIPPED, CAPPED)


def test_salvadoran_numbers_are_never_texted_in_bulk(conn: Connection, now: datetime) -> None:
    partner = make_contact(conn, phone="+50370001234")

    message = launch(conn, now)

    assert fates(conn, message, Channel.SMS)[partner] == (Status.SKIPPED, "foreign")


def test_people_of_a_message_stopped_while_it_expands_are_accounted_for(
    conn: Connection, now: datetime
) -> None:
    amina = make_contact(conn)
    message = make_message(conn, status=MessageStatus.STOPPED, launched_at=now, starts_at=now)

    while expand_chunk(conn, NoJobs(), message, now=now):
        pass

    assert fates(conn, message, Channel.SMS)[amina][0] == Status.STOPPED
    assert counts.kept(conn, [message]) == counts.counted(conn, message)


def test_batches_cover_every_pending_row_once(conn: Connection, now: datetime) -> None:
    for name in "ABC":
        make_contact(conn, name)

    message = launch(conn, now, chunk=1)

    covered = conn.scalar(
        select(func.count())
        .select_from(Delivery)
        .join(
            Batch,
            (Delivery.message_id == Batch.message_id)
            & (Delivery.channel == Batch.channel)
            & (Delivery.id >= Batch.lo_id)
            & (Delivery.id < Batch.hi_id),
        )
        .where(Delivery.message_id == message, Delivery.status == Status.PENDING)
    )
    assert covered == 6


def test_message_nobody_can_get_finishes_at_once(conn: Connection, now: datetime) -> None:
    make_contact(conn, consent=None)

    message = launch(conn, now)

    status = conn.scalar(select(Message.status).where(Message.id == message))
    assert status == MessageStatus.FINISHED


def test_draft_is_never_expanded(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    message = make_message(conn)

    more = expand_chunk(conn, NoJobs(), message, now=now)

    assert not more
    assert fates(conn, message, Channel.SMS) == {}
    conn.execute(update(Message).where(Message.id == message).values(status=MessageStatus.STOPPED))
