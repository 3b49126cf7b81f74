"""Is this alert ready? Its message, and what an alert needs besides: page, script, facts that may be told."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Row, bindparam, func, select

from actions.asks import Ask
from actions.custom_targets import KeptOffice, NamedOffice, Standing, today_of
from actions.scripts import ScriptWords
from alerts import sharing
from alerts.blanks import blank_findings
from alerts.citation_models import FactCorrection
from alerts.citing import SENT, cited_keys, fill, pieces
from alerts.corrections import outdated, tellings
from alerts.drafts import AlertDraft
from alerts.fact_models import FactVersion
from alerts.kinds_of_work import work_findings
from alerts.lateness import late_findings
from alerts.models import Alert
from alerts.sharing import NOBODY, Committee, PartCheck
from alerts.stored import StoredAlert, stored_alert
from alerts.timeline import KnownFact, closed_because, facts_of, find_fact, not_public
from alerts.timing import begins_findings, closed_findings, recess_findings
from alerts.weighing import naming_by_now, weigh_alert
from database.once import once
from database.tables import folded
from messages.audience import read as read_audience
from messages.checking import MessageCheck, check_message
from messages.control import Words
from messages.estimating import Estimate
from messages.findings import Finding, finding
from messages.forecast import Forecast
from messages.house import HouseRules
from messages.models import Message, Reach

LINK = re.compile(r"\{\{\s*link\b")
QUOTE = 5  # that many words of a fact in a row are a quotation of it
WORD = re.compile(r"\w+")
NOT_TO_BE_TOLD = frozenset({"withheld", "committee_only", "embargoed"})

_ALERT = (
    select(
        Alert.id,
        Alert.case_id,
        Alert.message_id,
        func.coalesce(Message.action_id, Alert.action_id).label("action_id"),
        Alert.action_id.label("own_action_id"),
        Alert.slug,
        Alert.level,
    )
    .join(Message, Message.id == Alert.message_id)
    .where(Alert.id == bindparam("alert"))
)
_CORRECTED = (
    select(FactVersion.id, FactVersion.fact_id, Message.audience, Message.project_id)
    .join(FactCorrection, FactCorrection.version_id == FactVersion.id)
    .join(Alert, Alert.id == FactCorrection.alert_id)
    .join(Message, Message.id == Alert.message_id)
    .where(FactCorrection.alert_id == bindparam("alert"))
)


class NoSuchAlert(LookupError):
    """There is no alert with this number."""


@dataclass(frozen=True)
class CommitteePart:
    """What a committee would send of an alert of the network's."""

    committee: Committee
    reached: int  # who are on no earlier list
    cost: Decimal
    blocking: Sequence[Finding]

    @property
    def joins(self) -> bool:
        """Whether it will."""
        return self.committee.joins


@dataclass(frozen=True)
class Check:
    """What came of checking an alert."""

    blocking: Sequence[Finding]  # each stands in the way of the launch
    warnings: Sequence[Finding]  # each deserves a thought
    message: MessageCheck  # without the committees that join
    cost: Decimal  # of the texts, in dollars
    parts: Sequence[CommitteePart] = ()  # of an alert of the network's, also those that do not join

    @property
    def forecast(self) -> Forecast:
        """What would happen if the message itself were launched now."""
        return self.message.forecast

    @property
    def estimates(self) -> Sequence[Estimate]:
        """What its texts take, by language."""
        return self.message.estimates

    @property
    def ready(self) -> bool:
        """Whether it may be launched."""
        return not self.blocking

    @property
    def people(self) -> int:
        """How many people it would reach: the number that whoever launches confirms."""
        return self.forecast.reached + sum(self.joining.values())

    @property
    def joining(self) -> dict[int, int]:
        """How many people the parts of the committees that join reach, by project."""
        return {each.committee.project_id: each.reached for each in self.parts if each.joins}

    @property
    def segments(self) -> int:
        """SMS segments of all texts."""
        return sum(each.segments for each in self.estimates)


def check(
    conn: Connection, alert_id: int, *, house: HouseRules, now: datetime, reckon: bool = True
) -> Check:
    """Check a draft alert against the people it would go to now. Raises NoSuchAlert.

    ``reckon``: see ``check_message``.
    """
    alert = stored_alert(conn, find_alert(conn, alert_id))
    return check_stored(conn, alert, house=house, now=now, reckon=reckon)


def check_stored(
    conn: Connection, alert: StoredAlert, *, house: HouseRules, now: datetime, reckon: bool = True
) -> Check:
    """The same of an alert that has been read."""
    message = check_message(conn, alert.message_id, house=house, now=now, reckon=reckon)
    texts, ask, page = alert.draft.texts, alert.ask, _page_words(alert.draft)
    parts = [
        _committee_part(each)
        for each in sharing.checks(
            conn, alert.id, message.terms, house=house, now=now, reckon=reckon
        )
    ]
    weighed = weigh_alert(conn, alert)
    quoted = list(_quotations(alert.facts, _all_words(texts, page, ask), now))
    return Check(
        blocking=[
            *_blocking(message, parts),
            *(finding("no_page", language=each) for each in house.languages if each not in page),
            *_script_problems(ask, house, now),
            *(_office_problems(ask, alert.offices, now) if alert.asks_for_calls else ()),
            *(each for each in quoted if each.code in NOT_TO_BE_TOLD),
            *_correction_problems(conn, alert.id),
            *blank_findings(alert),
            *_citation_problems(alert, now),
            *late_findings(conn, alert, now),
            *begins_findings(alert),
            *weighed.blocking,
            *_closed_page(conn, alert),
            *work_findings(conn, alert.id),
        ],
        warnings=[
            *message.warnings,
            *(each for each in quoted if each.code not in NOT_TO_BE_TOLD),
            *_link_warnings(alert.draft),
            *closed_findings(conn, alert, now),
            *recess_findings(conn, alert, now),
            *weighed.warnings,
        ],
        message=message,
        cost=sum((each.cost for each in parts if each.joins), message.cost),
        parts=parts,
    )


def _committee_part(part: PartCheck) -> CommitteePart:
    # That nobody of a committee is reached is no reason not to write to all others.
    blocking = [each for each in part.check.blocking if each.code not in NOBODY]
    return CommitteePart(part.committee, part.reached, part.check.cost, blocking)


def _blocking(own: MessageCheck, parts: Sequence[CommitteePart]) -> list[Finding]:
    """What stands in the way of any part, told once."""
    joining = [each for each in parts if each.joins]
    mine = list(own.blocking)
    if any(each.reached for each in parts) and any(each.code in NOBODY for each in mine):
        mine = [each for each in mine if each.code not in NOBODY]
        mine += [] if any(each.reached for each in joining) else [finding("nobody_joined")]
    theirs = [each for part in joining for each in part.blocking if each not in mine]
    return [*mine, *(each for n, each in enumerate(theirs) if each not in theirs[:n])]


@once
def find_alert(conn: Connection, alert_id: int) -> Row[int, int, int, int, int, str, str]:
    """An alert's row. Raises NoSuchAlert.

    ``action_id`` is the action to which its copies lead and on which calls count; a reminder leads to the
    action of the alert it follows, and ``own_action_id`` is the one that its own draft asks for.
    """
    found = conn.execute(_ALERT, {"alert": alert_id}).one_or_none()
    if found is None:
        raise NoSuchAlert(f"there is no alert {alert_id}")
    return found


def _page_words(draft: AlertDraft) -> dict[str, str]:
    """Title and summary by language, where both are there."""
    return {
        language: f"{each.title}\n{each.summary}"
        for language, each in draft.words.items()
        if each.title.strip() and each.summary.strip()
    }


def _script_problems(ask: Ask, house: HouseRules, now: datetime) -> Iterator[Finding]:
    for language in house.languages:
        if language not in ask.scripts:
            yield finding("no_script", language=language)
        elif missing := _half_written(ask.scripts, language):
            yield finding(missing, language=language)
        for number, each in enumerate(ask.asks, 1):
            if each.scripts and language not in each.scripts:
                yield finding("no_script_of_ask", language=language, number=number)
            elif each.scripts and (missing := _half_written(each.scripts, language)):
                yield finding(missing, language=language)
    if ask.is_over(now):
        yield finding("deadline_over")


def _half_written(scripts: Mapping[str, ScriptWords], language: str) -> str:
    """What this language lacks that another one has: the call, or the letter; "" = nothing."""
    own = scripts[language]
    if any(each.calls for each in scripts.values()) and not own.calls:
        return "no_script"
    return "no_letter" if any(each.writes for each in scripts.values()) and not own.writes else ""


def _office_problems(ask: Ask, offices: Iterable[KeptOffice], now: datetime) -> Iterator[Finding]:
    """Offices whose number nobody has checked lately; ``target`` leads to the button beside it."""
    asked = {each.office: each.scripts or ask.scripts for each in ask.asks if not each.is_over(now)}
    today = today_of(now)
    for each in offices:
        office = each.office
        standing = office.standing(today)
        known = {"name": office.name, "target": each.id}
        if office.key not in asked:
            continue
        if missing := _unreachable(office, asked[office.key].values()):
            yield finding(missing, **known)
        elif standing.is_good:
            continue
        elif standing is Standing.EXPIRED:
            yield finding("expired_office", day=office.expires_on, **known)
        else:
            yield finding("unverified_office", **known)


def _unreachable(office: NamedOffice, scripts: Collection[ScriptWords]) -> str:
    """What an office lacks for all that is asked of people; "" = nothing."""
    writes = any(each.writes for each in scripts)
    if office.phones and (not writes or any(each.calls for each in scripts)):
        return ""
    if not writes:
        return "office_without_number"
    return "" if office.can_be_written_to else "office_without_address"


def _correction_problems(conn: Connection, alert_id: int) -> Iterator[Finding]:
    """A correction that is not to exactly those any more who were told otherwise."""
    for row in conn.execute(_CORRECTED, {"alert": alert_id}).all():
        fact, mine = find_fact(conn, row.fact_id), read_audience(row.audience).include.outdated
        fresh = mine and outdated(
            fact,
            tellings(conn, fact),
            row.project_id,
            sent_by=mine.sent_by,
            perhaps=mine.perhaps,
        )
        if fact.current.id != row.id or fresh != mine:
            yield finding("correction_outdated", key=fact.key)


def _citation_problems(alert: StoredAlert, now: datetime) -> Iterator[Finding]:
    """Facts that are cited and may not be told; and what says another thing than when it was saved."""
    told = dict(pieces(alert.draft))
    known = {each.key: each for each in alert.facts}
    stale = set()
    for place, text in pieces(alert.as_written):
        if alert.followed is not None and place[0] not in SENT:
            continue  # what follows another alert leads to the page and the script of that one
        for key in dict.fromkeys(cited_keys(text)):
            why = closed_because(known[key].current, now)
            if why:
                yield finding(f"cited_{why}", key=key)
            elif fill(known, text, place[1], now=now) != told[place]:
                stale.add(key)
    yield from (finding("cited_anew", key=key) for key in sorted(stale))


def _closed_page(conn: Connection, alert: StoredAlert) -> Iterator[Finding]:
    """What follows another alert and leads to its page, which names somebody by now and is closed."""
    if alert.followed is not None and naming_by_now(conn, alert.followed.alert_id):
        yield finding("leads_to_closed")


def _link_warnings(draft: AlertDraft) -> Iterator[Finding]:
    if draft.reach in (Reach.EMAIL, Reach.PAGE):
        return
    for language, words in sorted(draft.texts.items()):
        if words.sms and not LINK.search(words.sms):
            yield finding("no_link", language=language)


def quoted(
    conn: Connection, case_id: int, public: Mapping[str, Sequence[str]], *, now: datetime
) -> list[Finding]:
    """What words about a case, by language, quote of facts that not everybody may read."""
    found = _quotations(facts_of(conn, case_id), public, now)
    return [each for each in found if each.code in NOT_TO_BE_TOLD]


def _all_words(
    texts: Mapping[str, Words], page: Mapping[str, str], ask: Ask
) -> dict[str, list[str]]:
    """Everything that will be public, by language."""
    public: dict[str, list[str]] = {}
    for language, words in texts.items():
        public.setdefault(language, []).extend([words.sms, words.subject, words.body])
    for language, text in page.items():
        public.setdefault(language, []).append(text)
    for scripts in (ask.scripts, *(each.scripts for each in ask.asks)):
        for language, script in scripts.items():
            public.setdefault(language, []).extend(asdict(script).values())
    return public


def _quotations(
    facts: Sequence[KnownFact], public: Mapping[str, Sequence[str]], now: datetime
) -> Iterator[Finding]:
    """Find facts in public texts that not everybody may read, or that turned out false.

    In whatever language they were written: a name is one in all of them. What a fact says that everybody
    may read, or could since it was last kept from anybody, is no quotation of what is to be kept.
    """
    free = [
        _word_list(words)
        for fact in facts
        for version in fact.published(now)
        for words in version.words.values()
    ]
    so = [
        _word_list(words)
        for fact in facts
        if fact.current.may_be_told(now)
        for words in fact.current.words.values()
    ]
    closed = [
        (why, _word_list(words))
        for why, version in not_public(facts, now)
        for words in version.words.values()
    ]
    for language, texts in sorted(public.items()):
        said = [_word_list(text) for text in texts]
        codes = {
            why
            for why, fact in closed
            if _quotes(said, fact, free if why in NOT_TO_BE_TOLD else so)
        }
        yield from (finding(code, language=language) for code in sorted(codes))


def _word_list(text: str) -> list[str]:
    return WORD.findall(folded(text))


def _quotes(
    texts: Sequence[Sequence[str]], fact: Sequence[str], free: Sequence[Sequence[str]]
) -> bool:
    """Whether some words of the fact in a row, or all of a shorter one, stand in a text."""
    length = min(QUOTE, len(fact))
    if not length:
        return False
    runs = _runs([fact], length) - _runs(free, length)
    return not runs.isdisjoint(_runs(texts, length))


def _runs(texts: Iterable[Sequence[str]], length: int) -> set[tuple[str, ...]]:
    """Every so many words in a row."""
    return {tuple(text[at : at + length]) for text in texts for at in range(len(text) - length + 1)}
