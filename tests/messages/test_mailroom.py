"""What becomes of mail that comes in: through the mailroom, with the replies of the product behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from contacts.models import AddressStanding, Channel, Consent, Standing
from messages import complaints, mail_gates, replies
from messages.answering import write_answer
from messages.composing import compose, compositions
from messages.identity import Identity
from messages.inbox_models import WrittenAnswer
from messages.mail_addresses import Mark, OwnMailbox, routes, token
from messages.mail_models import MailTally, ReplyMail
from messages.mailroom import Desk, Kind, take_in
from messages.models import (
    Delivery,
    Event,
    Message,
    MessageKind,
    MessageStatus,
    MessageText,
    Reply,
    ReplyVerdict,
    Status,
)
from messages.providers.mail_reading import read_mail
from messages.providers.provider import Email, Inbound
from messages.recording import Claim, Person
from messages.replies import receive
from tests.builders import make_address, make_contact, make_delivery, make_message
from tests.doubles import NoJobs
from tests.fakes.mails import OURS, a_complaint, a_reply, a_report
from tests.messages.test_answering import HOUSE, wanted

SECRET = "s" * 64
ANA, BEN = "ana@example.org", "ben@example.org"
MAILBOX = OwnMailbox(OURS)


@dataclass
class Room:
    """A mailroom, one alert by email that Ana got, and what the table says of it."""

    conn: Connection
    now: datetime
    message_id: int = 0
    contact_id: int = 0
    copy_id: int = 0

    def take(self, *mails: bytes, tagged: bool = True) -> Mapping[Kind, int]:
        def hear(conn: Connection, inbound: Inbound, now: datetime) -> None:
            receive(
                conn,
                NoJobs(),
                inbound,
                public_url="https://us.example",
                network="Sister Cities",
                default_language="en",
                now=now,
            )

        desk = Desk(SECRET, frozenset({"alerts@example.org", OURS}), hear, tagged)
        return take_in(self.conn, [read_mail(raw) for raw in mails], desk, now=self.now)

    @property
    def status(self) -> Status:
        found = select(Delivery.status).where(Delivery.id == self.copy_id)
        return Status(self.conn.execute(found).scalar_one())

    @property
    def standings(self) -> dict[str, str]:
        columns = select(AddressStanding.address, AddressStanding.standing)
        rows = self.conn.execute(columns.where(AddressStanding.standing != Standing.GRANTED))
        return {row.address: row.standing for row in rows}

    @property
    def replies(self) -> list[Any]:
        return list(self.conn.execute(select(Reply).order_by(Reply.id)))

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Whom we answered by ourselves, and how."""
        kinds = [MessageKind.REPLY.value, MessageKind.CONFIRMATION.value]
        rows = self.conn.execute(
            select(Delivery.address, MessageText.subject)
            .join(Message, Message.id == Delivery.message_id)
            .join(MessageText, MessageText.message_id == Message.id)
            .where(Message.kind.in_(kinds))
        )
        return [(row.address or "", row.subject) for row in rows]

    def to(self, mark: Mark) -> str:
        return f"mail+{token(SECRET, mark, self.copy_id)}@in.example.org"

    @property
    def message_mark(self) -> str:
        return f"<{routes(SECRET, MAILBOX)(self.copy_id).message_id}@example.org>"


@pytest.fixture
def room(conn: Connection, now: datetime) -> Room:
    contact_id = make_contact(conn, "Ana", email=ANA, language="en")
    message_id = make_message(
        conn, status=MessageStatus.SENDING, reach="email", launched_at=now, starts_at=now
    )
    copy_id = make_delivery(
        conn, message_id, contact_id, channel=Channel.EMAIL, status=Status.ACCEPTED
    )
    return Room(conn, now, message_id, contact_id, copy_id)


# Reports


@pytest.mark.parametrize(
    ("by", "tagged"),
    [
        ("return path", True),
        ("quoted return path", True),
        ("message-id", False),
        ("envelope id", False),
    ],
)
def test_a_bounce_moves_its_copy_however_it_is_told(room: Room, by: str, *, tagged: bool) -> None:
    headers, to = f"Message-ID: {room.message_mark}", OURS
    match by:
        case "return path":
            headers, to = "Subject: Call", room.to(Mark.BOUNCE).upper()
        case "quoted return path":
            headers += f"\nReturn-Path: <{room.to(Mark.BOUNCE)}>"
        case "envelope id":
            headers = f"X-Envelope-ID: {token(SECRET, Mark.ID, room.copy_id)}"

    counted = room.take(a_report(to=to, headers=headers), tagged=tagged)

    assert counted == {Kind.BOUNCE: 1}
    assert room.status is Status.UNDELIVERED
    assert room.standings == {ANA: Standing.BOUNCED}
    assert room.replies == []


@pytest.mark.parametrize(
    ("action", "status", "after", "standings"),
    [
        ("failed", "5.2.2", Status.UNDELIVERED, {}),
        ("failed", "5.7.1", Status.UNDELIVERED, {}),
        ("failed", "4.4.7", Status.UNDELIVERED, {}),
        ("delayed", "4.4.1", Status.ACCEPTED, {}),
        ("delivered", "2.1.5", Status.DELIVERED, {}),
        ("relayed", "2.0.0", Status.SENT, {}),
    ],
)
def test_a_report_comes_to_what_it_says(
    room: Room, action: str, status: str, after: Status, standings: dict[str, str]
) -> None:
    room.take(a_report(to=room.to(Mark.BOUNCE), action=action, status=status, answer="said so"))

    assert room.status is after
    assert room.standings == standings


def test_a_late_report_proves_that_a_lost_try_had_left(room: Room) -> None:
    room.conn.execute(update(Delivery).values(status=int(Status.UNKNOWN)))

    room.take(a_report(to=room.to(Mark.BOUNCE), action="delayed", status="4.4.1"))

    assert room.status is Status.ACCEPTED


@pytest.mark.parametrize(
    ("mark", "tagged"),
    [
        (Mark.REPLY, True),
        (Mark.LEAVE, True),
        (Mark.ID, True),
        (Mark.REPLY, False),
        (Mark.LEAVE, False),
    ],
)
def test_what_stands_in_a_forwarded_email_reports_nothing(
    room: Room, mark: Mark, *, tagged: bool
) -> None:
    """Whoever is passed an email on has all of it, but for its return path: no more than its link does.

    A complaint that quotes the way off the list takes that way; one with the Message-ID is counted.
    """
    to = room.to(mark)
    quoted = f"Reply-To: {to}\nMessage-ID: <{token(SECRET, mark, room.copy_id)}@example.org>"

    counted = room.take(
        a_report(to=to, headers=quoted),
        a_complaint(to=to, headers=quoted, number=2),
        a_complaint(to=OURS, kind="opt-out", headers=quoted, number=3),
        tagged=tagged,
    )

    expected = {
        Mark.REPLY: {Kind.UNPROVEN: 2, Kind.STRAY: 1},
        Mark.LEAVE: {Kind.UNPROVEN: 1, Kind.COMPLAINT: 1, Kind.LEAVE: 1},
        Mark.ID: {Kind.UNPROVEN: 2, Kind.COMPLAINT: 1},
    }
    assert counted == expected[mark]
    left = {ANA: Standing.OPTED_OUT} if mark is Mark.LEAVE else {}
    assert (room.status, room.standings) == (Status.ACCEPTED, left)


@pytest.mark.parametrize("tagged", [True, False])
def test_a_complaint_that_names_its_copy_by_the_message_id_alone_stops_nothing(
    room: Room, *, tagged: bool
) -> None:
    room.take(a_complaint(to=OURS, headers=f"Message-ID: {room.message_mark}"), tagged=tagged)

    rate = complaints.rates(room.conn, [room.message_id])[room.message_id]
    assert (rate.complaints, rate.hearsay, room.standings) == (0, 1, {})

    mark = f"Return-Path: <{room.to(Mark.BOUNCE)}>"
    room.take(a_complaint(to=OURS, headers=mark, number=2))
    rate = complaints.rates(room.conn, [room.message_id])[room.message_id]
    assert (rate.complaints, rate.hearsay) == (1, 1)


def test_a_complaint_that_quotes_the_way_off_the_list_counts_without_a_return_path(
    room: Room,
) -> None:
    way = token(SECRET, Mark.LEAVE, room.copy_id)
    quoted = (
        f"Message-ID: {room.message_mark}\n"
        f"List-Unsubscribe: <mailto:{OURS}?subject=unsubscribe%20{way}>"
    )

    room.take(a_complaint(to=OURS, headers=quoted), tagged=False)

    rate = complaints.rates(room.conn, [room.message_id])[room.message_id]
    assert (rate.complaints, rate.hearsay) == (1, 0)
    assert room.standings == {ANA: Standing.OPTED_OUT}


def test_nobody_slows_all_mail_down_by_reports_of_their_own_copy(room: Room) -> None:
    for number in range(3):
        late = {"action": "delayed", "status": "4.7.28", "answer": "421 4.7.28 unusual rate"}
        room.take(a_report(to=room.to(Mark.BOUNCE), number=number, **late))

    assert mail_gates.in_force(room.conn, now=room.now) == []


def test_a_complaint_suppresses_at_once(room: Room) -> None:
    mark = f"Return-Path: <{room.to(Mark.BOUNCE)}>"

    assert room.take(a_complaint(to=OURS, headers=mark)) == {Kind.COMPLAINT: 1}

    assert room.standings == {ANA: Standing.COMPLAINED}
    assert room.status is Status.ACCEPTED


@pytest.mark.parametrize("proof", ["none", "guessed", "of another house", "changed"])
def test_a_report_that_proves_nothing_does_nothing(room: Room, proof: str) -> None:
    mark = token(SECRET, Mark.BOUNCE, room.copy_id)
    tokens = {
        "none": "",
        "guessed": f"b{room.copy_id}{'0' * 16}",
        "of another house": token("x" * 64, Mark.BOUNCE, room.copy_id),
        "changed": token(SECRET, Mark.BOUNCE, room.copy_id)[:-1]
        + ("0" if mark[-1] != "0" else "1"),
    }
    to = f"mail+{tokens[proof]}@in.example.org"
    copy_of = f"Message-ID: <{tokens[proof]}@example.org>\r\nTo: {ANA}"

    counted = room.take(
        a_report(to=to, headers=copy_of), a_complaint(to=to, headers=copy_of, number=2)
    )

    assert counted == {Kind.UNPROVEN: 1, Kind.STRAY: 1}
    assert room.status is Status.ACCEPTED
    assert room.standings == {}
    assert room.replies == []


def test_a_report_counts_against_the_address_we_wrote_to_whomever_it_names(room: Room) -> None:
    room.take(a_report(to=room.to(Mark.BOUNCE), recipient=BEN))

    assert room.standings == {ANA: Standing.BOUNCED}


def test_a_report_that_comes_again_is_known(room: Room) -> None:
    report = a_report(to=room.to(Mark.BOUNCE))

    assert [room.take(report), room.take(report, report)] == [{Kind.BOUNCE: 1}, {}]

    assert room.conn.scalar(select(func.count()).select_from(Event)) == 1
    assert room.conn.scalar(select(func.sum(MailTally.count))) == 1


# What people write


def test_a_reply_stands_under_the_alert_it_answers(room: Room, now: datetime) -> None:
    later = make_message(room.conn, status=MessageStatus.SENDING, reach="email", launched_at=now)
    make_delivery(room.conn, later, room.contact_id, channel=Channel.EMAIL, status=Status.ACCEPTED)
    mail = a_reply(
        "Which office?\n\nOn Mon, Nov 23, 2026 Sister Cities wrote:\n> Call",
        to=room.to(Mark.REPLY),
        In_Reply_To="<x@mx>",
        References="<w@mx> <x@mx>",
        Message_ID="<y@mx>",
    )

    assert room.take(mail) == {Kind.REPLY: 1}

    (reply,) = room.replies
    assert (reply.message_id, reply.contact_id) == (room.message_id, room.contact_id)
    assert (reply.body, reply.handled_at) == ("Which office?", None)
    said = room.conn.execute(select(ReplyMail)).one()
    assert (said.message_id, said.thread) == ("<y@mx>", "<w@mx> <x@mx>")
    assert said.subject == "Re: Call today"


def test_a_reply_is_told_by_what_it_answers_where_the_address_says_nothing(room: Room) -> None:
    mail = a_reply("Which office?", sender="ana@work.example", In_Reply_To=room.message_mark)

    room.take(mail)

    (reply,) = room.replies
    assert (reply.address, reply.contact_id) == (ANA, room.contact_id)


def test_a_reply_without_any_mark_is_its_senders(room: Room) -> None:
    room.take(a_reply("Which office?", sender=ANA.upper()))

    (reply,) = room.replies
    assert (reply.address, reply.contact_id) == (ANA, room.contact_id)
    assert reply.message_id == room.message_id


@pytest.mark.parametrize("words", ["Unsubscribe me, please.", "STOP", "Denme de baja por favor"])
def test_a_wish_to_leave_is_honoured_and_confirmed_once(room: Room, words: str) -> None:
    room.take(a_reply(words, to=room.to(Mark.REPLY), Message_ID="<1@mx>"))
    room.take(a_reply(words, to=room.to(Mark.REPLY), Message_ID="<2@mx>"))

    assert room.standings == {ANA: Standing.OPTED_OUT}
    assert [address for address, _ in room.answers] == [ANA]
    assert all(reply.handled_at for reply in room.replies)


def test_who_writes_from_elsewhere_leaves_with_the_address_we_wrote_to(room: Room) -> None:
    room.take(a_reply("unsubscribe", sender="ana@work.example", to=room.to(Mark.REPLY)))

    assert room.standings == {ANA: Standing.OPTED_OUT}
    assert [address for address, _ in room.answers] == [ANA]


def test_a_wish_to_leave_from_an_address_on_file_needs_no_mark(room: Room) -> None:
    room.take(a_reply("unsubscribe", sender=ANA))

    assert room.standings == {ANA: Standing.OPTED_OUT}


def test_a_wish_to_leave_from_a_stranger_waits_for_a_person(room: Room) -> None:
    room.take(a_reply("unsubscribe", sender="who@example.com"))

    (reply,) = room.replies
    assert (reply.verdict, reply.handled_at) == (ReplyVerdict.OPT_OUT, None)
    assert room.standings == {"who@example.com": Standing.REVIEW}
    assert room.answers == []


def test_invented_strangers_who_leave_are_written_down_only_so_often(room: Room) -> None:
    many = replies.MOST_STRANGERS + 3
    mails = [a_reply("unsubscribe", sender=f"s{number}@example.com") for number in range(many)]

    room.take(*mails, a_reply("I don't want to get these emails any more", sender=ANA))

    assert len(room.standings) == replies.MOST_STRANGERS + 1
    assert room.standings[ANA] == Standing.REVIEW
    assert [reply.handled_at for reply in room.replies] == [None] * (many + 1)
    room.now += timedelta(days=1)
    room.take(a_reply("unsubscribe", sender="next@example.com"))
    assert room.standings["next@example.com"] == Standing.REVIEW


def test_what_may_be_a_wish_to_leave_holds_everything_for_a_person(room: Room) -> None:
    room.take(a_reply("I don't want to get these emails any more", to=room.to(Mark.REPLY)))

    (reply,) = room.replies
    assert (reply.verdict, reply.handled_at) == (ReplyVerdict.MAYBE_OPT_OUT, None)
    assert room.standings == {ANA: Standing.REVIEW}


@pytest.mark.parametrize("written", ["", "Please stop", "anything at all"])
def test_an_email_to_the_address_that_unsubscribes_does_so(room: Room, written: str) -> None:
    mail = a_reply(written, sender="x@y.example", to=room.to(Mark.LEAVE), Subject="unsubscribe")

    assert room.take(mail) == {Kind.LEAVE: 1}

    assert room.standings == {ANA: Standing.OPTED_OUT}
    assert room.answers == []  # a program pressed it; nobody waits for a letter


def test_where_addresses_have_no_tokens_the_subject_unsubscribes(room: Room) -> None:
    leave = routes(SECRET, OwnMailbox(OURS, tagged=False))(room.copy_id).leave
    subject = leave.partition("subject=")[2].replace("%20", " ")

    room.take(a_reply("", sender="x@y.example", Subject=subject))

    assert room.standings == {ANA: Standing.OPTED_OUT}


def test_a_token_for_answers_does_not_unsubscribe_by_itself(room: Room) -> None:
    room.take(a_reply("Gracias por todo.", to=room.to(Mark.REPLY)))

    assert room.standings == {}


# Machines


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "auto_reply"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "Fuera"},
        {"Return_Path": "<>"},
        {"Subject": "Automatic reply: Call today"},
        {"Subject": "Out of Office: Call today"},
        {"Subject": "Respuesta automática: Llame hoy"},
        {"Subject": "Fuera de la oficina"},
    ],
)
def test_what_a_machine_answers_is_counted_and_no_more(room: Room, headers: dict[str, str]) -> None:
    mail = a_reply("STOP writing, I am away. HELP: call Ben.", to=room.to(Mark.REPLY), **headers)

    assert room.take(mail) == {Kind.AUTOMATIC: 1}

    assert (room.replies, room.standings, room.answers) == ([], {}, [])
    assert room.conn.execute(select(MailTally.kind, MailTally.count)).one() == ("automatic", 1)


@pytest.mark.parametrize("subject", ["Re: Call today", "Officers out of control", "A vacation"])
def test_a_persons_subject_is_no_machines(room: Room, subject: str) -> None:
    assert room.take(a_reply("Hello.", to=room.to(Mark.REPLY), Subject=subject)) == {Kind.REPLY: 1}


def test_our_own_email_that_comes_back_is_nobodys_reply(room: Room) -> None:
    assert room.take(a_reply("STOP", sender="alerts@example.org")) == {Kind.OWN: 1}

    assert room.replies == []


def test_our_answer_meets_a_machine_that_answers_everything(room: Room) -> None:
    """It says nothing of being one, and repeats what we say: HELP, and "Reply STOP"."""
    said = "HELP"
    for turn in range(50):
        room.take(a_reply(said, to=room.to(Mark.REPLY), Message_ID=f"<{turn}@robot>"))
        texts = room.conn.scalars(select(MessageText.body).where(MessageText.body != ""))
        said = next((text for text in texts if "STOP" in text), "HELP")
        said = "HELP" if turn % 2 else said

    assert len(room.answers) == 1


def test_two_machines_do_not_go_on_for_weeks(room: Room) -> None:
    for day in range(60):
        room.now += timedelta(days=1)
        room.take(a_reply("help", to=room.to(Mark.REPLY), Message_ID=f"<{day}@robot>"))

    assert len(room.answers) <= 10


def test_a_stranger_who_asks_for_help_by_email_waits_for_a_person(room: Room) -> None:
    room.take(a_reply("HELP", sender="victim@example.com"), a_reply("HELP", sender=ANA))

    assert [address for address, _ in room.answers] == [ANA]
    waits = [(reply.address, reply.handled_at is None) for reply in room.replies]
    assert waits == [("victim@example.com", True), (ANA, False)]


def test_help_goes_to_only_so_many_a_day(room: Room) -> None:
    many = [f"p{number}@example.org" for number in range(replies.MOST_HELPED + 2)]
    for each in many:
        make_contact(room.conn, "Ana", phone=None, email=each)

    room.take(*(a_reply("HELP", sender=each) for each in many))

    assert len(room.answers) == replies.MOST_HELPED
    assert [reply.handled_at for reply in room.replies][-2:] == [None, None]
    room.now += timedelta(days=1)
    room.take(a_reply("help", sender=many[-1]))
    assert len(room.answers) == replies.MOST_HELPED + 1


# What was forgotten, or never was


def test_a_mark_of_a_copy_that_is_forgotten_does_nothing_to_anybody(room: Room) -> None:
    to, leave = room.to(Mark.REPLY), room.to(Mark.LEAVE)
    bounced = a_report(to=room.to(Mark.BOUNCE))
    room.conn.execute(update(Delivery).values(address=None, contact_id=None))

    room.take(bounced, a_reply("x", sender=BEN, to=leave), a_reply("STOP", sender=BEN, to=to))

    assert room.standings == {BEN: Standing.REVIEW}


def test_one_address_of_two_people_leaves_for_both(room: Room) -> None:
    other = make_contact(room.conn, "Luz", email=None)
    make_address(room.conn, other, Channel.EMAIL, ANA)

    room.take(a_reply("unsubscribe", to=room.to(Mark.REPLY)))

    evidence = select(Consent.evidence).where(Consent.standing == Standing.OPTED_OUT.value)
    assert room.standings == {ANA: Standing.OPTED_OUT}
    assert room.conn.scalars(evidence).all() == ["unsubscribe"]


# What we answer


def composed(conn: Connection, message_id: int, now: datetime) -> list[Email]:
    """The copies of a message as they would leave."""
    house = Identity("Sister Cities", "1 Street", "https://x.example", SECRET, mailbox=MAILBOX)
    message = compositions(conn, message_id, house)
    rows = conn.execute(select(Delivery).where(Delivery.message_id == message_id))
    ana = Person("en", "Ana", "Rivas", "Madison", "53703", "WI", 2)
    claims = [Claim(row.id, 1, row.contact_id, row.address, row.language, ana) for row in rows]
    found = [each.item for each in compose(claims, Channel.EMAIL, message, {}, house, now)]
    return [item for item in found if isinstance(item, Email)]


def test_an_organizers_answer_stands_under_what_it_answers(room: Room, now: datetime) -> None:
    sent = {"References": f"<w@mx> {room.message_mark}", "Message_ID": "<y@mx>"}
    room.take(a_reply("Which office?", to=room.to(Mark.REPLY), Subject="RE: Call today", **sent))
    (reply,) = room.replies
    asked = wanted(room.conn, reply.id, "The one in Madison.", channel="email")

    answer_id = write_answer(room.conn, NoJobs(), reply.id, asked, HOUSE, now=now)

    found = select(WrittenAnswer.message_id).where(WrittenAnswer.id == answer_id)
    (item,) = composed(room.conn, room.conn.execute(found).scalar_one(), now)
    assert item.words.subject == ("Re: Call today",)
    assert item.route.in_reply_to == "<y@mx>"
    assert item.route.references == f"<w@mx> {room.message_mark} <y@mx>"
    assert not item.route.automatic
    again = a_reply("Thanks!", to=item.route.reply_to, In_Reply_To=f"<{item.route.message_id}@x>")
    room.take(again)
    assert room.replies[-1].contact_id == room.contact_id


def test_what_we_answer_by_ourselves_says_so(room: Room, now: datetime) -> None:
    room.take(a_reply("HELP", to=room.to(Mark.REPLY)))

    found = select(Message.id).where(Message.kind == MessageKind.REPLY.value)
    (item,) = composed(room.conn, room.conn.execute(found).scalar_one(), now)
    assert item.route.automatic
    assert item.route.return_path.startswith("mail+b")


def test_an_alert_says_neither(room: Room, now: datetime) -> None:
    (item,) = composed(room.conn, room.message_id, now)

    assert (item.route.automatic, item.route.in_reply_to) == (False, "")
    assert item.route.leave.startswith("mailto:mail+u")
