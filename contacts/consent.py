"""Who may be written to: the ledger of people's word, its present outcome, and the one rule.

The ledger (``consents``) is only ever added to. ``address_standings`` holds what follows from it
now, per address and scope, and ``suppression`` is the rule that every sending path asks. A standing
moves to a stricter one by any event, and back only by the person's own explicit word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    SQLColumnExpression,
    String,
    and_,
    case,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from contacts import erased
from contacts.countries import AT_HOME, PLUS_ONE, calling_codes, withheld_area_codes
from contacts.ledger import (
    LIFTED,
    READ,
    STRICTNESS,
    Evidence,
    Pair,
    by_channel,
    drop,
    grant_many,
    hold,
    in_doubt,
    in_order,
    ledger,
    line,
    milder_than,
    note_many,
    outcome,
    put,
    put_many,
)
from contacts.models import NETWORK, AddressStanding, Channel, Consent, Standing
from database.bulk import among

NO_CONSENT = "no_consent"
FOREIGN = "foreign"  # a number of a country whose numbers are not texted in bulk
Scopes = Sequence[str] | BindParameter[Any]  # a parameter of a statement that is kept

# Made once: to make one takes as long as most of what a database is asked takes it.
_STRICTEST = aliased(AddressStanding)


class NotARefusal(ValueError):
    """Only a standing that forbids writing can be recorded as a refusal."""


def suppression(
    channel: SQLColumnExpression[str] | str,
    address: SQLColumnExpression[str],
    scopes: Scopes,
    countries: Sequence[str] = AT_HOME,
) -> ColumnElement[str]:
    """Why an address may not be written to, as SQL; '' when it may. The only such rule there is.

    A refusal in the network's scope or in any of ``scopes`` forbids; a consent in one of them is
    needed; a phone has to be of one of the ``countries``, two-letter codes. Usable in any statement over
    rows that hold an address: it looks the standings up by the beginning of their primary key.
    """
    kind = literal(channel, String) if isinstance(channel, str) else channel
    return _suppressed(kind, address, _strictest(kind, address, scopes), countries)


def joined(
    rows: Select[Any],
    channel: str,
    address: SQLColumnExpression[Any],
    scopes: Sequence[str],
    countries: Sequence[str] = AT_HOME,
) -> tuple[Select[Any], ColumnElement[str]]:
    """The same rule for very many addresses: the standings joined to rows that hold an address, and it.

    A database looks up each address's standings for ``suppression``; joined, it may go through all at once.
    """
    held = [_held(channel, number) for number, _ in enumerate(_counting(scopes))]
    for one, scope in zip(held, _counting(scopes), strict=True):
        mine = (one.channel == channel, one.address == address, one.scope == scope)
        rows = rows.outerjoin(one, and_(*mine))
    found = [
        (or_(*(one.standing == standing for one in held)), literal(standing.value))
        for standing in reversed(STRICTNESS)
        if standing is not Standing.GRANTED
    ]
    granted = or_(*(one.standing == Standing.GRANTED for one in held))
    strictest = case(*found, (granted, ""), else_=NO_CONSENT)
    return rows, _suppressed(literal(channel, String), address, strictest, countries)


@cache
def _held(_channel: str, _number: int) -> type[AddressStanding]:
    """What stands in one scope of those of a channel: a name of its own within a statement."""
    return aliased(AddressStanding)


def refusal_of(
    channel: str, address: SQLColumnExpression[str], scopes: Scopes
) -> ColumnElement[str]:
    """Why somebody who has written to us may not even be answered, as SQL; '' when they may.

    What they sent asks for an answer, so neither a consent is needed nor a number of a certain country; but
    a refusal in the network's scope or in one of ``scopes`` holds.
    """
    return func.coalesce(_strictest(literal(channel, String), address, scopes), "")


def grant(
    conn: Connection,
    channel: str,
    address: str,
    *,
    scope: str = NETWORK,
    source: str,
    evidence: str,
    actor: str,
    now: datetime,
    import_id: int | None = None,
    wording: str = "",
) -> None:
    """Record the person's own explicit yes. It holds even over an earlier opt-out in this scope.

    ``wording`` is the hash of the words they agreed to (``contacts.consent_wordings``).

    Whoever asked to be erased is with us again by it.
    """
    erased.forget(conn, (channel, address))
    key, said = (channel, address, scope), Evidence(source, evidence, actor, import_id, wording)
    conn.execute(insert(Consent), [line(key, Standing.GRANTED, said, now)])
    put(conn, key, Standing.GRANTED, now)


def grant_unless_refused(
    conn: Connection,
    rows: Iterable[Pair],
    *,
    scope: str = NETWORK,
    source: str,
    evidence: str,
    actor: str,
    now: datetime,
    import_id: int | None = None,
    held: Held | None = None,
) -> int:
    """Record a yes somebody reports for many people; return how many it opened.

    An address that is refused, in this scope or the network's, or erased, is left alone: a list never
    brings anybody back. Where consent already stands, the ledger gains this further evidence. ``held`` is
    what ``standings`` says of these addresses, where the caller has just asked.
    """
    pairs = set(rows)
    known = standings(conn, pairs, scopes=(scope,)) if held is None else held
    standing = known.standing_in(scope)
    gone = erased.recognised(conn, pairs).keys()
    willing = pairs - gone - known.refused.keys() - _already_noted(conn, standing, scope, import_id)
    noted = in_order(willing)
    new = [pair for pair in noted if pair not in standing] if standing else noted
    said = Evidence(source, evidence, actor, import_id)
    note_many(conn, noted, scope, Standing.GRANTED, said, now)
    grant_many(conn, new, scope, now)
    return len(new)


def refuse(
    conn: Connection,
    channel: str,
    address: str,
    *,
    standing: Standing,
    scope: str = NETWORK,
    source: str,
    evidence: str,
    actor: str,
    now: datetime,
) -> int | None:
    """Record a no, a bounce, a complaint or a doubt; a milder standing never replaces a stricter.

    Returns its line of the ledger. Of an erased address nothing is written down: it is refused as it is.
    Raises NotARefusal.
    """
    _require_refusal(standing)
    if erased.recognised(conn, [(channel, address)]):
        return None
    key, said = (channel, address, scope), Evidence(source, evidence, actor)
    row = insert(Consent).values(line(key, standing, said, now))
    line_id: int = conn.execute(row.returning(Consent.id)).scalar_one()
    put(conn, key, standing, now, over=milder_than(standing))
    return line_id


def refuse_many(
    conn: Connection,
    pairs: Iterable[Pair],
    *,
    standing: Standing,
    scope: str,
    said: Evidence,
    now: datetime,
) -> None:
    """Record the same refusal of many addresses, as ``refuse`` does one. Raises NotARefusal."""
    _require_refusal(standing)
    keys = [(*pair, scope) for pair in sorted(pairs)]
    note_many(conn, [key[:2] for key in keys], scope, standing, said, now)
    put_many(conn, keys, standing, now, over=milder_than(standing))


def settle_review(
    conn: Connection, channel: str, address: str, *, opted_out: bool, actor: str, now: datetime
) -> None:
    """A person has read what may have meant stop: opt out, or go back to what held before."""
    key = (channel, address, NETWORK)
    verdict = Standing.OPTED_OUT if opted_out else outcome(ledger(conn, key))
    words = "read by a person: an opt-out" if opted_out else "read by a person: not an opt-out"
    # No second line for an opt-out that stands anyway: it would outlive the first one's taking back.
    stays = not opted_out and verdict is Standing.OPTED_OUT
    said = Standing.REVIEW if stays else verdict or Standing.WITHDRAWN
    conn.execute(insert(Consent), [line(key, said, Evidence(READ, words, actor), now)])
    if verdict is None:
        drop(conn, key, Standing.REVIEW)
    else:
        milder = milder_than(Standing.OPTED_OUT)
        put(conn, key, verdict, now, over=milder if opted_out else [Standing.REVIEW])


def lift(
    conn: Connection, channel: str, address: str, *, source: str, actor: str, now: datetime
) -> None:
    """End what a rule of ours, the ``source`` of its lines, has refused: what held without it holds again.

    Only a bounce is lifted; what is stricter stands. Nobody is granted what they never were.
    """
    key = (channel, address, NETWORK)
    lines = select(Consent.standing).filter_by(channel=channel, address=address, scope=NETWORK)
    others = lines.where(Consent.source != source).order_by(Consent.id)
    verdict = outcome([Standing(each) for each in conn.scalars(others)])
    said = Evidence(LIFTED, f"a person ended what followed from {source}", actor)
    conn.execute(insert(Consent), [line(key, verdict or Standing.WITHDRAWN, said, now)])
    if verdict is None:
        drop(conn, key, Standing.BOUNCED)
    else:
        put(conn, key, verdict, now, over=[Standing.BOUNCED])


def take_back(
    conn: Connection, ids: Sequence[int], *, source: str, evidence: str, actor: str, now: datetime
) -> bool:
    """These opt-outs of one address, lines of the ledger, were not its owner's word: what held without holds.

    What they wrote that may mean stop still waits for a person. False where it is still refused: by another
    opt-out, or for another reason.
    """
    first = select(Consent.channel, Consent.address, Consent.scope).where(Consent.id == ids[0])
    channel, address, scope = conn.execute(first).one()
    hold(conn, channel, address)  # their own "stop" may come at this moment, and is to count
    key = (channel, address, scope)
    names = {"channel": channel, "address": address, "scope": scope}
    lines_of = select(Consent.id, Consent.standing, Consent.source).filter_by(**names)
    rows = conn.execute(lines_of.order_by(Consent.id)).all()
    verdict = outcome(Standing(row.standing) for row in rows if row.id not in ids)
    doubted = in_doubt((Standing(row.standing), row.source) for row in rows)
    said = Evidence(source, evidence, actor)
    # The first line ends the opt-outs for whoever reads the ledger from its beginning.
    lines = [Standing.WITHDRAWN, *([verdict] if verdict else [])]
    conn.execute(insert(Consent), [line(key, each, said, now) for each in lines])
    if verdict is None:
        drop(conn, key, Standing.OPTED_OUT)
    else:
        put(conn, key, verdict, now, over=[Standing.OPTED_OUT])
    if doubted:
        put(conn, key, Standing.REVIEW, now, over=milder_than(Standing.REVIEW))
    return not doubted and (channel, address) not in standings(conn, [(channel, address)]).refused


@dataclass(frozen=True)
class Held:
    """What stands for some addresses, of those that have a standing at all."""

    by_pair: Mapping[Pair, Mapping[str, Standing]]  # by scope

    @property
    def refused(self) -> dict[Pair, Standing]:
        """Those that are refused in one of the scopes asked for, and how."""
        strictest = {
            pair: max(scopes.values(), key=STRICTNESS.index)
            for pair, scopes in self.by_pair.items()
        }
        return {pair: each for pair, each in strictest.items() if each is not Standing.GRANTED}

    def standing_in(self, scope: str) -> set[Pair]:
        """Those that have a standing in this scope; of those not refused, a consent."""
        return {pair for pair, scopes in self.by_pair.items() if scope in scopes}


def standings(conn: Connection, pairs: Iterable[Pair], *, scopes: Sequence[str] = ()) -> Held:
    """What stands for these addresses in the network's scope and in ``scopes``."""
    found: dict[Pair, dict[str, Standing]] = defaultdict(dict)
    held = AddressStanding
    for channel, addresses in by_channel(pairs):
        rows = conn.execute(
            select(held.address, held.scope, held.standing)
            .where(held.channel == channel, among(conn, held.address, addresses))
            .where(held.scope.in_(sorted({NETWORK, *scopes})))
        )
        for address, scope, standing in rows:
            found[channel, address][scope] = Standing(standing)
    return Held(found)


def _require_refusal(standing: Standing) -> None:
    if standing not in STRICTNESS[1:]:
        raise NotARefusal(f"{standing.value} does not forbid writing; record a refusal")


def _counting(scopes: Sequence[str]) -> list[str]:
    """The scopes whose standings count for a message of these."""
    return sorted({NETWORK, *scopes})


def _suppressed(
    kind: SQLColumnExpression[str],
    address: SQLColumnExpression[Any],
    strictest: ColumnElement[str],
    countries: Sequence[str],
) -> ColumnElement[str]:
    foreign = (kind == Channel.SMS.value) & not_(_of_countries(address, tuple(countries)))
    return case((foreign, FOREIGN), else_=func.coalesce(strictest, NO_CONSENT))


def _of_countries(phone: SQLColumnExpression[str], countries: Sequence[str]) -> ColumnElement[bool]:
    """``countries.textable`` as SQL.

    Its codes stand in the text of the statement: as parameters they would be written there at every claim.
    """
    codes: list[ColumnElement[str]] = [
        literal_column(f"'{area}'") for area in withheld_area_codes(countries)
    ]
    plus_one = phone.like(f"{PLUS_ONE}%") & func.substr(phone, 3, 3).not_in(codes)
    return or_(plus_one, *(phone.like(f"{code}%") for code in calling_codes(countries)))


def _strictest(
    channel: SQLColumnExpression[str], address: SQLColumnExpression[str], scopes: Scopes
) -> ColumnElement[str]:
    """The strictest standing of an address as a correlated subquery: '' for a bare consent."""
    held = _STRICTEST
    of_scopes: ColumnElement[bool]
    if isinstance(scopes, BindParameter):
        of_scopes = held.scope.in_(scopes) | (held.scope == NETWORK)
    else:
        of_scopes = held.scope.in_(_counting(scopes))
    ranks = {standing.value: f"{9 - rank}{standing}" for rank, standing in enumerate(STRICTNESS)}
    ranks[Standing.GRANTED.value] = "9"
    strictest = func.min(case(ranks, value=held.standing))
    return (
        select(func.substr(strictest, 2))
        .where(held.channel == channel, held.address == address, of_scopes)
        .correlate_except(held)
        .scalar_subquery()
    )


def _already_noted(
    conn: Connection, pairs: Iterable[Pair], scope: str, import_id: int | None
) -> set[Pair]:
    """Consents that this import wrote before, so that running a chunk again adds nothing."""
    if import_id is None:
        return set()
    found = set()
    for channel, addresses in by_channel(pairs):
        # A database that is told which import wrote a line may look at all lines of the import.
        lines = select(Consent.address, Consent.import_id).where(
            Consent.channel == channel,
            among(conn, Consent.address, addresses),
            Consent.scope == scope,
        )
        found |= {(channel, line.address) for line in conn.execute(lines) if line[1] == import_id}
    return found
