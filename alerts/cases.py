"""What happened, and what is known since when: cases and their dated facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from alerts.drafts import CaseDraft, FactDraft
from alerts.fact_models import Release
from alerts.facts import BadFact, add_fact, release_of
from alerts.models import Case, CaseText
from alerts.timeline import KnownFact, facts_of
from database.tables import folded
from database.upserts import insert_or

STRICTNESS = {Release.PUBLIC: 0, Release.COMMITTEE: 1, Release.WITHHELD: 2}


class UnknownCase(LookupError):
    """An alert names a case that is not there and does not say what happened."""


def save_case(
    conn: Connection, draft: CaseDraft, *, project_id: int | None, by: str, now: datetime
) -> int:
    """Store a case, or add to the one of the same slug what is new; return its id.

    Raises UnknownCase for a slug that is new and has no title, and BadFact.
    """
    case_id = conn.scalar(select(Case.id).where(Case.slug == draft.slug))
    if case_id is None:
        case_id = _add_case(conn, draft, project_id, by, now)
    _put_words(conn, case_id, draft)
    _add_facts(conn, case_id, draft.facts, by, now)
    return case_id


def close_case(conn: Connection, case_id: int, *, now: datetime) -> None:
    """Note that it is over: its alerts' pages say what came of it and ask for no more calls."""
    conn.execute(
        update(Case).where(Case.id == case_id, Case.closed_at.is_(None)).values(closed_at=now)
    )


def _add_case(
    conn: Connection, draft: CaseDraft, project_id: int | None, by: str, now: datetime
) -> int:
    if not draft.words:
        raise UnknownCase(
            f"no case is called {draft.slug}; give its title and summary in each language,"
            " or correct its slug"
        )
    row = insert(Case).values(project_id=project_id, slug=draft.slug, created_by=by, created_at=now)
    return conn.execute(row.returning(Case.id)).scalar_one()


def _put_words(conn: Connection, case_id: int, draft: CaseDraft) -> None:
    for language, words in draft.words.items():
        told = {"title": words.title, "summary": words.summary}
        putting = insert_or(conn, CaseText).values(case_id=case_id, language=language, **told)
        conn.execute(
            putting.on_conflict_do_update(index_elements=["case_id", "language"], set_=told)
        )


def _add_facts(
    conn: Connection, case_id: int, facts: Sequence[FactDraft], by: str, now: datetime
) -> None:
    """Add the facts the case does not have: a file read twice tells nothing twice.

    Raises BadFact for one that would keep from people what is known to more.
    """
    known = _known_facts(conn, case_id) if facts else {}
    for fact in facts:
        said = [(fact.happened_on, folded(words)) for words in fact.words.values()]
        there = next((known[each] for each in said if each in known), None)
        if there is None:
            add_fact(conn, case_id, fact, by=by, now=now)
        elif STRICTNESS[release_of(fact)] > max(
            STRICTNESS[each.release] for each in there.versions
        ):
            raise BadFact(
                f"the case has the fact {there.key} already, and more people may read it than this"
                " file says; change on the page of the case who may read it, then read the file again"
            )


def _known_facts(conn: Connection, case_id: int) -> dict[tuple[date, str], KnownFact]:
    """The facts of a case by what they say, and by what they said before."""
    return {
        (version.happened_on, folded(words)): fact
        for fact in facts_of(conn, case_id)
        for version in fact.versions
        for words in version.words.values()
    }
