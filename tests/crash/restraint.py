"""Did anything leave that should have stayed? Stops, pauses, undoing, hours, caps and expiries.

Everything is held against what people asked for, as the launcher noted it (``acts``), and the
moments at which the provider accepted; the product's own word on either is not asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from tests.crash.checker import Entry, Ledger

IN_FLIGHT = 2.0  # seconds in which what was already leaving may still arrive
MASS = {"alert", "campaign"}  # kinds of messages that a person may refuse; answers they asked for
STOP_WORDS = {"STOP", "ALTO"}


@dataclass(frozen=True)
class Taken:
    """A copy that the provider accepted."""

    delivery_id: int
    message_id: int
    channel: str
    to: str
    zones: str
    at: datetime


def against_somebodys_word(
    ledger: Ledger, journal: Iterable[Entry], acts: Sequence[Entry], *, window: float
) -> list[str]:
    """I3 and I6: what left although somebody, or an hour, or a number, forbade it.

    ``window`` is for how many seconds after a claim a sender may still write to the wire.
    """
    taken = _mass(ledger, journal)
    done = [act for act in acts if act["ok"]]
    return [
        *_after_stop(taken, done),
        *_while_held_back(taken, done, window),
        *_undone(taken, done),
        *_too_early(taken, done),
        *_too_late(taken, done, window),
        *_outside_hours(taken, done),
        *_beyond_the_cap(taken, done),
    ]


def missing_people(ledger: Ledger, acts: Iterable[Entry]) -> list[str]:
    """I2: each launch wrote a row for everybody it was confirmed for, on each channel."""
    rows = Counter((copy.message_id, copy.channel) for copy in ledger.copies.values())
    return [
        f"I2: message {act['message']} has {rows[act['message'], channel]} rows for {channel},"
        f" not {act['people']}"
        for act in acts
        if act["act"] == "launch" and act["ok"]
        for channel in act["channels"]
        if rows[act["message"], channel] != act["people"]
    ]


def _mass(ledger: Ledger, journal: Iterable[Entry]) -> list[Taken]:
    entries = [
        (entry, ledger.copies[entry["delivery_id"]])
        for entry in journal
        if entry["kind"] == "accepted"
    ]
    return [
        Taken(copy.id, copy.message_id, copy.channel, entry["to"], copy.zones, _moment(entry["at"]))
        for entry, copy in entries
        if ledger.kinds[copy.message_id] in MASS
    ]


def _after_stop(taken: Iterable[Taken], acts: Iterable[Entry]) -> Iterator[str]:
    heard = {
        act["to"]: _moment(act["answered"])
        for act in acts
        if act["act"] == "reply" and act["body"] in STOP_WORDS
    }
    for one in taken:
        if one.to in heard and (late := _seconds(heard[one.to], one.at)) > IN_FLIGHT:
            yield f"I3: delivery {one.delivery_id} left {late:.1f} s after STOP"


def _while_held_back(taken: Iterable[Taken], acts: Sequence[Entry], window: float) -> Iterator[str]:
    """After Stop, and between Pause and Resume, but for what was claimed before."""
    for message, start, end in _held_back(acts):
        for one in taken:
            if one.message_id == message and _seconds(start, one.at) > window and one.at < end:
                yield f"I3: delivery {one.delivery_id} left while message {message} was held back"


def _held_back(acts: Sequence[Entry]) -> Iterator[tuple[int, datetime, datetime]]:
    """Which message, from when (answered) to when (asked to go on)."""
    never = datetime.max.replace(tzinfo=_moment("2026-01-01T00:00:00+00:00").tzinfo)
    for act in acts:
        if act["act"] in {"pause", "stop"}:
            start = _moment(act["answered"])
            resumed = [
                _moment(other["asked"])
                for other in acts
                if other["act"] == "resume"
                and other["message"] == act["message"]
                and _moment(other["asked"]) > start
            ]
            yield act["message"], start, min(resumed, default=never)


def _undone(taken: Iterable[Taken], acts: Iterable[Entry]) -> Iterator[str]:
    undone = {act["message"] for act in acts if act["act"] == "undo"}
    for one in taken:
        if one.message_id in undone:
            yield f"I6: delivery {one.delivery_id} left although its launch was undone"


def _too_early(taken: Iterable[Taken], acts: Iterable[Entry]) -> Iterator[str]:
    """Nothing leaves before the undo window is over."""
    launches = {act["message"]: act for act in acts if act["act"] == "launch"}
    for one in taken:
        act = launches.get(one.message_id)
        if act and _seconds(_moment(act["asked"]), one.at) < act["undo"]:
            yield f"I6: delivery {one.delivery_id} left inside the undo window"


def _too_late(taken: Iterable[Taken], acts: Iterable[Entry], window: float) -> Iterator[str]:
    ends = {act["message"]: act["expires"] for act in acts if act["act"] == "launch"}
    for one in taken:
        end = ends.get(one.message_id)
        if end and _seconds(_moment(end), one.at) > window:
            yield f"I3: delivery {one.delivery_id} left after message {one.message_id} expired"


def _outside_hours(taken: Iterable[Taken], acts: Iterable[Entry]) -> Iterator[str]:
    hours = next((act for act in acts if act["act"] == "hours"), None)
    for one in taken if hours else []:
        assert hours is not None
        if one.channel == "sms" and not _open(one.zones, one.at, hours):
            yield f"I3: delivery {one.delivery_id} left in its person's quiet hours"


def _open(zones: str, at: datetime, hours: Entry) -> bool:
    opens, closes = time.fromisoformat(hours["opens"]), time.fromisoformat(hours["closes"])
    return all(opens <= at.astimezone(ZoneInfo(zone)).time() < closes for zone in zones.split())


def _beyond_the_cap(taken: Sequence[Taken], acts: Iterable[Entry]) -> Iterator[str]:
    """A capped message goes to nobody who has had so many others already."""
    caps = {act["message"]: act["cap"] for act in acts if act["act"] == "launch" and act["cap"]}
    had: Mapping[tuple[str, str], list[Taken]] = defaultdict(list)
    for one in taken:
        had[one.channel, one.to].append(one)
    for one in taken:
        if cap := caps.get(one.message_id):
            before = [
                other
                for other in had[one.channel, one.to]
                if other.message_id != one.message_id and _seconds(other.at, one.at) > IN_FLIGHT
            ]
            if len(before) >= cap:
                yield f"I3: delivery {one.delivery_id} left beyond the weekly cap of {cap}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
