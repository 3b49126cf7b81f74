"""Several ways of writing one email: what is tried, on how many people, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from messages.control import Words
from messages.parts import WHOLE

MOST = 4  # ways of writing; of more, hardly any audience is large enough
LEAST_SHARE, MOST_HOLDOUT = 10, 500  # per mille
LONGEST = timedelta(days=7)  # of waiting
OPENS, CLOSES = time(8), time(20)  # in the email's zone: nothing is decided at night


class BadExperiment(ValueError):
    """What is to be tried cannot be tried so; the message says what to do."""


class Measure(StrEnum):
    """What decides. Opens never do: mail programs open what nobody reads."""

    CLICKS = "clicks"  # people who followed a link of the email
    ACTIONS = "actions"  # people who took the action that the email leads to


class Unclear(StrEnum):
    """What the others get when no way of writing is clearly better."""

    LEADER = "leader"
    FIRST = "first"
    ASK = "ask"  # a person chooses


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is tried beside the email's own words, and how it is decided."""

    # Other ways of writing, each by language; an empty subject or body is the email's own.
    others: Sequence[Mapping[str, Words]]
    share: int = 200  # of the audience, per mille, that takes part
    holdout: int = (
        0  # per mille, that get nothing, so that one sees whether the email does anything
    )
    wait_minutes: int = 240  # after the last copy of them has left
    measure: Measure = Measure.CLICKS
    unclear: Unclear = Unclear.LEADER


def check(plan: Plan, texts: Mapping[str, Words], *, has_action: bool) -> None:
    """Whether this can be tried with an email of these words. Raises BadExperiment."""
    written = variants(plan, texts)
    if not plan.others or len(written) > MOST:
        raise BadExperiment("Write another subject to try: one to three beside the first.")
    for language in texts:
        said = [(each[language].subject.casefold(), each[language].body) for each in written]
        if len(set(said)) < len(said):
            raise BadExperiment("Two of the subjects are the same; write each in other words.")
    if not LEAST_SHARE <= plan.share <= WHOLE - plan.holdout:
        raise BadExperiment(
            "Choose how many take part: at least 1 %, and all but who gets nothing at most."
        )
    if not 0 <= plan.holdout <= MOST_HOLDOUT:
        raise BadExperiment("At most half of the people can be left without the email.")
    if not 1 <= plan.wait_minutes <= LONGEST.total_seconds() / 60:
        raise BadExperiment("Choose how long to wait: seven days at most.")
    if plan.measure is Measure.ACTIONS and not has_action:
        raise BadExperiment("This email leads to no action, so clicks must decide.")


def variants(plan: Plan, texts: Mapping[str, Words]) -> list[dict[str, Words]]:
    """Each way of writing the email, by language; the email's own first."""
    return [
        dict(texts),
        *({code: _beside(each, code, texts) for code in texts} for each in plan.others),
    ]


def _beside(other: Mapping[str, Words], language: str, texts: Mapping[str, Words]) -> Words:
    own, words = texts[language], other.get(language, Words())
    return Words(subject=words.subject or own.subject, body=words.body or own.body)


def shares(plan: Plan) -> list[tuple[int, int]]:
    """Which lots get each way of writing: from, and up to but not including."""
    count = len(plan.others) + 1
    cuts = [plan.share * place // count for place in range(count + 1)]
    return list(pairwise(cuts))


def rest(plan: Plan) -> tuple[int, int]:
    """Which lots wait for the decision."""
    return plan.share, WHOLE - plan.holdout


def some_wait(plan: Plan) -> bool:
    """Whether anybody waits for the decision; not where all take part."""
    start, stop = rest(plan)
    return start < stop


def held_out(plan: Plan) -> tuple[int, int]:
    """Which lots get nothing."""
    return WHOLE - plan.holdout, WHOLE


def write(plan: Plan | None) -> dict[str, Any]:
    """As an email keeps it; {} for none."""
    if plan is None:
        return {}
    return {
        "others": [
            {code: {"subject": words.subject, "body": words.body} for code, words in each.items()}
            for each in plan.others
        ],
        "share": plan.share,
        "holdout": plan.holdout,
        "wait_minutes": plan.wait_minutes,
        "measure": plan.measure,
        "unclear": plan.unclear,
    }


def read(stored: Mapping[str, Any]) -> Plan | None:
    """The inverse of ``write``."""
    return read_plan(stored) if stored else None


def read_plan(stored: Mapping[str, Any]) -> Plan:
    """The plan of an email, or of an experiment, that has one."""
    return Plan(
        others=[_words(each) for each in stored["others"]],
        share=stored["share"],
        holdout=stored["holdout"],
        wait_minutes=stored["wait_minutes"],
        measure=Measure(stored["measure"]),
        unclear=Unclear(stored["unclear"]),
    )


def _words(stored: Mapping[str, Mapping[str, str]]) -> dict[str, Words]:
    return {
        code: Words(subject=each["subject"], body=each["body"]) for code, each in stored.items()
    }


def by_day(at: datetime, zone: str) -> datetime:
    """The same instant, or the next one at which it is day in a zone."""
    here = at.astimezone(ZoneInfo(zone))
    if OPENS <= here.time() < CLOSES:
        return at
    day = here.date() if here.time() < OPENS else here.date() + timedelta(days=1)
    return datetime.combine(day, OPENS, tzinfo=here.tzinfo).astimezone(at.tzinfo)
