"""What follows an alert for one person: each copy once, and only to whom may be written to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, delete, insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from actions.models import Response
from actions.targets import targets_by_key
from alerts.asking import ask_how_it_went, write_due
from alerts.models import Alert
from alerts.steering import Act, steer
from database.jobs import EmbeddedJobs
from messages import counts
from messages.eligibility import recent_messages
from messages.house import HouseRules
from messages.identity import Identity
from messages.models import Click, Delivery, Message, MessageStatus, MessageText, Reply, Status
from messages.progress import progress
from messages.prompt_models import Prompt, PromptKind, Suggestion
from messages.prompting import AlreadyReminded, Wish, ask_for, take_back, write_copy
from messages.providers.provider import Inbound
from messages.replies import receive
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_message,
)

PHONE = "+16085550142"
HOUSE_SEAT, SENATE_SEAT = "us:house:WI:2", "us:senate:WI:1"
IDENTITY = Identity("Red", "PO Box 1", "https://llamado.example.org", "5e" * 32)
RULES = HouseRules(identity=IDENTITY, weekly_cap=3)
HOURS = timedelta(hours=1)


class Story:
    """One alert, and Amina, who got it."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        load_invented_officials(conn)
        self.conn, self.now = conn, now
        self.jobs = EmbeddedJobs()
        self.alert: Alerted = make_alert(conn)
        self.amina = make_contact(conn, "Amina", phone=PHONE)
        self.copy = make_delivery(conn, self.alert.message_id, self.amina, status=Status.DELIVERED)

    def wish(self, **values: Any) -> Wish:
        usual: dict[str, Any] = {
            "kind": PromptKind.REMIND,
            "action_id": self.alert.action_id,
            "contact_id": self.amina,
            "source_id": self.alert.message_id,
            "channel": "sms",
            "target": HOUSE_SEAT,
            "named": {"en": "Rep. Encina", "es": "Congr. Encina"},
            "due_at": self.now,
            "until": self.now + HOURS,
        }
        return Wish(**(usual | values))

    def tick(self, now: datetime | None = None) -> int:
        return write_due(self.conn, self.jobs, house=RULES, now=now or self.now)

    def prompts(self) -> list[Any]:
        return list(self.conn.execute(select(Prompt).order_by(Prompt.id)))

    def ask(self, *, hours: int = 2) -> int:
        """Let Amina open her link and be asked some hours later."""
        chosen = update(Alert).where(Alert.id == self.alert.alert_id)
        self.conn.execute(chosen.values(ask_hours=hours))
        self.conn.execute(insert(Click).values(delivery_id=self.copy, at=self.now))
        return ask_how_it_went(self.conn, now=self.now + hours * HOURS)

    def asked(self) -> None:
        """The question has gone out."""
        self.ask()
        self.now += 2 * HOURS
        assert self.tick() == 1
        sent = update(Delivery).where(Delivery.id == self.prompts()[0].delivery_id)
        self.conn.execute(sent.values(status=int(Status.DELIVERED)))

    def reply(self, body: str) -> None:
        inbound = Inbound(channel="sms", address=PHONE, body=body, key="SM1")
        receive(
            self.conn,
            self.jobs,
            inbound,
            public_url="https://us.example",
            network="Red",
            default_language="en",
            now=self.now,
        )

    def told(self) -> dict[str, str]:
        rows = self.conn.execute(select(Response.target, Response.outcome))
        return {row.target: row.outcome for row in rows}

    def thanks(self) -> int:
        found = select(MessageText.sms).where(MessageText.sms.contains("Thank you for your call"))
        copies = select(Delivery.id).join(Message, Message.id == Delivery.message_id)
        keyed = copies.where(Message.key.like("answer:noted:%"))
        assert len(self.conn.execute(found).all()) <= 1
        return len(self.conn.execute(keyed).all())


@pytest.fixture
def story(conn: Connection, now: datetime) -> Story:
    return Story(conn, now)


def test_a_due_reminder_becomes_one_delivery_however_often_the_tick_runs(story: Story) -> None:
    ask_for(story.conn, story.wish())

    assert [story.tick() for _ in range(3)] == [1, 0, 0]

    (prompt,) = story.prompts()
    copy = story.conn.execute(select(Delivery).where(Delivery.id == prompt.delivery_id)).one()
    message = story.conn.execute(select(Message).where(Message.id == copy.message_id)).one()
    assert (copy.address, copy.status) == (PHONE, Status.PENDING)
    assert (message.expires_at, message.weekly_cap) == (story.now + HOURS, 3)
    assert message.scopes == ["network"]
    equation = progress(story.conn, message.id, now=story.now).equation
    assert equation.balanced
    assert equation.waiting == 1
    assert counts.waiting(story.conn, message.id) == 1


def test_a_second_wish_moves_the_first_and_it_can_be_taken_back(story: Story) -> None:
    ask_for(story.conn, story.wish(due_at=story.now + HOURS, until=story.now + 2 * HOURS))
    ask_for(story.conn, story.wish(due_at=story.now + 2 * HOURS, until=story.now + 3 * HOURS))
    assert [each.due_at for each in story.prompts()] == [story.now + 2 * HOURS]

    take_back(story.conn, story.alert.action_id, story.amina, HOUSE_SEAT, story.now)

    assert story.tick(story.now + 2 * HOURS) == 0
    ask_for(story.conn, story.wish())
    assert story.tick() == 1


def test_who_has_been_reminded_is_not_again(story: Story) -> None:
    ask_for(story.conn, story.wish())
    story.tick()

    with pytest.raises(AlreadyReminded):
        ask_for(story.conn, story.wish(due_at=story.now + HOURS, until=story.now + 2 * HOURS))


@pytest.mark.parametrize(
    ("status", "later", "why"),
    [
        (MessageStatus.STOPPED, timedelta(), "stopped"),
        (MessageStatus.EXPIRED, timedelta(), "over"),
        (MessageStatus.SENDING, HOURS, "late"),
        (MessageStatus.PAUSED, HOURS, "late"),
    ],
)
def test_a_reminder_nobody_wants_any_more_is_dropped_with_its_reason(
    story: Story, status: MessageStatus, later: timedelta, why: str
) -> None:
    ask_for(story.conn, story.wish())
    mine = update(Message).where(Message.id == story.alert.message_id)
    story.conn.execute(mine.values(status=status))

    story.tick(story.now + later)

    assert [(each.dropped, each.delivery_id) for each in story.prompts()] == [(why, None)]


def test_while_the_alert_is_paused_a_reminder_waits(story: Story) -> None:
    ask_for(story.conn, story.wish())
    mine = update(Message).where(Message.id == story.alert.message_id)
    story.conn.execute(mine.values(status=MessageStatus.PAUSED))
    assert story.tick() == 0

    story.conn.execute(mine.values(status=MessageStatus.SENDING))
    assert story.tick() == 1


def test_while_its_own_message_is_paused_the_next_persons_reminder_waits(story: Story) -> None:
    ben = make_contact(story.conn, "Ben", phone="+16085550143")
    ask_for(story.conn, story.wish())
    story.tick()
    own = select(Delivery.message_id).join(Prompt, Prompt.delivery_id == Delivery.id)
    mine = update(Message).where(Message.id == story.conn.scalar(own))
    story.conn.execute(mine.values(status=MessageStatus.PAUSED))
    ask_for(story.conn, story.wish(contact_id=ben))

    assert story.tick() == 0
    assert [each.dropped for each in story.prompts()] == ["", ""]
    story.conn.execute(mine.values(status=MessageStatus.SENDING))
    assert story.tick() == 1
    assert None not in [each.delivery_id for each in story.prompts()]


def test_a_reminder_that_waits_for_its_paused_message_comes_too_late(story: Story) -> None:
    ben = make_contact(story.conn, "Ben", phone="+16085550143")
    ask_for(story.conn, story.wish())
    story.tick()
    own = update(Message).where(Message.id != story.alert.message_id)
    story.conn.execute(own.values(status=MessageStatus.PAUSED))
    ask_for(story.conn, story.wish(contact_id=ben))

    assert story.tick(story.now + HOURS) == 1
    assert story.prompts()[1].dropped == "late"


def test_a_message_paused_in_the_same_instant_leaves_the_reminder_unsettled(story: Story) -> None:
    ben = make_contact(story.conn, "Ben", phone="+16085550143")
    ask_for(story.conn, story.wish())
    story.tick()
    own = update(Message).where(Message.id != story.alert.message_id)
    story.conn.execute(own.values(status=MessageStatus.PAUSED))
    ask_for(story.conn, story.wish(contact_id=ben))
    prompt = story.prompts()[1]

    why = write_copy(story.conn, story.jobs, prompt, house=RULES, now=story.now)

    assert why == "paused"
    assert (story.prompts()[1].settled_at, story.prompts()[1].dropped) == (None, "")


def test_a_reminder_takes_nobodys_place_under_the_weekly_cap(story: Story) -> None:
    ask_for(story.conn, story.wish())
    story.tick()
    other = make_message(story.conn, launched_at=story.now)

    recent = recent_messages(story.conn, now=story.now + HOURS)

    own = story.conn.scalar(select(Message.id).where(Message.key.like("prompt:%")))
    assert own is not None
    assert own not in recent
    assert other in recent


def test_two_schedulers_settle_prompts_one_after_the_other(
    postgres_url: str, now: datetime
) -> None:
    # Each locks the messages of its prompts in the prompts' order: side by side they could deadlock.
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.begin() as conn:
        ask_for(conn, Story(conn, now).wish())
    with engine.begin() as first, engine.connect() as second:
        assert write_due(first, EmbeddedJobs(), house=RULES, now=now) == 1
        second.execute(text("SET LOCAL lock_timeout = '200ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            write_due(second, EmbeddedJobs(), house=RULES, now=now)
    with engine.begin() as conn:
        assert write_due(conn, EmbeddedJobs(), house=RULES, now=now) == 0


def test_who_has_called_by_then_is_not_reminded(story: Story) -> None:
    ask_for(story.conn, story.wish())
    story.conn.execute(
        insert(Response).values(
            action_id=story.alert.action_id,
            contact_id=story.amina,
            who=f"contact:{story.amina}",
            target=HOUSE_SEAT,
            outcome="spoke",
            channel="web",
            note="",
            at=story.now,
        )
    )
    story.tick()

    assert story.prompts()[0].dropped == "told"


def test_stopping_the_alert_calls_off_a_reminder_that_waits_for_its_sender(story: Story) -> None:
    ask_for(story.conn, story.wish())
    story.tick()

    steer(story.conn, story.jobs, story.alert.alert_id, Act.STOP, by="organizer:1", now=story.now)

    copy = select(Delivery.status).where(Delivery.id == story.prompts()[0].delivery_id)
    assert story.conn.scalar(copy) == Status.STOPPED


def test_nobody_is_asked_unless_the_organizer_chose_so(story: Story) -> None:
    assert story.ask(hours=0) == 0


def test_who_opened_the_link_is_asked_once_of_their_first_office(story: Story) -> None:
    assert story.ask() == 1
    assert ask_how_it_went(story.conn, now=story.now + 3 * HOURS) == 0

    (prompt,) = story.prompts()
    assert (prompt.kind, prompt.target, prompt.channel) == ("ask", HOUSE_SEAT, "sms")
    assert prompt.named["en"] == "Rep. Encina"


def test_the_question_comes_no_sooner_than_chosen(story: Story) -> None:
    story.ask(hours=4)
    story.conn.execute(delete(Prompt))

    assert ask_how_it_went(story.conn, now=story.now + 3 * HOURS) == 0


def test_who_did_not_open_the_link_or_has_told_is_not_asked(story: Story) -> None:
    ben = make_contact(story.conn, "Ben")
    make_delivery(story.conn, story.alert.message_id, ben, status=Status.DELIVERED)
    story.reply("1")

    assert story.ask() == 0


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [(["2"], "voicemail"), (["1", "no, 2"], "voicemail"), (["1", "perdón, 3"], "no_answer")],
)
def test_a_code_is_about_the_office_that_the_question_named(
    story: Story, replies: list[str], outcome: str
) -> None:
    story.asked()

    for each in replies:
        story.reply(each)

    assert story.told() == {HOUSE_SEAT: outcome}
    assert story.thanks() == 1


def test_without_a_question_a_correction_is_of_the_call_told_last(story: Story) -> None:
    story.reply("1")
    story.reply("2")
    before = story.told()

    story.reply("no, 3")

    (changed,) = {key for key, outcome in story.told().items() if before[key] != outcome}
    assert (len(before), before[changed]) == (2, "voicemail")
    assert story.thanks() == 0


def test_a_code_with_an_office_is_about_that_one_before_or_after_the_name(story: Story) -> None:
    story.asked()
    senator = senators_name(story.conn, story.now)

    story.reply(f"2 {senator}")
    assert story.told() == {SENATE_SEAT: "voicemail"}

    story.reply(f"{senator}: 1")
    assert story.told() == {SENATE_SEAT: "spoke"}


def senators_name(conn: Connection, now: datetime) -> str:
    return targets_by_key(conn, [SENATE_SEAT], now=now)[0].family_name


def test_after_a_day_a_person_reads_the_correction(story: Story) -> None:
    story.asked()
    story.reply("1")
    story.now += timedelta(days=1, hours=1)

    story.reply("no, 2")

    assert story.told() == {HOUSE_SEAT: "spoke"}
    waiting = select(Suggestion.outcome, Suggestion.target).join(Reply)
    assert story.conn.execute(waiting.where(Reply.handled_at.is_(None))).all() == [
        ("voicemail", HOUSE_SEAT)
    ]


def test_own_words_wait_for_a_person_with_a_suggestion(story: Story) -> None:
    story.asked()

    story.reply("No me contestó nadie, mañana sigo")

    assert story.told() == {}
    assert story.conn.execute(select(Suggestion.outcome, Suggestion.target)).all() == [
        ("no_answer", HOUSE_SEAT)
    ]
