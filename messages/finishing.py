"""When will it be done? How fast copies leave now, what waits, and who is held until their own morning.

Nothing is counted for it: the kept counts are read anyway while somebody looks, and what changed between
two looks is the rate. A page that is looked at for the first time has only the average since the start.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from contacts.models import Channel
from messages import counts, hours
from messages.models import Message, Status
from messages.progress import Equation
from messages.zones import Zones

LATELY = timedelta(minutes=3)  # the rate is that of the last minutes
LEAST = timedelta(seconds=10)  # two looks closer together than that tell nothing
FOLLOWED = 200  # messages whose looks are remembered


@dataclass(frozen=True)
class Rate:
    """How fast copies leave."""

    per_minute: float
    lately: bool  # False: on average since the start


@dataclass(frozen=True)
class Held:
    """Texts that wait for their people's morning."""

    opens_at: datetime
    zones: tuple[str, ...]  # in which it is to be day everywhere
    count: int


@dataclass(frozen=True)
class Finish:
    """When the last copy leaves, if all goes on as it does."""

    at: datetime
    waiting: int  # that leave as soon as it is their turn
    held: int
    late: int = 0  # of both: would not leave before their time runs out


class Looks:
    """What was seen of messages in the last minutes, by whoever looked."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, deque[tuple[datetime, int]]] = OrderedDict()

    def rate(
        self, message_id: int, gone: int, *, starts_at: datetime | None, now: datetime
    ) -> Rate | None:
        """Note a look, and say how fast copies leave; None while nothing can be said."""
        looks = self._seen.setdefault(message_id, deque())
        self._seen.move_to_end(message_id)
        while len(self._seen) > FOLLOWED:
            self._seen.popitem(last=False)
        while looks and not now - LATELY <= looks[0][0] <= now:
            looks.popleft()
        if not looks or looks[-1][0] < now:
            looks.append((now, gone))
        since, before = looks[0]
        if now - since >= LEAST:
            return Rate(max(0.0, per_minute(gone - before, now - since)), lately=True)
        if starts_at is None or now - starts_at < LEAST or not gone:
            return None
        return Rate(per_minute(gone, now - starts_at), lately=False)


def per_minute(copies: int, passed: timedelta) -> float:
    """So many copies in some time, as a rate."""
    return copies / (passed / timedelta(minutes=1))


def gone(equation: Equation) -> int:
    """Copies whose turn has come: they left, or were refused."""
    tried = equation.gone_out + equation.unknown + equation.sending
    return tried + sum(equation.failed.values())


def finish(
    *,
    waiting: int,
    openings: Mapping[datetime, int],
    rate: Rate | None,
    starts_at: datetime | None,
    expires_at: datetime | None,
    now: datetime,
) -> Finish | None:
    """When the last copy leaves: each morning's copies leave at that rate, after what waited before.

    No copy leaves once the time has run out.
    """
    held = sum(openings.values())
    if not (waiting or held) or rate is None or rate.per_minute <= 0:
        return None
    minute = timedelta(minutes=1)
    at, late = max(now, starts_at or now), 0
    for opens_at, count in ((at, waiting), *sorted(openings.items())):
        since = max(at, opens_at)
        at = since + count / rate.per_minute * minute
        if expires_at is not None and at > expires_at:
            late += count - max(0, int((expires_at - since) / minute * rate.per_minute))
    end = at if expires_at is None else max(now, min(at, expires_at))
    return Finish(end, waiting, held, late)


def held_by_morning(conn: Connection, message_ids: Sequence[int], *, now: datetime) -> list[Held]:
    """Who is held until when, and where that is; the next morning first."""
    windows = {
        message_id: hours.read(stored)
        for message_id, stored in conn.execute(
            select(Message.id, Message.hours).where(Message.id.in_(message_ids))
        )
    }
    zones = Zones()
    found: dict[tuple[datetime, tuple[str, ...]], int] = {}
    for place, count in counts.kept(conn, message_ids).items():
        window = windows.get(place.message_id)
        waits = place.status == Status.PENDING and place.channel == Channel.SMS
        if window is None or not waits or not place.zone_set_id:
            continue
        opens_at = zones.opening(conn, place.zone_set_id, window, now)
        if opens_at > now:
            key = (opens_at, zones.names(place.zone_set_id))
            found[key] = found.get(key, 0) + count
    return [Held(*key, count) for key, count in sorted(found.items())]
