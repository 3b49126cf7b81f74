"""How did each way of writing do? People are counted, each once; what machines clicked is told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from actions.models import Outcome, Response
from campaigns import experiments, variants
from campaigns.odds import Count
from campaigns.results import results_of
from campaigns.variants import Measure
from contacts.models import Contact
from messages import audience as audiences


@dataclass(frozen=True)
class Figures:
    """What one way of writing came to."""

    left: int  # copies that left, and did not come back
    clicked: int  # copies of which a person followed a link
    machines: int  # copies of which only machines followed one
    acted: int  # copies whose person took the action

    def count(self, measure: Measure) -> Count:
        """What decides."""
        return Count(self.acted if measure is Measure.ACTIONS else self.clicked, self.left)


def figures_of(conn: Connection, message_ids: Sequence[int]) -> list[Figures]:
    """What each of these messages came to."""
    found = results_of(conn, message_ids)
    return [
        Figures(each.left, each.clicked, each.machines, each.acted)
        for each in (found[message_id] for message_id in message_ids)
    ]


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
    start, stop = variants.held_out(plan)
    since = experiment.begun_at
    return Effect(
        _acted(conn, experiment, (0, start), since), _acted(conn, experiment, (start, stop), since)
    )


def _acted(conn: Connection, experiment: Row[Any], part: tuple[int, int], since: datetime) -> Count:
    whole = audiences.read(experiment.audience)
    people = audiences.belongs(experiments.of_part(whole, experiment.salt, part))
    counted: Select[int] = select(func.count()).select_from(Contact).where(people)
    did = exists().where(
        Response.contact_id == Contact.id,
        Response.outcome != Outcome.SKIPPED,
        Response.at >= since,
    )
    return Count(conn.scalar(counted.where(did)) or 0, conn.scalar(counted) or 0)
