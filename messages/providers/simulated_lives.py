"""What becomes of one kept message, decided by seeded chance: delivered, bounced, answered, left."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from messages.providers.outbox import Kept


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the invented people and carriers behave; shares are of all messages of the channel."""

    seed: int = 0
    delivery_seconds: float = 2.0  # until a copy has arrived, on average
    reaction_seconds: float = 20.0  # until a person does something about it, on average
    undelivered: float = 0.03  # texts that fail on the way
    bounced: float = 0.02  # emails that come back
    blocked: float = 0.01  # emails the receiving server refuses for now
    silent: float = 0.02  # no receipt ever comes
    doubled: float = 0.10  # receipts that come twice
    disordered: float = 0.10  # messages whose receipts come in any order
    visited: float = 0.30  # people who open the page they are asked to open
    called: float = 0.60  # of those: who then tell how their call went
    replied: float = 0.06  # texts answered with an outcome or in free words
    stopped: float = 0.02  # texts answered with STOP or ALTO
    asked_help: float = 0.01
    unsubscribed: float = 0.01  # emails left by their mail program's button
    complained: float = 0.002


class Act(Enum):
    """What happens in one step."""

    STATUS = auto()  # a Twilio status callback
    EVENT = auto()  # a SendGrid event
    REPLY = auto()  # an incoming text
    VISIT = auto()  # the page in the message is opened
    CALL = auto()  # the page is opened and an outcome told
    UNSUBSCRIBE = auto()  # one-click


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens some time after a message was kept."""

    after: float  # seconds
    act: Act
    word: str = ""  # the status, the event's name, the reply's text, or the outcome
    details: dict[str, str] = field(default_factory=dict)


CARRIER_CODES = ("30003", "30005", "30006")
OUTCOMES = ("spoke", "spoke", "voicemail", "voicemail", "no_answer", "wrong_number")
REPLIES = {
    "en": ("1", "2", "3", "I just called, the aide took my message.", "Who is this?"),
    "es": ("1", "2", "3", "Ya llamé, me atendió una asistente.", "¿Quién escribe?"),
}
STOPS = {"en": ("STOP", "Stop", "Unsubscribe"), "es": ("ALTO", "alto", "STOP")}
HELPS = {"en": ("HELP",), "es": ("AYUDA",)}
_SPANISH = re.compile(r"[áéíóúñ¿¡]|\bALTO\b", re.IGNORECASE)


def life(kept: Kept, behaviour: Behaviour) -> list[Step]:
    """Everything that will happen to one message; the same seed gives the same life."""
    chance = random.Random(f"{behaviour.seed} {kept.ticket.delivery_id} {kept.ticket.attempt}")  # noqa: S311 - a play, not a secret
    if chance.random() < behaviour.silent:
        return []
    sms = kept.channel == "sms"
    receipts, arrived = _text_receipts(behaviour, chance) if sms else _events(behaviour, chance)
    steps = _timed(_doubled(receipts, behaviour, chance), behaviour, chance)
    if arrived:
        steps += _text_reactions(kept, behaviour, chance) if sms else _reactions(behaviour, chance)
    return steps


def _text_receipts(behaviour: Behaviour, chance: random.Random) -> tuple[list[Step], bool]:
    failed = chance.random() < behaviour.undelivered
    last = (
        Step(0, Act.STATUS, "undelivered", {"ErrorCode": chance.choice(CARRIER_CODES)})
        if failed
        else Step(0, Act.STATUS, "delivered")
    )
    return [Step(0, Act.STATUS, "queued"), Step(0, Act.STATUS, "sent"), last], not failed


def _events(behaviour: Behaviour, chance: random.Random) -> tuple[list[Step], bool]:
    processed = Step(0, Act.EVENT, "processed")
    drawn = chance.random()
    if drawn < behaviour.bounced:
        hard = {"type": "bounce", "status": "5.1.1", "bounce_classification": "Invalid Address"}
        return [processed, Step(0, Act.EVENT, "bounce", hard)], False
    if drawn < behaviour.bounced + behaviour.blocked:
        soft = {"type": "blocked", "status": "5.7.1", "bounce_classification": "Reputation"}
        return [processed, Step(0, Act.EVENT, "bounce", soft)], False
    return [processed, Step(0, Act.EVENT, "delivered", {"response": "250 OK"})], True


def _doubled(receipts: Sequence[Step], behaviour: Behaviour, chance: random.Random) -> list[Step]:
    arriving = [one for one in receipts for _ in range(1 + (chance.random() < behaviour.doubled))]
    if chance.random() < behaviour.disordered:
        chance.shuffle(arriving)
    return arriving


def _timed(receipts: Sequence[Step], behaviour: Behaviour, chance: random.Random) -> list[Step]:
    """Give receipts their moments; the first often comes before our own request is answered."""
    pause = behaviour.delivery_seconds / max(len(receipts) - 1, 1)
    moments, now = [], 0.0
    for one in receipts:
        moments.append(Step(now, one.act, one.word, one.details))
        now += chance.uniform(0.5, 1.5) * pause
    return moments


def _text_reactions(kept: Kept, behaviour: Behaviour, chance: random.Random) -> list[Step]:
    language = "es" if _SPANISH.search(kept.text) else "en"
    drawn = chance.random()
    for share, words in (
        (behaviour.stopped, STOPS),
        (behaviour.asked_help, HELPS),
        (behaviour.replied, REPLIES),
    ):
        if drawn < share:
            return [Step(_later(behaviour, chance), Act.REPLY, chance.choice(words[language]))]
        drawn -= share
    return _visit(behaviour, chance)


def _reactions(behaviour: Behaviour, chance: random.Random) -> list[Step]:
    drawn = chance.random()
    if drawn < behaviour.unsubscribed:
        return [Step(_later(behaviour, chance), Act.UNSUBSCRIBE)]
    if drawn < behaviour.unsubscribed + behaviour.complained:
        return [Step(_later(behaviour, chance), Act.EVENT, "spamreport")]
    return _visit(behaviour, chance)


def _visit(behaviour: Behaviour, chance: random.Random) -> list[Step]:
    if chance.random() >= behaviour.visited:
        return []
    if chance.random() >= behaviour.called:
        return [Step(_later(behaviour, chance), Act.VISIT)]
    return [Step(_later(behaviour, chance), Act.CALL, chance.choice(OUTCOMES))]


def _later(behaviour: Behaviour, chance: random.Random) -> float:
    # Most people who do something do it soon.
    waiting = min(chance.expovariate(1.0), 4.0)
    return behaviour.delivery_seconds * 2 + behaviour.reaction_seconds * waiting
