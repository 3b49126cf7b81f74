"""Everybody's fate before the launch, as the page tells it: each line with the people behind it.

Whoever launches and whoever approves see the same lines. Of projects whose people the viewer may not see,
only a sum is told, and to the network's office alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, bindparam, select

from actions.addressing import state_name
from alerts.preflight import Check
from contacts.models import Channel, Project
from contacts.scope import visible_projects
from messages.budgets import Tariff
from messages.eligibility import SHARED, stored_message
from messages.expecting import Expected, Money, Paces, expected, money
from messages.forecast import HELD, NOW, SKIPPED, Fate, Forecast, Split, Waiting, summed
from messages.house import HouseRules
from organizers.roles import NETWORKS, Within
from web.console.paces import clock_and_places

STATES = 3  # that a line names
NO_LIST = 0  # in place of a project: people of none
OTHERS = -1  # and of those whom the viewer does not see

_NAMES = select(Project.id, Project.name).where(
    Project.id.in_(bindparam("projects", expanding=True))
)


@dataclass(frozen=True)
class Morning:
    """Texts held until one hour in zones that people call by one name."""

    opens_at: datetime
    zones: tuple[str, ...]
    sets: tuple[int, ...]  # zone sets, for the page of its people
    states: Mapping[str, int]
    count: int

    def clock(self, language: str) -> str:
        """The hour by the clock there; "" where it is several."""
        return clock_and_places(self.opens_at, self.zones, language)[0]

    def places(self, language: str) -> str:
        """The zones by their names."""
        return clock_and_places(self.opens_at, self.zones, language)[1]

    def named_states(self, language: str) -> str:
        """The states with most of these people."""
        known = sorted((code for code in self.states if code), key=lambda code: -self.states[code])
        return ", ".join(state_name(code, language) for code in known[:STATES])

    @property
    def more_states(self) -> int:
        """States that are not named."""
        return max(0, len([code for code in self.states if code]) - STATES)

    @property
    def query(self) -> str:
        """What names it in the address of the page of its people."""
        return ".".join(map(str, self.sets))


@dataclass(frozen=True)
class ListLine:
    """What becomes of the people of one project."""

    project_id: int  # or NO_LIST or OTHERS
    name: str
    split: Split


@dataclass(frozen=True)
class Fates:
    """What the page tells of an alert's people, of its time and of its money."""

    forecast: Forecast
    names: Mapping[int, str]  # of the projects that the viewer sees
    expected: Expected | None  # as is the money, only of an alert that is stored
    money: Money | None
    tells_of_others: bool = False  # also of lists that the viewer does not see

    @property
    def texts_now(self) -> int:
        """Texts that leave as soon as it is launched."""
        return self.forecast.total(Channel.SMS, NOW)

    @property
    def texts_held(self) -> int:
        """Texts that wait for their people's morning."""
        return self.forecast.total(Channel.SMS, HELD)

    @property
    def emails(self) -> int:
        """Emails, which leave at any hour."""
        return self.forecast.total(Channel.EMAIL, NOW, HELD)

    @property
    def not_sent(self) -> int:
        """Copies that are not made: of people left out, and of those who share an address."""
        return sum(each.count for each in self.forecast.fates if each.fate == SKIPPED)

    @property
    def left_out(self) -> list[Fate]:
        """Why people get no copy on a channel, but for those whose copy is folded into another's."""
        skipped = [each for each in self.forecast.fates if each.fate == SKIPPED]
        return [each for each in skipped if each.reason != SHARED]

    @property
    def folded(self) -> list[Fate]:
        """Copies saved because somebody before them has the same phone or mailbox."""
        return [each for each in self.forecast.fates if each.reason == SHARED]

    @cached_property
    def mornings(self) -> list[Morning]:
        """The mornings that are waited for; zone sets of one hour and the same zones' names are one."""
        found: dict[tuple[datetime, str, str], list[Waiting]] = {}
        for each in self.forecast.waiting:
            named = clock_and_places(each.opens_at, each.zones, "en")
            found.setdefault((each.opens_at, *named), []).append(each)
        return [_morning(alike) for alike in found.values()]

    @cached_property
    def several(self) -> tuple[int, int]:
        """People reached who are on several lists that the viewer sees, and the copies that saves."""
        counted = [
            (split.reached, len({*lists} & {*self.names}))
            for lists, split in self.forecast.by_lists.items()
        ]
        more = [(people, lists - 1) for people, lists in counted if lists > 1]
        return sum(people for people, _ in more), sum(people * saved for people, saved in more)

    @cached_property
    def lists(self) -> Sequence[ListLine]:
        """What becomes of the people of each project; somebody of several counts in each.

        That somebody of one's own list is on another's, too, is that other committee's to tell: only the
        network's office sees a line of those.
        """
        found = summed(
            (each, split)
            for lists, split in self.forecast.by_lists.items()
            for each in _shown(lists, self.names, others=self.tells_of_others)
        )
        order = sorted(found, key=lambda each: (each <= NO_LIST, -found[each].people))
        return [ListLine(each, self.names.get(each, ""), found[each]) for each in order]


def fates(
    conn: Connection,
    check: Check,
    message_id: int,
    *,
    house: HouseRules,
    within: Within,
    now: datetime,
) -> Fates:
    """What the page tells of a checked alert, for organizers of these projects."""
    visible = {"projects": visible_projects(conn, within)}
    row = stored_message(conn, message_id)
    tariff = Tariff(house.cents_per_segment, house.daily_budget_cents)
    return Fates(
        forecast=check.forecast,
        names={each.id: each.name for each in conn.execute(_NAMES, visible)},
        expected=expected(
            check.forecast,
            check.estimates,
            Paces(house.segments_per_second, house.emails_per_second),
            starts_at=max(now, row.begins_at or now),
            expires_at=row.expires_at,
        ),
        money=money(conn, check.cost, budget_cents=row.budget_cents, tariff=tariff, now=now),
        tells_of_others=within is None or NETWORKS in within,
    )


def _shown(lists: Sequence[int], names: Collection[int], *, others: bool) -> list[int]:
    """Under which lines somebody counts who is on these lists."""
    if not lists:
        return [NO_LIST]
    shown = [each for each in lists if each in names]
    return [*shown, OTHERS] if others and len(shown) < len(lists) else shown


def _morning(alike: Sequence[Waiting]) -> Morning:
    states: Counter[str] = Counter()
    for each in alike:
        states.update(each.states)
    return Morning(
        opens_at=alike[0].opens_at,
        zones=alike[0].zones,
        sets=tuple(sorted(each.zone_set_id for each in alike)),
        states=states,
        count=sum(each.count for each in alike),
    )
