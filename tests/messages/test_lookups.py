"""What a look-up makes of an unknown copy: only a proof moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.lookups import (
    AGAIN,
    COULD_NOT_ASK,
    NOBODY,
    SELDOM,
    SKEW,
    Case,
    Decision,
    Found,
    Others,
    decide,
)
from messages.providers.lookup import (
    Candidate,
    CouldNotAsk,
    Finding,
    Likeness,
    Listed,
    NothingToAsk,
)
from messages.providers.provider import Verdict

CLAIMED = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)
NOTED = CLAIMED + timedelta(seconds=15)
NOW = CLAIMED + timedelta(minutes=2)
DAY = timedelta(hours=24)


def case(**changes: object) -> Case:
    values: dict[str, object] = {"claimed_at": CLAIMED, "noted_at": NOTED, "looks": 0, **changes}
    return Case(**values)  # type: ignore[arg-type] # a test may give any field


def candidate(
    sid: str = "SM1", like: Likeness = Likeness.SAME, at: datetime = CLAIMED
) -> Candidate:
    return Candidate(sid, Verdict.SENT, at, like)


def told(
    finding: Finding, others: Others = NOBODY, *, now: datetime = NOW, **changes: object
) -> Decision:
    return decide(case(**changes), finding, others, resend_after=None, now=now)


SAME, OWN, UNREADABLE = (
    candidate(like=like) for like in (Likeness.SAME, Likeness.OWN, Likeness.UNREADABLE)
)


@pytest.mark.parametrize(
    ("candidates", "others", "found"),
    [
        ([], NOBODY, Found.NOT_FOUND),
        ([SAME], NOBODY, Found.FOUND),
        ([OWN], NOBODY, Found.FOUND),
        # Another alert with the very same words waits for the same proof.
        ([SAME], Others(rivals=1), Found.SEVERAL),
        # Their own link is in it: that it waits too does not matter.
        ([OWN], Others(rivals=1), Found.FOUND),
        # What belongs to another of our copies is no proof for this one.
        ([SAME], Others(frozenset({"SM1"})), Found.NOT_FOUND),
        ([SAME, candidate("SM2")], Others(frozenset({"SM1"})), Found.FOUND),
        ([SAME, candidate("SM2")], NOBODY, Found.SEVERAL),
        ([OWN, candidate("SM2", Likeness.OWN)], NOBODY, Found.SEVERAL),
        ([UNREADABLE], NOBODY, Found.SEVERAL),
        ([SAME, candidate("SM2", Likeness.UNREADABLE)], NOBODY, Found.SEVERAL),
        # From before the claim it is an earlier try's, but clocks differ by seconds.
        ([candidate(at=CLAIMED - SKEW)], NOBODY, Found.FOUND),
        ([candidate(at=CLAIMED - SKEW - timedelta(seconds=1))], NOBODY, Found.NOT_FOUND),
        ([candidate(at=CLAIMED + timedelta(minutes=9))], NOBODY, Found.FOUND),
    ],
)
def test_exactly_one_message_that_is_nobody_elses_is_a_proof(
    candidates: list[Candidate], others: Others, found: Found
) -> None:
    decision = told(Listed(tuple(candidates)), others)

    assert decision.found is found
    assert (decision.proof is not None) is (found is Found.FOUND)


def test_looks_become_rarer_and_end_with_a_person() -> None:
    looks = [told(Listed(), looks=number).next_look_at for number in range(len(AGAIN) + 1)]

    assert looks == [*(NOW + pause for pause in AGAIN), None]


def test_what_may_be_several_is_a_persons_at_once() -> None:
    assert told(Listed((SAME, candidate("SM2")))).next_look_at is None


def test_a_provider_that_does_not_answer_is_asked_ever_more_seldom_but_always_again() -> None:
    pauses = [
        (told(CouldNotAsk(), now=NOTED + age).next_look_at or NOW) - NOTED - age
        for age in (timedelta(0), timedelta(hours=4), timedelta(days=9))
    ]

    assert pauses == [COULD_NOT_ASK, timedelta(hours=1), SELDOM]


def test_a_provider_that_asks_us_to_wait_longer_is_heard() -> None:
    assert told(CouldNotAsk(600)).next_look_at == NOW + timedelta(minutes=10)


def by_waiting(now: datetime, resend_after: timedelta | None, **changes: object) -> Decision:
    return decide(case(**changes), NothingToAsk(DAY), resend_after=resend_after, now=now)


def test_events_are_waited_for_before_a_person_is_asked() -> None:
    assert by_waiting(NOW, None) == Decision(Found.NOTHING_TO_ASK, NOTED + DAY)
    assert by_waiting(NOTED + DAY, None) == Decision(Found.NOTHING_TO_ASK)


def test_a_relay_that_tells_nothing_leaves_it_to_a_person_at_once() -> None:
    assert told(NothingToAsk(timedelta(0))) == Decision(Found.NOTHING_TO_ASK)


def test_the_policy_resends_an_email_once_and_only_after_its_time() -> None:
    wait = timedelta(hours=30)

    assert by_waiting(NOTED + DAY, wait) == Decision(Found.NOTHING_TO_ASK, NOTED + wait)
    assert by_waiting(NOTED + wait, wait).resend
    assert not by_waiting(NOTED + wait, wait, approved_sends=2).resend
    assert not by_waiting(NOTED + wait, wait, may_be_sent=False).resend


candidates = st.lists(
    st.builds(
        Candidate,
        st.sampled_from(["SM1", "SM2", "SM3"]),
        st.sampled_from(Verdict),
        st.integers(-20, 20).map(lambda seconds: CLAIMED + timedelta(seconds=seconds)),
        st.sampled_from(Likeness),
    ),
    max_size=4,
    unique_by=lambda one: one.provider_id,
)
findings = st.one_of(
    candidates.map(lambda found: Listed(tuple(found))),
    st.builds(CouldNotAsk, st.none() | st.floats(0, 10_000)),
    st.builds(NothingToAsk, st.sampled_from([timedelta(0), DAY])),
)


@given(
    findings,
    st.frozensets(st.sampled_from(["SM1", "SM2", "SM3"])),
    st.integers(0, 2),
    st.integers(0, 9),
    st.integers(1, 3),
    st.none() | st.just(DAY),
    st.integers(0, 10**6),
)
def test_nothing_is_settled_without_a_proof_or_resent_where_there_is_a_list(
    finding: Finding,
    known: frozenset[str],
    rivals: int,
    looks: int,
    approved: int,
    policy: timedelta | None,
    age: int,
) -> None:
    now = NOTED + timedelta(seconds=age)
    decision = decide(
        case(looks=looks, approved_sends=approved),
        finding,
        Others(known, rivals),
        resend_after=policy,
        now=now,
    )

    if decision.proof is not None:
        assert decision.proof.provider_id not in known
        assert decision.proof.created_at >= CLAIMED - SKEW
        assert decision.proof.likeness is Likeness.OWN or not rivals
    if decision.resend:
        assert isinstance(finding, NothingToAsk)
        assert (policy, approved) == (DAY, 1)
        assert age >= DAY.total_seconds()
    assert decision.next_look_at is None or decision.next_look_at > now
