"""What was checked of a draft and found in order: facts, each with what was counted.

A line stands here only where its own check found nothing, whatever else stands in the way of the launch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from actions.custom_targets import today_of
from alerts.citation_models import Citation
from alerts.fact_models import Release
from alerts.preflight import Check
from alerts.stored import StoredAlert
from messages import rendering, wording
from messages.control import Words
from messages.house import HouseRules
from messages.templates import FIELDS, BadTemplate, is_address

FIELD = re.compile(r"\{\{\s*([a-z_]+)")
MISSING = ("no_", "bad_template")  # begin the codes of findings about words that are not there

_CITED = select(func.count(Citation.version_id.distinct())).where(
    Citation.alert_id == bindparam("alert")
)


@dataclass(frozen=True)
class Passed:
    """Something that was checked and is in order; ``code`` names its sentence."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


def passed(
    conn: Connection, alert: StoredAlert, found: Check, *, house: HouseRules, now: datetime
) -> list[Passed]:
    """What is in order with a draft that was checked so."""
    texts, codes = alert.draft.texts, {each.code for each in found.blocking}
    return [
        *_words(house, codes),
        *_fields(texts, found, codes),
        *_opting_out(texts, house),
        *_offices(alert, now),
        *_facts(conn, alert, codes),
    ]


def _words(house: HouseRules, codes: set[str]) -> Iterator[Passed]:
    """Text, email, page and script, as far as each is wanted, in every language of the house."""
    if not any(code.startswith(MISSING) for code in codes):
        yield Passed("languages", {"languages": house.languages})


def _fields(texts: Mapping[str, Words], found: Check, codes: set[str]) -> Iterator[Passed]:
    if codes & {"gap_nobody", "gap_some", "bad_template"}:
        return
    every = " ".join(f"{each.sms} {each.subject} {each.body}" for each in texts.values())
    named = [name for name in dict.fromkeys(FIELD.findall(every)) if name in FIELDS]
    fields = [name for name in named if not is_address(name)]
    if fields:
        people = found.forecast.reached
        yield Passed("fields", {"fields": ", ".join(fields), "people": people})
    else:
        yield Passed("no_fields")


def _opting_out(texts: Mapping[str, Words], house: HouseRules) -> Iterator[Passed]:
    """Whether each text, as it is sent, says how to leave the list; an email has its link by our layout."""
    written = {language: words.sms for language, words in texts.items() if words.sms.strip()}
    try:
        compiled = [
            rendering.compile_sms(text, language=language, network=house.identity.network)
            for language, text in written.items()
        ]
    except BadTemplate:
        return
    if written and all(wording.says_how_to_opt_out("".join(each.pieces)) for each in compiled):
        yield Passed("opt_out", {"languages": tuple(written)})


def _offices(alert: StoredAlert, now: datetime) -> Iterator[Passed]:
    """Offices outside Congress that it asks for, all of them checked and not for too long ago."""
    if not alert.asks_for_calls:
        return
    asked = {each.office for each in alert.ask.asks if not each.is_over(now)}
    known = [each.office for each in alert.offices]
    mine = [each for each in known if each.key in asked]
    today = today_of(now)
    if mine and all(each.standing(today).is_good for each in mine):
        oldest = min(each.verified_on or today for each in mine)
        yield Passed("offices", {"offices": len(mine), "oldest": oldest})


def _facts(conn: Connection, alert: StoredAlert, codes: set[str]) -> Iterator[Passed]:
    """What is kept back of the case stands in none of the words; and what is cited may be told."""
    wrong = ("cited_", "withheld", "committee_only", "embargoed")
    if any(code.startswith(wrong) for code in codes):
        return
    kept = sum(each.current.release != Release.PUBLIC for each in alert.facts)
    cited = conn.scalar(_CITED, {"alert": alert.id}) or 0
    if kept:
        yield Passed("kept_back", {"facts": kept})
    if cited:
        yield Passed("cited", {"facts": cited})
