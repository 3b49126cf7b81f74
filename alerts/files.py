"""Read an alert file: TOML that carries everything an organizer would type. See docs/alert-file.md."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from alerts.call_files import ending, read_call
from alerts.citing import without_citations
from alerts.drafts import AlertDraft, CaseDraft, FactDraft, Headline
from alerts.fact_models import FactKind, Release
from alerts.models import Level, Work
from alerts.reading import Table
from messages import audience
from messages.audience import EVERYBODY, Audience, BadAudience
from messages.budgets import CENTS
from messages.control import Words
from messages.models import Reach
from messages.templates import BadTemplate, compile_text

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG = 64


class BadAlertFile(ValueError):
    """An alert file with problems: ``problems`` has a sentence for each, beginning with its key."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_alert(text: str, *, languages: Sequence[str] = ("en", "es")) -> AlertDraft:
    """Understand an alert file. Raises BadAlertFile, which lists every problem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadAlertFile([f"this is not valid TOML: {error}"]) from error
    problems: list[str] = []
    draft = _draft(Table(document, "", problems), languages)
    if problems:
        raise BadAlertFile(problems)
    return draft


def _draft(document: Table, languages: Sequence[str]) -> AlertDraft:
    alert = document.take_table("alert", why="say how urgent it is and what its page says")
    message = document.take_table("message", why="write the text message and the email")
    defaults, budget = message.take_table("defaults"), message.take_whole("budget_dollars")
    to_whom, to_projects, not_to_projects = _audience(document)
    draft = AlertDraft(
        case=_case(document, languages),
        level=alert.take_choice("level", Level),
        project=alert.take_text("project"),
        begins_at=alert.take_instant("begins"),
        work=alert.take_choice("work", Work) if alert.holds("work") else None,
        expires=ending(alert, "expires"),
        words=_headlines(alert, languages, why="the alert's page needs it in every language"),
        reach=message.take_choice("reach", Reach, Reach.BOTH),
        texts=_texts(message, languages),
        merge_defaults=_merge_defaults(defaults, languages),
        budget_cents=None if budget is None else budget * CENTS,
        audience=to_whom,
        to_projects=to_projects,
        not_to_projects=not_to_projects,
        call=read_call(document, languages),
    )
    for table in (alert, message, defaults, document):
        table.close()
    return draft


def _case(document: Table, languages: Sequence[str]) -> CaseDraft:
    case = document.take_table("case", why="say what happened, or name a case by its slug")
    slug = case.take_text("slug", why='a short name of its own, such as "suchitoto-14"')
    if slug and (not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG):
        case.tell("slug", f"{slug!r} must be small letters, digits and hyphens, at most 64")
    facts = tuple(_fact(fact, languages) for fact in case.take_tables("facts"))
    new = any(case.holds(language) for language in languages)
    why = "every language is an equal: say it in this one too"
    words = _headlines(case, languages, why=why, required=new)
    case.close()
    return CaseDraft(slug=slug, words=words, facts=facts)


def _fact(fact: Table, languages: Sequence[str]) -> FactDraft:
    if not fact.holds("date"):
        fact.tell("date", "a fact needs the day it happened, such as date = 2007-07-02")
    happened_on = fact.take_day("date")
    why = "a fact is told in every language"
    draft = FactDraft(
        happened_on=happened_on or date.min,
        sources=_sources(fact),
        kind=fact.take_choice("kind", FactKind, FactKind.EVENT),
        release=fact.take_choice("release", Release) if fact.holds("release") else None,
        embargo_until=fact.take_instant("embargo_until"),
        override=fact.take_text("override"),
        key=fact.take_text("key"),
        words={language: fact.take_text(language, why=why) for language in languages},
    )
    fact.close()
    return draft


def _sources(fact: Table) -> tuple[str, ...]:
    """Who tells of it: one source, or a list of several."""
    if fact.holds("sources"):
        one, several = fact.take_text("source"), fact.take_texts("sources")
        return tuple(each.strip() for each in (one, *several) if each.strip())
    return (fact.take_text("source", why='say who reported it, or list sources = ["…", "…"]'),)


def _headlines(
    table: Table, languages: Sequence[str], *, why: str, required: bool = True
) -> dict[str, Headline]:
    words = {}
    for language, one in table.take_languages(languages, why=why, required=required).items():
        words[language] = Headline(
            title=one.take_text("title", why="a few words people see first"),
            summary=one.take_text("summary", why="two or three sentences"),
        )
        one.close()
    return words


def _texts(message: Table, languages: Sequence[str]) -> dict[str, Words]:
    why = "every language is an equal: write the message in it too"
    texts = {}
    for language, one in message.take_languages(languages, why=why).items():
        texts[language] = Words(
            sms=_template(one, "sms"),
            subject=_template(one, "subject"),
            body=_template(one, "email"),
        )
        if bool(texts[language].subject) != bool(texts[language].body):
            one.tell("email", "an email needs both a subject and a text; write both, or neither")
        one.close()
    return texts


def _template(table: Table, name: str) -> str:
    text = table.take_text(name)
    try:
        compile_text(without_citations(text))
    except BadTemplate as error:
        table.tell(name, str(error))
    return text


def _merge_defaults(defaults: Table, languages: Sequence[str]) -> dict[str, dict[str, str]]:
    found = {}
    for language, one in defaults.take_languages(languages, why="", required=False).items():
        held = one.take_rest()
        for name, value in held.items():
            if not isinstance(value, str):
                one.tell(name, f"must be a text in quotes, not {value!r}")
                continue
            try:
                compile_text(f"{{{{ {name} }}}}")
            except BadTemplate as error:
                one.tell(name, str(error))
        found[language] = {name: str(value) for name, value in held.items()}
    return found


def _audience(document: Table) -> tuple[Audience, tuple[str, ...], tuple[str, ...]]:
    who = document.take_table(
        "audience", why="name [audience.include] projects, or write everybody = true to mean it"
    )
    everybody = who.take_flag("everybody")
    include, exclude = who.take_table("include"), who.take_table("exclude")
    to_projects, not_to_projects = include.take_texts("projects"), exclude.take_texts("projects")
    lines = {"include": include.take_rest(), "exclude": exclude.take_rest()}
    if not everybody and not to_projects and not lines["include"]:
        who.tell("include", "empty, which would be everybody; if so, write everybody = true")
    who.close()
    return _understood(who, lines), to_projects, not_to_projects


def _understood(who: Table, lines: Mapping[str, Any]) -> Audience:
    try:
        return audience.read(lines)
    except BadAudience as error:
        who.tell("include", str(error))
        return EVERYBODY
