"""What does a look-up make of a copy whose answer was lost? Pure: values in, a decision out.

Only a proof moves a copy: exactly one message at the provider that can be nobody else's. Finding
none proves nothing, however often we look, so an SMS then waits for a person, always.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from messages.providers.lookup import (
    Candidate,
    CouldNotAsk,
    Finding,
    Likeness,
    Listed,
    NothingToAsk,
)

# No provider promises when its list shows what it accepted; Twilio's was never seen to take a minute.
LISTING_DELAY = timedelta(seconds=60)
# An answer that we gave up on may still be worked on by the provider for as long as we waited for it.
ANSWER_TIME = timedelta(seconds=15)
# Copies are noted when our request is over: it was answered badly, it broke off, its sender's lease
# ended, or its process is proven dead. So the wait counts from the note, not from the claim.
FIRST_LOOK = ANSWER_TIME + LISTING_DELAY
# After each look that found nothing.
AGAIN = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
# Until the next try when the provider did not answer; the older the doubt, the longer the wait.
COULD_NOT_ASK = timedelta(minutes=5)
SELDOM = timedelta(hours=12)
SKEW = timedelta(seconds=5)  # providers' clocks are not ours, and Twilio's times are whole seconds


class Found(StrEnum):
    """What the last look came to."""

    FOUND = "found"
    NOT_FOUND = "not_found"  # the provider's list had nothing that could be it
    SEVERAL = "several"  # more than one thing there, or more than one of our copies, may be it
    COULD_NOT_ASK = "could_not_ask"  # the provider did not answer
    NOTHING_TO_ASK = "nothing_to_ask"  # it keeps no list that we may read


@dataclass(frozen=True, slots=True)
class Case:
    """A try whose answer was lost."""

    claimed_at: datetime
    noted_at: datetime
    looks: int  # that were answered, before this one
    approved_sends: int = 1
    may_be_sent: bool = True  # its message neither was stopped nor ran out of time


@dataclass(frozen=True, slots=True)
class Others:
    """Our other copies to the same address at the same time."""

    known: AbstractSet[str] = field(default_factory=frozenset)  # the provider's ids of theirs
    rivals: int = 0  # how many of them wait for the same proof


NOBODY = Others()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write down, and to do."""

    found: Found
    next_look_at: datetime | None = None  # None: nothing more is asked
    proof: Candidate | None = None  # settles the copy
    candidates: int = 0
    resend: bool = False  # the policy for emails says so


def decide(
    case: Case,
    finding: Finding,
    others: Others = NOBODY,
    *,
    resend_after: timedelta | None,
    now: datetime,
) -> Decision:
    """Decide what a look-up means. ``resend_after`` is the policy: None leaves it to a person."""
    match finding:
        case Listed(candidates):
            return _by_list(case, candidates, others, now)
        case CouldNotAsk(retry_seconds):
            return _unasked(case, retry_seconds, now)
        case NothingToAsk(events_for):
            return _by_waiting(case, events_for, resend_after, now)


def _by_list(
    case: Case, candidates: tuple[Candidate, ...], others: Others, now: datetime
) -> Decision:
    possible = [
        one
        for one in candidates
        if one.provider_id not in others.known and one.created_at >= case.claimed_at - SKEW
    ]
    if not possible:
        return Decision(Found.NOT_FOUND, _next_look(case, now))
    if len(possible) == 1 and _is_nobody_elses(possible[0], others):
        return Decision(Found.FOUND, proof=possible[0], candidates=1)
    return Decision(Found.SEVERAL, candidates=len(possible))


def _is_nobody_elses(candidate: Candidate, others: Others) -> bool:
    if candidate.likeness is Likeness.OWN:
        return True
    return candidate.likeness is Likeness.SAME and not others.rivals


def _next_look(case: Case, now: datetime) -> datetime | None:
    return now + AGAIN[case.looks] if case.looks < len(AGAIN) else None


def _unasked(case: Case, retry_seconds: float | None, now: datetime) -> Decision:
    by_age = min((now - case.noted_at) / 4, SELDOM)
    wait = max(COULD_NOT_ASK, by_age, timedelta(seconds=retry_seconds or 0))
    return Decision(Found.COULD_NOT_ASK, now + wait)


def _by_waiting(
    case: Case, events_for: timedelta, resend_after: timedelta | None, now: datetime
) -> Decision:
    """Wait for as long as an event may come; then the policy's word, once, or a person's."""
    until = case.noted_at + max(events_for, resend_after or timedelta(0))
    if now < until:
        return Decision(Found.NOTHING_TO_ASK, until)
    allowed = resend_after is not None and case.approved_sends == 1 and case.may_be_sent
    return Decision(Found.NOTHING_TO_ASK, resend=allowed)
