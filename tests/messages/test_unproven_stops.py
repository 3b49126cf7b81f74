"""An email in somebody's name takes them off at once; what nobody vouches for, its owner can undo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, func, select

from contacts import consent
from contacts.consent import standings
from contacts.ledger import outcome
from contacts.models import AddressStanding, Consent, Standing
from messages import replies, unproven_stops
from messages.mail_addresses import Mark
from messages.mailroom import Desk, Kind, take_in
from messages.models import Message, MessageKind, MessageText
from messages.providers.mail_reading import read_mail
from messages.providers.provider import Inbound
from messages.reach_models import UnprovenStop
from messages.unproven_stops import MANY, undo, undo_wave, waits, waves
from tests.builders import make_contact
from tests.doubles import NoJobs
from tests.fakes.mails import OURS, a_reply
from tests.messages.test_mailroom import ANA, SECRET, Room, room

__all__ = ["room"]

SERVER = "mx.example.net"
FORGER, OTHER = "8.8.4.4", "9.9.9.9"
UNDOABLE = ["You are unsubscribed. Was it you?"]
PLAIN = ["You are unsubscribed"]


def vouching(raw: bytes, result: str = "pass") -> bytes:
    found = f"Authentication-Results: {SERVER}; dmarc={result} header.from=example.org\r\n"
    return found.encode() + raw


def through(origin: str, raw: bytes) -> bytes:
    return f"Received: from x (x [{origin}]) by {SERVER}\r\n".encode() + raw


def take(room: Room, *mails: bytes) -> Mapping[Kind, int]:
    def hear(conn: Connection, inbound: Inbound, now: datetime) -> None:
        rules = {"network": "Us", "public_url": "https://us.example", "default_language": "en"}
        replies.receive(conn, NoJobs(), inbound, **rules, now=now)

    desk = Desk(SECRET, frozenset({OURS}), hear, authserv_id=SERVER)
    read = [read_mail(raw, authserv_id=SERVER) for raw in mails]
    return take_in(room.conn, read, desk, now=room.now)


def letters(room: Room, address: str = ANA) -> list[str]:
    return [subject for whose, subject in room.answers if whose == address]


def stands(room: Room, address: str = ANA) -> str | None:
    held = standings(room.conn, [("email", address)]).by_pair.get(("email", address), {})
    return held.get("network")


@pytest.mark.parametrize("proof", ["token", "thread", "vouched", "none", "failed", "a stranger's"])
def test_a_stop_counts_at_once_and_what_nobody_vouches_for_can_be_undone(
    room: Room, proof: str
) -> None:
    mails = {
        "token": a_reply("stop", to=room.to(Mark.REPLY)),
        "thread": a_reply("stop", In_Reply_To=room.message_mark),
        "vouched": vouching(a_reply("stop")),
        "none": a_reply("stop"),
        "failed": vouching(a_reply("stop"), "fail"),
        "a stranger's": vouching(a_reply("stop")).replace(SERVER.encode(), b"mx.evil.example"),
    }

    take(room, mails[proof])

    proven = proof in ("token", "vouched")
    assert room.standings == {ANA: Standing.OPTED_OUT}
    assert letters(room) == (PLAIN if proven else UNDOABLE)
    assert waits(room.conn, "email", ANA, now=room.now) is not proven


def test_the_letter_leaves_though_they_are_off_and_leads_to_the_button(room: Room) -> None:
    take(room, a_reply("stop"))

    said = select(MessageText.body, Message.kind).join(
        Message, Message.id == MessageText.message_id
    )
    row = room.conn.execute(said.where(MessageText.subject == UNDOABLE[0])).one()
    assert "https://us.example/undo/{{ proof }}" in row.body
    assert row.kind == MessageKind.CONFIRMATION


def test_the_owner_undoes_it_and_is_written_to_as_before(room: Room) -> None:
    take(room, a_reply("stop"))

    assert undo(room.conn, "email", ANA, by="supporter", now=room.now)

    assert stands(room) is Standing.GRANTED
    assert not undo(room.conn, "email", ANA, by="supporter", now=room.now)
    ledger = select(Consent.standing, Consent.source).order_by(Consent.id.desc())
    assert room.conn.execute(ledger).first() == ("granted", "stop_undone")


@pytest.mark.parametrize("before", [Standing.BOUNCED, Standing.COMPLAINED, None])
def test_undone_nobody_is_granted_what_they_never_were(room: Room, before: Standing | None) -> None:
    room.conn.execute(delete(AddressStanding))
    room.conn.execute(delete(Consent))
    if before:
        said = {"source": "provider", "evidence": "", "actor": "provider", "now": room.now}
        consent.refuse(room.conn, "email", ANA, standing=before, **said)  # type: ignore[arg-type]
    take(room, a_reply("stop"))

    undo(room.conn, "email", ANA, by="supporter", now=room.now)

    assert stands(room) == before
    # What the ledger comes to from its beginning is the same: who reads a doubt later relies on it.
    said_of = select(Consent.standing).where(Consent.address == ANA).order_by(Consent.id)
    lines = [Standing(each) for each in room.conn.scalars(said_of)]
    assert outcome(lines) == before


def test_a_second_stop_that_is_proven_cannot_be_undone(room: Room) -> None:
    take(room, a_reply("stop"))
    take(room, a_reply("unsubscribe", to=room.to(Mark.REPLY)))

    assert not undo(room.conn, "email", ANA, by="organizer:1", now=room.now)

    assert room.standings == {ANA: Standing.OPTED_OUT}


def test_after_a_week_it_stands(room: Room) -> None:
    take(room, a_reply("stop"))
    room.now += unproven_stops.UNDO + timedelta(seconds=1)

    assert not undo(room.conn, "email", ANA, by="supporter", now=room.now)
    assert room.standings == {ANA: Standing.OPTED_OUT}


def test_repeated_stops_bring_one_letter_a_week(room: Room) -> None:
    """Forged, undone, forged again: its owner must not be written to for each."""
    for turn in range(5):
        take(room, a_reply("stop", Message_ID=f"<{turn}@x>"))
        take(room, a_reply("stop", Message_ID=f"<{turn}.again@x>"))
        assert undo(room.conn, "email", ANA, by="supporter", now=room.now)
        assert stands(room) is Standing.GRANTED
        room.now += timedelta(hours=30)

    assert letters(room) == UNDOABLE


def test_another_ones_voucher_proves_nothing_about_the_copy_they_answer(room: Room) -> None:
    """A Message-ID stands in whatever Ana passes on, and its reader can write from their own mailbox."""
    evil = a_reply("stop", sender="evil@example.org", In_Reply_To=room.message_mark)

    take(room, vouching(evil))

    assert room.standings == {ANA: Standing.OPTED_OUT}
    assert letters(room) == UNDOABLE
    assert undo(room.conn, "email", ANA, by="supporter", now=room.now)


@pytest.mark.parametrize("read", ["before", "after", "meanwhile"])
def test_what_a_person_has_to_read_still_waits_after_undoing(room: Room, read: str) -> None:
    said = {"opted_out": False, "actor": "organizer:1", "now": room.now}
    no = {"source": "email", "evidence": "no more of this", "actor": "supporter", "now": room.now}
    consent.refuse(room.conn, "email", ANA, standing=Standing.REVIEW, **no)  # type: ignore[arg-type]
    if read == "before":
        consent.settle_review(room.conn, "email", ANA, **said)  # type: ignore[arg-type]
    take(room, a_reply("stop"))
    if read == "meanwhile":
        consent.settle_review(room.conn, "email", ANA, **said)  # type: ignore[arg-type]

    back = undo(room.conn, "email", ANA, by="supporter", now=room.now)

    assert back is (read != "after")
    assert stands(room) is (Standing.REVIEW if read == "after" else Standing.GRANTED)
    consent.settle_review(room.conn, "email", ANA, **said)  # type: ignore[arg-type]
    assert stands(room) is Standing.GRANTED


def test_who_is_still_off_does_not_count_as_back(room: Room) -> None:
    said = {"source": "provider", "evidence": "", "actor": "provider", "now": room.now}
    people = silence(room, MANY, FORGER)
    for each in people[:2]:
        consent.refuse(room.conn, "email", each, standing=Standing.COMPLAINED, **said)  # type: ignore[arg-type]
    [wave] = waves(room.conn, now=room.now)

    assert undo_wave(room.conn, wave.id, by="organizer:1", now=room.now) == MANY - 2
    assert room.standings == dict.fromkeys(people[:2], Standing.COMPLAINED)


def test_one_after_an_undone_one_is_shown_however_few_they_are(room: Room) -> None:
    take(room, through(FORGER, a_reply("stop")))
    assert waves(room.conn, now=room.now) == []
    undo(room.conn, "email", ANA, by="supporter", now=room.now)

    take(room, through(FORGER, a_reply("stop", Message_ID="<again@x>")))

    assert [(each.origin, each.count) for each in waves(room.conn, now=room.now)] == [(FORGER, 1)]


def test_so_many_letters_leave_a_day(room: Room) -> None:
    many = [f"p{number}@example.org" for number in range(replies.MOST_DOUBTED + 3)]
    for each in many:
        make_contact(room.conn, "Ana", phone=None, email=each)

    take(room, *(a_reply("stop", sender=each) for each in many))

    assert len(room.answers) == replies.MOST_DOUBTED
    assert len(room.standings) == len(many)


def test_a_stranger_gets_no_letter_at_all(room: Room) -> None:
    take(room, a_reply("stop", sender="victim@example.com"))

    assert room.answers == []
    assert room.conn.scalar(select(func.count()).select_from(UnprovenStop)) == 0


# Many of them


def silence(room: Room, count: int, origin: str, first: int = 0) -> list[str]:
    people = [f"p{first + number}@example.org" for number in range(count)]
    for each in people:
        make_contact(room.conn, "Ana", phone=None, email=each, consent=Standing.GRANTED)
    take(room, *(through(origin, a_reply("stop", sender=each)) for each in people))
    return people


def test_many_within_an_hour_are_a_wave_by_where_they_came_from(room: Room) -> None:
    silence(room, MANY - 2, FORGER)
    assert waves(room.conn, now=room.now) == []
    room.now += timedelta(minutes=59)
    silence(room, 2, OTHER, first=50)

    found = waves(room.conn, now=room.now)

    assert [(each.origin, each.count) for each in found] == [(FORGER, MANY - 2), (OTHER, 2)]
    room.now += unproven_stops.UNDO
    assert waves(room.conn, now=room.now) == []


def test_few_an_hour_are_no_wave(room: Room) -> None:
    for hour in range(MANY * 2):
        room.now += timedelta(minutes=61)
        silence(room, MANY // 2, FORGER, first=100 * hour)

    assert waves(room.conn, now=room.now) == []


def test_a_wave_is_undone_but_for_whom_it_was_true_of(room: Room) -> None:
    people = silence(room, MANY + 2, FORGER)
    unproven_stops.prove(room.conn, "email", people[0], by="supporter", now=room.now)
    undo(room.conn, "email", people[1], by="supporter", now=room.now)
    silence(room, 1, OTHER, first=70)
    [wave, _] = waves(room.conn, now=room.now)
    late = silence(room, 1, FORGER, first=90)  # while somebody looks

    back = undo_wave(room.conn, wave.id, by="organizer:1", now=room.now)

    assert (wave.count, back) == (MANY, MANY)
    assert set(room.standings) == {people[0], late[0], "p70@example.org"}
    left = {each.origin: each.count for each in waves(room.conn, now=room.now)}
    assert left == {FORGER: 1, OTHER: 1}
    assert undo_wave(room.conn, wave.id, by="organizer:1", now=room.now) == 0


def test_undoing_a_wave_leaves_what_came_from_elsewhere(room: Room) -> None:
    people = silence(room, MANY, FORGER)
    [wave] = waves(room.conn, now=room.now)
    own = a_reply("stop", sender=people[3], Message_ID="<own@x>")
    take(room, through(OTHER, own))  # her own word, which no server vouches for

    assert undo_wave(room.conn, wave.id, by="organizer:1", now=room.now) == MANY - 1
    assert room.standings == {people[3]: Standing.OPTED_OUT}
    assert waits(room.conn, "email", people[3], now=room.now)


def test_where_old_ones_came_from_is_forgotten_and_they_stay(room: Room) -> None:
    take(room, through(FORGER, a_reply("stop")))
    room.now += timedelta(days=31)

    assert unproven_stops.forget(room.conn, now=room.now) == 1
    assert room.standings == {ANA: Standing.OPTED_OUT}


def test_they_go_with_the_line_of_the_ledger(room: Room) -> None:
    take(room, a_reply("stop"))

    room.conn.execute(delete(Consent))

    assert room.conn.scalar(select(func.count()).select_from(UnprovenStop)) == 0
