"""What the rows of an import say about consent, and what the ledger makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contacts import consent
from contacts.ledger import Pair
from contacts.mapping import UNKNOWN_STATUS, Row
from contacts.models import Channel, Standing
from contacts.scanning import ImportOptions

SOURCE = "import"


@dataclass(frozen=True)
class Run:
    """An import under way."""

    import_id: int
    options: ImportOptions
    actor: str
    now: datetime


@dataclass(frozen=True)
class Word:
    """What a chunk's rows say about consent, by address."""

    willing: set[Pair]
    refused: dict[Pair, Standing]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Word:
        """An address that one row says must not be written to is refused for all rows."""
        willing: set[Pair] = set()
        refused: dict[Pair, Standing] = {}
        for row in rows:
            for channel, address in ((Channel.SMS, row.phone), (Channel.EMAIL, row.email)):
                if not address:
                    continue
                pair, said = (channel.value, address), row.statuses.get(channel.value)
                if said is None:
                    willing.add(pair)
                else:
                    refused[pair] = said
        return cls(willing - refused.keys(), refused)


def foreseen(conn: Connection, word: Word, options: ImportOptions) -> tuple[set[Pair], int]:
    """The addresses that are refused and stay so, and how many more may then be written to."""
    kept = set(consent.refusals(conn, word.willing, scopes=(options.scope,)))
    if not options.statement:
        return kept, 0
    opening = word.willing - kept
    return kept, len(opening - consent.granted(conn, opening, options.scope))


def record(conn: Connection, word: Word, run: Run) -> None:
    """Write down the refusals a file reports, and its batch's consent for everybody else."""
    scope, statement = run.options.scope, run.options.statement
    for pair, standing in sorted(word.refused.items()):
        if standing is not UNKNOWN_STATUS:
            consent.refuse(
                conn,
                *pair,
                standing=standing,
                scope=scope,
                source=SOURCE,
                evidence="the imported file says so",
                actor=run.actor,
                now=run.now,
            )
    if statement:
        consent.grant_unless_refused(
            conn,
            word.willing,
            scope=scope,
            source=SOURCE,
            evidence=statement,
            actor=run.actor,
            now=run.now,
            import_id=run.import_id,
        )
