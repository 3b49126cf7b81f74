"""Is this alert ready? Its message, and what an alert needs besides: page, script, facts that may be told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Row, select

from actions.asks import Ask, read_action, unverified_offices
from alerts.cases import facts_not_public
from alerts.models import Alert, AlertText, Release
from database.tables import folded
from messages.checking import check_message, texts_of
from messages.control import Words
from messages.estimating import Estimate
from messages.findings import Finding, finding
from messages.forecast import Forecast
from messages.house import HouseRules
from messages.models import Message, Reach

LINK = re.compile(r"\{\{\s*link\b")
QUOTE = 5  # that many words of a fact in a row are a quotation of it
WORD = re.compile(r"\w+")


class NoSuchAlert(LookupError):
    """There is no alert with this number."""


@dataclass(frozen=True)
class Check:
    """What came of checking an alert."""

    blocking: Sequence[Finding]  # each stands in the way of the launch
    warnings: Sequence[Finding]  # each deserves a thought
    forecast: Forecast
    estimates: Sequence[Estimate]  # of the texts, by language
    cost: Decimal  # of the texts, in dollars

    @property
    def ready(self) -> bool:
        """Whether it may be launched."""
        return not self.blocking

    @property
    def people(self) -> int:
        """How many people it would reach: the number that whoever launches confirms."""
        return self.forecast.reached

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
    alert = find_alert(conn, alert_id)
    message = check_message(conn, alert.message_id, house=house, now=now, reckon=reckon)
    texts = texts_of(conn, alert.message_id)
    ask = read_action(conn, alert.action_id)
    page = _page_words(conn, alert_id)
    quoted = list(_quotations(conn, alert.case_id, _all_words(texts, page, ask)))
    return Check(
        blocking=[
            *message.blocking,
            *(finding("no_page", language=each) for each in house.languages if each not in page),
            *_script_problems(ask, house, now),
            *(each for each in quoted if each.code == "withheld"),
        ],
        warnings=[
            *message.warnings,
            *(each for each in quoted if each.code != "withheld"),
            *_link_warnings(conn, alert.message_id, texts),
            *(
                finding("unverified_office", name=name)
                for name in unverified_offices(conn, alert.action_id)
            ),
        ],
        forecast=message.forecast,
        estimates=message.estimates,
        cost=message.cost,
    )


def find_alert(conn: Connection, alert_id: int) -> Row[int, int, int, int, str, str]:
    """An alert's row. Raises NoSuchAlert."""
    columns = (
        Alert.id,
        Alert.case_id,
        Alert.message_id,
        Alert.action_id,
        Alert.slug,
        Alert.level,
    )
    found = conn.execute(select(*columns).where(Alert.id == alert_id)).one_or_none()
    if found is None:
        raise NoSuchAlert(f"there is no alert {alert_id}")
    return found


def _page_words(conn: Connection, alert_id: int) -> dict[str, str]:
    """Title and summary by language, where both are there."""
    columns = (AlertText.language, AlertText.title, AlertText.summary)
    rows = conn.execute(select(*columns).where(AlertText.alert_id == alert_id))
    return {
        language: f"{title}\n{summary}"
        for language, title, summary in rows
        if title.strip() and summary.strip()
    }


def _script_problems(ask: Ask, house: HouseRules, now: datetime) -> Iterator[Finding]:
    for language in house.languages:
        if language not in ask.scripts:
            yield finding("no_script", language=language)
    if ask.is_over(now):
        yield finding("deadline_over")


def _link_warnings(
    conn: Connection, message_id: int, texts: Mapping[str, Words]
) -> Iterator[Finding]:
    reach = conn.scalar(select(Message.reach).where(Message.id == message_id))
    if reach == Reach.EMAIL:
        return
    for language, words in sorted(texts.items()):
        if words.sms and not LINK.search(words.sms):
            yield finding("no_link", language=language)


def _all_words(
    texts: Mapping[str, Words], page: Mapping[str, str], ask: Ask
) -> dict[str, list[str]]:
    """Everything that will be public, by language."""
    public: dict[str, list[str]] = {}
    for language, words in texts.items():
        public.setdefault(language, []).extend([words.sms, words.subject, words.body])
    for language, text in page.items():
        public.setdefault(language, []).append(text)
    for language, script in ask.scripts.items():
        parts = [script.opening, script.ask, script.reasons, script.if_yes, script.if_no]
        public.setdefault(language, []).extend([*parts, script.voicemail])
    return public


def _quotations(
    conn: Connection, case_id: int, public: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """Find facts in public texts that not everybody may read."""
    codes = {Release.WITHHELD: "withheld", Release.COMMITTEE: "committee_only"}
    facts = facts_not_public(conn, case_id)
    for language, texts in sorted(public.items()):
        said = [_word_list(text) for text in texts]
        found = {codes[release] for release, fact in facts if _quotes(said, _word_list(fact))}
        for code in sorted(found):
            yield finding(code, language=language)


def _word_list(text: str) -> list[str]:
    return WORD.findall(folded(text))


def _quotes(texts: Sequence[Sequence[str]], fact: Sequence[str]) -> bool:
    """Whether some words of the fact in a row, or all of a shorter one, stand in a text."""
    length = min(QUOTE, len(fact))
    if not length:
        return False
    runs = {tuple(fact[at : at + length]) for at in range(len(fact) - length + 1)}
    return any(
        tuple(text[at : at + length]) in runs
        for text in texts
        for at in range(len(text) - length + 1)
    )
