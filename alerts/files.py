"""Read an alert file: TOML that carries everything an organizer would type. See docs/alert-file.md."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

from actions.asks import NamedOffice
from actions.models import TargetRule
from actions.scripts import BadScript, ScriptWords, check_script
from alerts.drafts import AlertDraft, CallDraft, CaseDraft, Ending, FactDraft, Headline
from alerts.models import Level, Release
from alerts.reading import Table
from contacts.addresses import BadPhone, normalise_phone
from messages import audience
from messages.audience import EVERYBODY, Audience, BadAudience
from messages.control import Words
from messages.models import Reach
from messages.templates import BadTemplate, compile_text

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG = 64
HARMLESS = ScriptWords(opening="…", ask="…")  # stands around the one part being checked


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
    defaults = message.take_table("defaults")
    to_whom, to_projects, not_to_projects = _audience(document)
    draft = AlertDraft(
        case=_case(document, languages),
        level=alert.take_choice("level", Level),
        project=alert.take_text("project"),
        expires=_ending(alert, "expires"),
        words=_headlines(alert, languages, why="the alert's page needs it in every language"),
        reach=message.take_choice("reach", Reach, Reach.BOTH),
        texts=_texts(message, languages),
        merge_defaults=_merge_defaults(defaults, languages),
        audience=to_whom,
        to_projects=to_projects,
        not_to_projects=not_to_projects,
        call=_call(document, languages),
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
        source=fact.take_text("source", why="say who reported it"),
        release=fact.take_choice("release", Release, Release.PUBLIC),
        words={language: fact.take_text(language, why=why) for language in languages},
    )
    fact.close()
    return draft


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


def _ending(table: Table, name: str) -> Ending:
    """Either an instant, or hours from when the file is read."""
    at, hours = table.take_instant(name), table.take_whole(f"{name}_in_hours")
    if at is not None and hours is not None:
        table.tell(name, f"given twice; leave out either {name} or {name}_in_hours")
    return Ending(at, None if hours is None else timedelta(hours=hours))


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
        compile_text(text)
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


def _call(document: Table, languages: Sequence[str]) -> CallDraft:
    call = document.take_table("call", why="say whom to call and what to say")
    draft = CallDraft(
        target_rule=call.take_choice("targets", TargetRule),
        goal=call.take_whole("goal"),
        deadline=_ending(call, "deadline"),
        offices=tuple(_office(office) for office in call.take_tables("offices")),
        scripts={
            language: _script(one)
            for language, one in call.take_languages(
                languages, why="write the script in this language too"
            ).items()
        },
    )
    call.close()
    return draft


def _script(one: Table) -> ScriptWords:
    required = {"opening": "what the caller says first", "ask": "the one thing we ask for"}
    parts = {
        part.name: one.take_text(part.name, why=required.get(part.name, ""))
        for part in fields(ScriptWords)
    }
    for name, text in parts.items():
        try:
            check_script(replace(HARMLESS, **{name: text or "…"}))
        except BadScript as error:
            one.tell(name, str(error))
    one.close()
    return ScriptWords(**parts)


def _office(office: Table) -> NamedOffice:
    phone = office.take_text("phone", why="the number to call")
    try:
        phone = normalise_phone(phone) if phone else ""
    except BadPhone as error:
        office.tell("phone", str(error))
    draft = NamedOffice(
        key=office.take_text("key", why='a name of its own in our records, such as "sv-embassy"'),
        name=office.take_text("name", why="the name of the office"),
        phone=phone,
        title=office.take_text("title"),
        institution=office.take_text("institution"),
        hours=office.take_text("hours"),
        time_zone=office.take_text("time_zone") or "America/New_York",
        source=office.take_text("source"),
        verified_on=office.take_day("verified_on"),
        verified_by=office.take_text("verified_by"),
    )
    office.close()
    return draft
