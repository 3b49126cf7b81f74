"""What the rows of an import say about consent, and what the ledger makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from contacts import consent
from contacts.consent import Held
from contacts.gazetteer import Gazetteer
from contacts.ledger import Evidence, Pair
from contacts.mapping import UNKNOWN_STATUS, Row
from contacts.matching import Single, alone
from contacts.models import Channel, Standing
from contacts.scanning import ImportOptions

SOURCE = "import"
SMS, EMAIL = Channel.SMS.value, Channel.EMAIL.value


@dataclass(frozen=True)
class Run:
    """An import under way."""

    import_id: int
    options: ImportOptions
    actor: str
    now: datetime
    alone: Single = alone  # which rows are written as they stand
    gazetteer: Gazetteer = field(default_factory=Gazetteer, compare=False)


@dataclass(frozen=True)
class Word:
    """What a chunk's rows say about consent, by address."""

    willing: set[Pair]
    refused: dict[Pair, Standing]

    @property
    def phones(self) -> Iterator[Pair]:
        """The phones among them, whatever is said of them."""
        return (pair for pairs in (self.willing, self.refused) for pair in pairs if pair[0] == SMS)

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Word:
        """An address that one row says must not be written to is refused for all rows."""
        phones: set[str] = set()
        emails: set[str] = set()
        refused: dict[Pair, Standing] = {}
        for row in rows:
            said = row.statuses
            if said and row.phone and SMS in said:
                refused[SMS, row.phone] = said[SMS]
            elif row.phone:
                phones.add(row.phone)
            if said and row.email and EMAIL in said:
                refused[EMAIL, row.email] = said[EMAIL]
            elif row.email:
                emails.add(row.email)
        willing = {(SMS, phone) for phone in phones} | {(EMAIL, email) for email in emails}
        return cls(willing - refused.keys(), refused)


def held(conn: Connection, word: Word, options: ImportOptions) -> Held:
    """What stands already for the addresses that a chunk's batch has agreed for."""
    return consent.standings(conn, word.willing, scopes=(options.scope,))


def foreseen(word: Word, known: Held, options: ImportOptions) -> tuple[set[Pair], int]:
    """The addresses that are refused and stay so, and how many more may then be written to."""
    kept = set(known.refused)
    if not options.statement:
        return kept, 0
    return kept, len(word.willing - kept - known.standing_in(options.scope))


def record(conn: Connection, word: Word, known: Held, run: Run) -> None:
    """Write down the refusals a file reports, and its batch's consent for everybody else."""
    scope, statement = run.options.scope, run.options.statement
    for standing in sorted({*word.refused.values()} - {UNKNOWN_STATUS}):
        pairs = [pair for pair, each in word.refused.items() if each is standing]
        said = Evidence(SOURCE, "the imported file says so", run.actor)
        consent.refuse_many(conn, pairs, standing=standing, scope=scope, said=said, now=run.now)
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
            held=known,
        )
