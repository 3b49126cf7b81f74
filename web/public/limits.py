"""How often one network address may answer on pages that ask nobody who they are."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
ANSWERS = 300  # a whole meeting calls from one hall; a machine would be faster
REMEMBERED = 10_000  # addresses; the one heard of longest ago is forgotten first


class TooOften(Exception):
    """So many answers came from your network within the hour that we take no more; try again later."""


class Limiter:
    """Counts answers per address in this process's memory; nothing is stored."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def pass_or_refuse(self, address: str, now: datetime) -> None:
        """Count one answer; raise TooOften when there were too many this hour."""
        since, count = self._seen.pop(address, (now, 0))
        if now - since >= WINDOW:
            since, count = now, 0
        self._seen[address] = (since, count + 1)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        if count >= ANSWERS:
            raise TooOften(TooOften.__doc__)
