"""How did each way of writing do? People are counted, each once; what machines clicked is told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from actions.models import Outcome, Response
from campaigns import experiments, results, variants
from campaigns.odds import Count
from campaigns.results import Part
from campaigns.variants import Measure
from contacts.models import Contact
from messages import audience as audiences
from messages.audience import LEFT, Audience
from messages.models import Delivery

NOTHING = Part()


@dataclass(frozen=True)
class Figures:
    """What one way of writing came to."""

    left: int  # copies that left, and did not come back
    clicked: int  # copies of which a person followed a link
    machines: int  # copies of which only machines followed one
    acted: int  # copies whose person took the action
    # The same by the language that a copy was written in; {} in what an older release decided.
    languages: Mapping[str, Part] = field(default_factory=dict)

    def count(self, measure: Measure) -> Count:
        """What decides."""
        return _count(self, measure)


def figures_of(conn: Connection, message_ids: Sequence[int]) -> list[Figures]:
    """What each of these messages came to."""
    found, gone = results.read(conn, message_ids), _gone(conn, message_ids)
    return [
        Figures(
            left=each.left,
            clicked=each.clicked,
            machines=each.machines,
            acted=each.acted,
            languages={
                language: replace(parts.get(language, NOTHING), left=left)
                for language, left in gone[message_id].items()
            },
        )
        for message_id in message_ids
        for each, parts in [(found.results[message_id], found.parts[message_id].languages)]
    ]


def languages_of(figures: Sequence[Figures]) -> list[str]:
    """The languages in which copies left."""
    return sorted({language for each in figures for language in each.languages})


def strata(figures: Sequence[Figures], measure: Measure) -> list[list[Count]]:
    """What each way of writing came to, by language; all together where that is not known."""
    found = [
        [_count(each.languages.get(language, NOTHING), measure) for each in figures]
        for language in languages_of(figures)
    ]
    return found or [[each.count(measure) for each in figures]]


def stored(figures: Sequence[Figures]) -> list[dict[str, Any]]:
    """As a row keeps them."""
    return [asdict(each) for each in figures]


def read(kept: Mapping[str, Any]) -> Figures:
    """The inverse, of one."""
    languages = {code: Part(**each) for code, each in kept.get("languages", {}).items()}
    return Figures(**{**kept, "languages": languages})


def _count(found: Figures | Part, measure: Measure) -> Count:
    return Count(found.acted if measure is Measure.ACTIONS else found.clicked, found.left)


def _gone(conn: Connection, message_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many copies left in each language, however many they are."""
    columns = (Delivery.message_id, Delivery.language)
    these = (Delivery.message_id.in_(message_ids), Delivery.status.in_(LEFT))
    rows = select(*columns, func.count()).where(*these).group_by(*columns).order_by(*columns)
    found: dict[int, dict[str, int]] = {each: {} for each in message_ids}
    for message_id, language, count in conn.execute(rows):
        found[message_id][language] = count
    return found


@dataclass(frozen=True)
class Effect:
    """Whether the email did anything: who took any action since, of those it was for and of those without it."""

    written_to: Count
    held_out: Count


def effect_of(conn: Connection, experiment: Row[Any]) -> Effect | None:
    """What the people without the email tell; None: nobody was left without it.

    Everybody whom the email was for counts, written to or not, on both sides, so that both are alike.
    """
    plan = variants.read_plan(experiment.plan)
    if not plan.holdout:
        return None
    whole = audiences.read(experiment.audience)
    without = experiments.of_part(whole, experiment.salt, variants.held_out(plan))
    everybody = _acted(conn, whole, experiment.begun_at)
    held_out = _acted(conn, without, experiment.begun_at)
    written_to = Count(everybody.did - held_out.did, everybody.of - held_out.of)
    return Effect(written_to, held_out)


def _acted(conn: Connection, audience: Audience, since: datetime) -> Count:
    counted: Select[int] = select(func.count()).select_from(Contact)
    people = counted.where(audiences.belongs(audience))
    # Few act; to ask each of the others whether they did would take longer.
    acted = select(Response.contact_id).where(
        Response.outcome != Outcome.SKIPPED, Response.at >= since
    )
    did = people.where(Contact.id.in_(acted))
    return Count(conn.scalar(did) or 0, conn.scalar(people) or 0)
