"""People of a case who may be endangered when they are named: the list, and what may be said of each.

A name that must not be said at all stands in the way of a launch, until somebody says by name why it may stand:
in these words of this alert, and no others. It does so, and not only warns, because a name that is out cannot be
taken back; and it can be answered where one stands, because the same name may be a judge's. Saying more of a name
than is cleared only warns. What is withheld as a fact still blocks, and nobody can say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from alerts.models import Case
from alerts.named import Mention, Name, mentions
from alerts.risk_models import Cleared, MaySay, NamingReason, PersonAtRisk
from database.tables import folded
from messages.cautions import Said, gathered
from messages.control import NotNow
from messages.findings import Finding

LONGEST_NAME = 120
LONGEST_NOTE = 500
LEAST = 10  # characters of a reason
RANKS = {MaySay.NOTHING: 0, MaySay.FIRST: 1, MaySay.FULL: 2}

_LOOKED_FOR = (
    select(PersonAtRisk)
    .join(Case)
    .where(or_(Case.project_id == bindparam("owner"), Case.project_id.is_(None)))
)
_OWNER = select(Case.project_id).where(Case.id == bindparam("case"))
_REASONS = select(NamingReason).where(NamingReason.alert_id == bindparam("alert"))


class BadRisk(ValueError):
    """A person at risk who cannot be noted like that; the message says why and what to do."""


class NoSuchPerson(LookupError):
    """There is no such person on the list."""


class NoWhy(ValueError):
    """Say in a sentence why the name may stand; it is kept with your name."""


class NotYetSaid(NotNow):
    """It names somebody who must not be named: say why the name may stand before it goes on, or stop the rest."""


@dataclass(frozen=True, kw_only=True)
class RiskDraft:
    """Somebody to be put on the list, as they were typed."""

    given_names: str
    family_names: str
    also_called: str = ""
    may_say: MaySay = MaySay.NOTHING
    cleared_by: Cleared | None = None
    note: str = ""

    @property
    def name(self) -> Name:
        """The name, to be looked for."""
        return Name.of(*self.name_parts)

    @property
    def name_parts(self) -> tuple[str, str, str]:
        """First names, family names, and what else they are called."""
        return self.given_names, self.family_names, self.also_called


@dataclass(frozen=True, kw_only=True)
class AtRisk(RiskDraft):
    """Somebody on the list."""

    id: int
    case_id: int
    cleared_at: datetime | None
    noted_by: str
    noted_at: datetime

    @property
    def shown(self) -> str:
        """The whole name."""
        return f"{self.given_names} {self.family_names}".strip()

    def forbids(self, mention: Mention) -> bool:
        """Whether a text that says so much says too much."""
        return RANKS[mention.says] > RANKS[self.may_say]


@dataclass(frozen=True)
class Reason:
    """Why an alert may name somebody all the same."""

    said: frozenset[str]
    why: str
    by: str


def at_risk(conn: Connection, case_id: int) -> list[AtRisk]:
    """The list of a case, by name."""
    rows = conn.execute(select(PersonAtRisk).where(PersonAtRisk.case_id == case_id))
    return sorted(map(_person, rows), key=lambda each: (folded(each.shown), each.id))


def looked_for(conn: Connection, case_id: int | None, owner: int | None) -> list[AtRisk]:
    """Whom words about a case may name too much: its own list, those of its owner's other cases, and the network's.

    ``case_id`` is None for a case that is yet to be; ``owner`` is a project, None for the network. Closed cases
    keep their lists. Where a name stands on several, its own case's list decides, else the strictest.
    """
    rows = conn.execute(_LOOKED_FOR, {"owner": owner})  # nothing equals NULL, so None adds none
    return _deciding(map(_person, rows), case_id)


class Lists:
    """Everybody on any list, read once, for words about many cases."""

    def __init__(self, conn: Connection) -> None:
        rows = conn.execute(select(PersonAtRisk, Case.project_id).join(Case))
        self._people = [(row.project_id, _person(row)) for row in rows]
        self._looked_for: dict[tuple[int | None, int | None], list[AtRisk]] = {}

    def is_told(self, *texts: str, case_id: int | None, owner: int | None) -> bool:
        """Whether words about a case name nobody too much, as in ``looked_for``."""
        whose = case_id, owner
        if whose not in self._looked_for:
            people = (
                each
                for of, each in self._people
                if of is None or of == owner or each.case_id == case_id
            )
            self._looked_for[whose] = _deciding(people, case_id)
        said = [Said("title", "", text) for text in texts]
        return not any(namings(said, self._looked_for[whose], {}, case_id=case_id))

    def told(
        self, words: Mapping[str, str], *, case_id: int | None, owner: int | None
    ) -> dict[str, str]:
        """Of words about a case, by language, those that name nobody too much."""
        return {
            language: text
            for language, text in words.items()
            if self.is_told(text, case_id=case_id, owner=owner)
        }


def owner_of(conn: Connection, case_id: int) -> int | None:
    """Whose case it is; None for the network's."""
    found: int | None = conn.scalar(_OWNER, {"case": case_id})
    return found


def find_person(conn: Connection, person_id: int) -> AtRisk:
    """One of them. Raises NoSuchPerson."""
    row = conn.execute(select(PersonAtRisk).where(PersonAtRisk.id == person_id)).one_or_none()
    if row is None:
        raise NoSuchPerson(NoSuchPerson.__doc__)
    return _person(row)


def add_person(conn: Connection, case_id: int, draft: RiskDraft, *, by: str, now: datetime) -> int:
    """Put somebody on a case's list; return their number there. Raises BadRisk."""
    row = insert(PersonAtRisk).values(case_id=case_id, **_values(draft, None, by, now))
    person_id: int = conn.execute(row.returning(PersonAtRisk.id)).scalar_one()
    return person_id


def change_person(
    conn: Connection, person_id: int, draft: RiskDraft, *, by: str, now: datetime
) -> None:
    """Note what may be said of somebody now. Raises BadRisk and NoSuchPerson."""
    values = _values(draft, find_person(conn, person_id), by, now)
    conn.execute(update(PersonAtRisk).where(PersonAtRisk.id == person_id).values(values))


def remove_person(conn: Connection, person_id: int) -> None:
    """Take somebody off the list, with all that is known of them."""
    conn.execute(delete(PersonAtRisk).where(PersonAtRisk.id == person_id))


def outvotes(conn: Connection, case_id: int, draft: RiskDraft) -> bool:
    """Whether a case's own line would let it say more of somebody than the lists do so far."""
    people = looked_for(conn, case_id, owner_of(conn, case_id))
    same = (each for each in people if each.name.parts == draft.name.parts)
    return any(RANKS[draft.may_say] > RANKS[each.may_say] for each in same)


def says_more(draft: RiskDraft, before: AtRisk) -> bool:
    """Whether a change lets texts say more than before: what only who may send decides."""
    return RANKS[draft.may_say] > RANKS[before.may_say] or draft.name_parts != before.name_parts


def namings(
    said: Iterable[Said],
    people: Sequence[AtRisk],
    reasons: Mapping[int, Reason],
    *,
    case_id: int | None,
) -> tuple[list[Finding], list[Finding]]:
    """What these texts say of people at risk: what stands in the way, and what deserves a thought.

    Of whoever is on another case's list only the words that were written are told.
    """
    texts = list(said)
    blocking: list[Finding] = []
    warnings: list[Finding] = []
    for person in people:
        reason = reasons.get(person.id)
        look = partial(_found, case_id, person)
        if reason and words_naming(texts, person, case_id) <= reason.said:
            told = {"by": reason.by, "why": reason.why}
            warnings += gathered("named_anyway", texts, look, **told)
        elif person.may_say is MaySay.NOTHING:
            code = "named_at_risk" if person.case_id == case_id else "named_elsewhere"
            blocking += gathered(code, texts, look, person=person.id)
        else:
            warnings += gathered("named_beyond", texts, look)
    return blocking, warnings


def names_forbidden(conn: Connection, case_id: int, texts: Mapping[str, str]) -> bool:
    """Whether texts by language name somebody who is not to be named at all, of this case or another."""
    said = [Said("case", language, text) for language, text in texts.items()]
    people = looked_for(conn, case_id, owner_of(conn, case_id))
    blocking, _ = namings(said, people, {}, case_id=case_id)
    return bool(blocking)


def words_naming(said: Iterable[Said], person: AtRisk, case_id: int | None) -> frozenset[str]:
    """The words about a case that say too much of somebody, folded."""
    return frozenset(folded(words) for each in said for words in _found(case_id, person, each))


def reasons_of(conn: Connection, alert_id: int, names: Mapping[str, str]) -> dict[int, Reason]:
    """Why an alert may name people all the same, by person; ``names`` are organizers' by what records call them."""
    rows = conn.execute(_REASONS, {"alert": alert_id})
    return {
        row.person_id: Reason(frozenset(row.said), row.why, names.get(row.by, row.by))
        for row in rows
    }


def give_reason(
    conn: Connection,
    alert_id: int,
    case_id: int,
    person: AtRisk,
    said: Iterable[Said],
    *,
    why: str,
    by: str,
    now: datetime,
) -> None:
    """Keep why an alert may name somebody, in the words in which it does so now. Raises NoWhy."""
    why = reason_words(why)
    mine = (NamingReason.alert_id == alert_id, NamingReason.person_id == person.id)
    conn.execute(delete(NamingReason).where(*mine))
    words = sorted(words_naming(said, person, case_id))
    row = {"alert_id": alert_id, "person_id": person.id, "said": words, "why": why}
    conn.execute(insert(NamingReason).values(**row, by=by, at=now))


def reason_words(typed: str) -> str:
    """Why a name may stand, as it is kept. Raises NoWhy."""
    why = " ".join(typed.split())[:LONGEST_NOTE]
    if len(why) < LEAST:
        raise NoWhy(NoWhy.__doc__)
    return why


def _deciding(found: Iterable[AtRisk], case_id: int | None) -> list[AtRisk]:
    """Each person once: as the case's own list has them, else as the strictest."""
    people = sorted(
        found,
        key=lambda each: (
            each.case_id != case_id,
            RANKS[each.may_say],
            folded(each.shown),
            each.id,
        ),
    )
    own = {each.name.parts for each in people if each.case_id == case_id}
    others = {each.name.parts: each for each in reversed(people) if each.name.parts not in own}
    mine = [each for each in people if each.case_id == case_id]
    return [*mine, *reversed(others.values())]


def _found(case_id: int | None, person: AtRisk, said: Said) -> list[str]:
    """The words that say too much; of another case's people, only those that are hardly anybody else's."""
    found = [each for each in mentions(said.text, person.name) if person.forbids(each)]
    own = person.case_id == case_id
    return [each.words for each in found if own or each.sure]


def _values(draft: RiskDraft, before: AtRisk | None, by: str, now: datetime) -> dict[str, Any]:
    if not draft.name.given and not draft.name.family:
        raise BadRisk("write the name: at least a first name or a family name")
    if any(len(each) > LONGEST_NAME for each in draft.name_parts):
        raise BadRisk(f"a name has at most {LONGEST_NAME} characters")
    if len(draft.note) > LONGEST_NOTE:
        raise BadRisk(f"the note has at most {LONGEST_NOTE} characters")
    if draft.may_say is not MaySay.NOTHING and draft.cleared_by is None:
        raise BadRisk("say who cleared the name: the person, the family, a lawyer, or an organizer")
    cleared = draft.cleared_by if draft.may_say is not MaySay.NOTHING else None
    same = before and (before.may_say, before.cleared_by) == (draft.may_say, cleared)
    return {
        "given_names": draft.given_names,
        "family_names": draft.family_names,
        "also_called": draft.also_called,
        "may_say": draft.may_say,
        "cleared_by": cleared or "",
        "cleared_at": None if cleared is None else before.cleared_at if before and same else now,
        "note": draft.note,
        "noted_by": by,
        "noted_at": now,
    }


def _person(row: Row[*tuple[Any, ...]]) -> AtRisk:
    return AtRisk(
        id=row.id,
        case_id=row.case_id,
        given_names=row.given_names,
        family_names=row.family_names,
        also_called=row.also_called,
        may_say=MaySay(row.may_say),
        cleared_by=Cleared(row.cleared_by) if row.cleared_by else None,
        cleared_at=row.cleared_at,
        note=row.note,
        noted_by=row.noted_by,
        noted_at=row.noted_at,
    )
