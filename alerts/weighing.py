"""What in an alert's words could endanger somebody, or cost a network its exemption: as written, and as stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, bindparam, select

from actions.custom_targets import offices
from actions.targets import SWITCHBOARD_PHONE
from alerts.at_risk import (
    NoSuchPerson,
    NotYetSaid,
    give_reason,
    looked_for,
    namings,
    owner_of,
    reasons_of,
)
from alerts.citing import pieces
from alerts.drafts import AlertDraft
from alerts.models import Alert, Case, CaseText
from alerts.pages import AT_LAST, AlertPage, DatedFact, Withheld, facts_to_show
from alerts.stored import StoredAlert, told_draft
from alerts.timeline import KnownFact, facts_of
from contacts.models import Project
from messages import control, discretion
from messages.cautions import Said, cautions, numbers_in
from messages.findings import Finding
from organizers.access import names
from representatives.models import Member, Office

LETTER = ("letter", "letter_subject")

_CASE = (
    select(Case.id, Case.project_id)
    .join(Alert, Alert.case_id == Case.id)
    .where(Alert.id == bindparam("alert"))
)
_CASE_ID = select(Alert.case_id).where(Alert.id == bindparam("alert"))
_TOLD = (
    select(CaseText.language, CaseText.title, CaseText.summary)
    .where(CaseText.case_id == bindparam("case"))
    .order_by(CaseText.language)
)


@dataclass(frozen=True)
class Weighed:
    """What was found in words that people will read or hear."""

    blocking: Sequence[
        Finding
    ] = ()  # a name that must not be said, and nobody says why it may stand
    warnings: Sequence[Finding] = ()


def weigh(
    conn: Connection,
    case_id: int | None,
    owner: int | None,
    said: Iterable[Said],
    *,
    alert_id: int | None = None,
) -> Weighed:
    """Weigh words about a case, of an alert that is stored or not; None for a case that is yet to be.

    ``owner`` is the project whose case it is, None for the network.
    """
    texts = list(said)
    people = looked_for(conn, case_id, owner)
    reasons = reasons_of(conn, alert_id, names(conn)) if alert_id and people else {}
    blocking, warnings = namings(texts, people, reasons, case_id=case_id)
    numbers = numbers_in(each.text for each in texts)
    known = known_numbers(conn, numbers) if numbers else set()
    return Weighed(blocking, [*warnings, *cautions(texts, known)])


def weigh_alert(conn: Connection, alert: StoredAlert) -> Weighed:
    """Weigh a stored draft with what its page says of the case."""
    said = [*said_in(alert.draft), *_said_of(conn, alert.case_id, alert.facts)]
    owner = owner_of(conn, alert.case_id)
    return weigh(conn, alert.case_id, owner, said, alert_id=alert.id)


def naming_by_now(conn: Connection, alert_id: int) -> Sequence[Finding]:
    """Whom an alert names who must not be named, and nobody says why; as the lists are now."""
    case_id = _case_of(conn, alert_id)
    owner = owner_of(conn, case_id)
    people = looked_for(conn, case_id, owner)
    if not people:
        return ()
    reasons = reasons_of(conn, alert_id, {})
    blocking, _ = namings(_all_said(conn, alert_id, case_id), people, reasons, case_id=case_id)
    return blocking


def naming_among(conn: Connection, case_id: int, alert_ids: Iterable[int]) -> frozenset[int]:
    """Those of a case's alerts that name somebody so; the lists, and what is said of the case, are read once."""
    people = looked_for(conn, case_id, owner_of(conn, case_id))
    if not people:
        return frozenset()
    case = said_of_case(conn, case_id)

    def names(alert_id: int) -> bool:
        said = [*said_in(told_draft(conn, alert_id)), *case]
        blocking, _ = namings(said, people, reasons_of(conn, alert_id, {}), case_id=case_id)
        return bool(blocking)

    return frozenset(each for each in alert_ids if names(each))


def require_discreet(conn: Connection, page: AlertPage) -> None:
    """Show nobody a page that names somebody by now, before somebody says why it may. Raises Withheld.

    Asked at each visit: only what the page shows is weighed, and nothing of it is read again.
    """
    case_id, owner = conn.execute(_CASE, {"alert": page.alert_id}).one()
    people = looked_for(conn, case_id, owner)
    if not people:
        return
    reasons = reasons_of(conn, page.alert_id, {})
    blocking, _ = namings(_shown_on(page), people, reasons, case_id=case_id)
    if blocking:
        raise Withheld(Withheld.__doc__)


def require_said_why(conn: Connection, alert_id: int) -> None:
    """Let nothing of an alert go on that names somebody, before somebody says why; nobody comes on a list until
    we commit. Raises NotYetSaid.
    """
    discretion.take_turns(conn)
    if naming_by_now(conn, alert_id):
        raise NotYetSaid(NotYetSaid.__doc__)


def let_stand(
    conn: Connection, alert_id: int, person_id: int, *, why: str, by: str, now: datetime
) -> None:
    """Keep why a draft, what waits of an alert that is on its way, or a page may name somebody all the same.

    Raises NoSuchPerson and NoWhy.
    """
    message_id = conn.scalars(select(Alert.message_id).where(Alert.id == alert_id)).one()
    control.locked(conn, message_id)
    case_id = _case_of(conn, alert_id)
    said = _all_said(conn, alert_id, case_id)
    people = {each.id: each for each in looked_for(conn, case_id, owner_of(conn, case_id))}
    if person_id not in people:
        raise NoSuchPerson(NoSuchPerson.__doc__)
    give_reason(conn, alert_id, case_id, people[person_id], said, why=why, by=by, now=now)


def _case_of(conn: Connection, alert_id: int) -> int:
    return conn.scalars(_CASE_ID, {"alert": alert_id}).one()


def _all_said(conn: Connection, alert_id: int, case_id: int) -> list[Said]:
    """All that is said in an alert and of its case."""
    return [*said_in(told_draft(conn, alert_id)), *said_of_case(conn, case_id)]


def said_in(draft: AlertDraft) -> list[Said]:
    """Every text of an alert, with its place as a reader calls it."""
    defaults = [
        Said("body", language, value)
        for language, held in draft.merge_defaults.items()
        for value in held.values()
    ]
    return [Said(_place(p), language, text) for (p, language), text in pieces(draft)] + defaults


def known_numbers(conn: Connection, numbers: Collection[str]) -> set[str]:
    """Those of these numbers (E.164) that are an office's, or our own."""
    columns = (Project.sms_sender, Member.phone, Office.phone)
    official = (conn.scalars(select(each).where(each.in_(numbers))) for each in columns)
    named = {
        number
        for kept in offices(conn, None)
        for number in (kept.office.fax, *(line.number for line in kept.office.phones))
    }
    return {SWITCHBOARD_PHONE, *filter(None, chain.from_iterable(official)), *named}


def said_of_case(
    conn: Connection, case_id: int, known: Sequence[KnownFact] | None = None
) -> list[Said]:
    """What a public page says of a case besides its alert: title, summary, and its facts; ``known`` if they are read.

    Of a fact its words, what it said before, and who told it; what is under embargo will stand there, too.
    """
    return _said_of(conn, case_id, facts_of(conn, case_id) if known is None else known)


def _shown_on(page: AlertPage) -> list[Said]:
    told = [
        Said("page", language, f"{words.title}\n{words.summary}")
        for each in (page.words, page.case_words)
        for language, words in each.items()
    ]
    scripts = [
        Said("script", language, part)
        for said in (page.ask.scripts, *(each.scripts for each in page.ask.asks))
        for language, script in said.items()
        for part in astuple(script)
    ]
    return [*told, *_said_in_facts(page.facts), *scripts]


def _said_in_facts(facts: Iterable[DatedFact]) -> list[Said]:
    return [
        Said("fact", language, text)
        for fact in facts
        for language, words in fact.words.items()
        for text in (words, fact.before.get(language, ""), fact.source)
        if text
    ]


def _said_of(conn: Connection, case_id: int, known: Iterable[KnownFact]) -> list[Said]:
    told = conn.execute(_TOLD, {"case": case_id})
    case = [Said("case", row.language, f"{row.title}\n{row.summary}") for row in told]
    return [*case, *_said_in_facts(facts_to_show(known, AT_LAST))]


def _place(place: str) -> str:
    """Of a script's part whether it is the call or the letter; all else by its own name."""
    script, _, part = place.rpartition(".")
    if not script:
        return place
    return "letter" if part in LETTER else "script"
