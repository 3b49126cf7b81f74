"""An alert's form: what was typed as a draft, and a draft as what stands in the form."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from multidict import MultiDict, MultiMapping

from actions.scripts import ScriptWords
from alerts.blanks import blanks
from alerts.drafts import AlertDraft, CallDraft, CaseDraft, Ending, FactDraft, Headline
from alerts.fact_models import Release
from alerts.models import Level, Work
from database.tables import folded
from messages.audience import Audience, BadAudience, Filter
from messages.audience import read as read_audience
from messages.budgets import CENTS, dollars
from messages.control import Words
from messages.models import Reach
from web.console.ask_forms import (
    FIRST_HOUR,
    SCRIPT_PARTS,
    at_hour,
    day_of,
    end_of_day,
    hour_of,
    read_asks,
    write_asks,
)

MONEY = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,2})?")
NO_MONEY = "The most it may cost is a sum in dollars, such as 50 or 12.50."
ASK_HOURS = ("2", "4", "24")  # that may lie between following the link and the question
NEW_FACTS = 3  # empty lines the form offers
Form = MultiMapping[str]
S = TypeVar("S", bound=StrEnum)


class BadForm(ValueError):
    """What was typed cannot be used; ``problems`` says why, a sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_draft(
    form: Form,
    *,
    languages: Sequence[str],
    case_slug: str,
    project: str,
) -> AlertDraft:
    """Understand a filled-in form; raise BadForm with everything that is wrong.

    ``case_slug`` is "" for a new case. Texts may still be missing: a draft may be half-written.
    """
    problems: list[str] = []
    begins_at, ends = beginning_typed(form, problems), _last_day(form, problems)
    draft = AlertDraft(
        case=_case(form, languages, case_slug, problems),
        level=choice_of(form, "level", Level, Level.AMBER),
        words={
            each: Headline(text_of(form, f"title_{each}"), text_of(form, f"summary_{each}"))
            for each in languages
        },
        texts={each: _words(form, each) for each in languages},
        call=CallDraft(
            asks=read_asks(form, languages, problems),
            scripts={each: _script(form, each) for each in languages},
            goal=_goal(form, problems),
            deadline=ends,
        ),
        reach=choice_of(form, "reach", Reach, Reach.BOTH),
        audience=read_audience_typed(form, problems),
        project=project,
        begins_at=begins_at,
        expires=ends,
        budget_cents=read_budget(text_of(form, "budget"), problems),
        ask_hours=_ask_hours(form),
        work=Work(text_of(form, "work")) if text_of(form, "work") in list(Work) else None,
    )
    if problems:
        raise BadForm(problems)
    return draft


def write_form(draft: AlertDraft) -> MultiDict[str]:
    """What stands in the form for a stored draft; case and project are the page's to add."""
    form: MultiDict[str] = MultiDict()
    form["level"] = draft.level
    form["reach"] = draft.reach
    write_asks(form, draft.call.asks)
    form["goal"] = str(draft.call.goal or "")
    form["budget"] = write_budget(draft.budget_cents or 0)
    form["ask_hours"] = str(draft.ask_hours)
    form["begins_on"], form["begins_time"] = day_of(draft.begins_at), hour_of(draft.begins_at)
    form["work"] = draft.work or ""
    form["last_day"] = day_of(draft.expires.at)
    for language, headline in draft.words.items():
        form[f"title_{language}"] = headline.title
        form[f"summary_{language}"] = headline.summary
    for language, words in draft.texts.items():
        form.update({f"{part}_{language}": text for part, text in asdict(words).items()})
    for language, script in draft.call.scripts.items():
        form.update({f"{part}_{language}": text for part, text in asdict(script).items()})
    _write_audience(form, draft.audience)
    return form


def read_budget(typed: str, problems: list[str]) -> int:
    """What somebody typed as dollars, in cents; 0 where they left it open."""
    plain = typed.removeprefix("$").replace(",", "").strip()
    if not plain:
        return 0
    if not MONEY.fullmatch(plain) or not Decimal(plain):
        problems.append(NO_MONEY)
        return 0
    return int(Decimal(plain) * CENTS)


def write_budget(cents: int) -> str:
    """Cents as they stand in a form; "" for no limit."""
    return dollars(cents).removeprefix("$") if cents else ""


def text_of(form: Form, name: str) -> str:
    """What stands in a field."""
    return str(form.get(name, "")).replace("\r\n", "\n").strip()


def lines_of(form: Form, name: str) -> list[str]:
    """What stands in a field, one thing a line."""
    return [line.strip() for line in text_of(form, name).splitlines() if line.strip()]


def _many(form: Form, name: str) -> list[str]:
    return [str(each) for each in form.getall(name, []) if each]


def choice_of(form: Form, name: str, choices: type[S], default: S) -> S:
    """What was chosen of a few words."""
    value = text_of(form, name)
    return choices(value) if value in list(choices) else default


def _words(form: Form, language: str) -> Words:
    return Words(*(text_of(form, f"{part}_{language}") for part in ("sms", "subject", "body")))


def _script(form: Form, language: str) -> ScriptWords:
    return ScriptWords(**{part: text_of(form, f"{part}_{language}") for part in SCRIPT_PARTS})


def _case(form: Form, languages: Sequence[str], case_slug: str, problems: list[str]) -> CaseDraft:
    facts = [fact for n in range(NEW_FACTS) if (fact := _fact(form, n, languages, problems))]
    if case_slug:
        return CaseDraft(slug=case_slug, facts=facts)
    return replace(new_case(form, languages, problems), facts=facts)


def new_case(form: Form, languages: Sequence[str], problems: list[str]) -> CaseDraft:
    """The title and summary of a case that is yet to be."""
    words = {
        each: Headline(text_of(form, f"case_title_{each}"), text_of(form, f"case_summary_{each}"))
        for each in languages
    }
    if not all(headline.title for headline in words.values()):
        problems.append("The case needs a title in each language.")
    if blanks(text for each in words.values() for text in (each.title, each.summary)):
        problems.append(
            "The title and the summary of the case still hold what is to be filled in, in brackets."
        )
    return CaseDraft(slug=_slug(words), words=words)


def _slug(words: Mapping[str, Headline]) -> str:
    """A readable name for the case in records; the random end keeps it its own."""
    title = next((headline.title for headline in words.values()), "")
    plain = re.sub(r"[^a-z0-9]+", "-", folded(title))[:48].strip("-")
    return f"{plain or 'case'}-{secrets.token_hex(3)}"


def _fact(
    form: Form, number: int, languages: Sequence[str], problems: list[str]
) -> FactDraft | None:
    words = {each: text_of(form, f"fact_{number}_{each}") for each in languages}
    if not any(words.values()):
        return None
    if not all(words.values()):
        problems.append(f"Fact {number + 1} needs its words in each language.")
    happened_on = day_typed(form, f"fact_{number}_on")
    if happened_on is None:
        problems.append(f"Fact {number + 1} needs the day on which it happened.")
        return None
    return FactDraft(
        happened_on=happened_on,
        words=words,
        sources=lines_of(form, f"fact_{number}_sources"),
        override=text_of(form, f"fact_{number}_override"),
        release=choice_of(form, f"fact_{number}_release", Release, Release.PUBLIC),
    )


def _goal(form: Form, problems: list[str]) -> int | None:
    value = text_of(form, "goal")
    if not value:
        return None
    if not value.isdecimal() or not 0 < int(value) < 10**9:
        problems.append("The goal is a number of calls, such as 200.")
        return None
    return int(value)


def _ask_hours(form: Form) -> int:
    """Some hours after the call, for memory fades; anything else is taken for no question."""
    value = text_of(form, "ask_hours")
    return int(value) if value in ASK_HOURS else 0


def beginning_typed(form: Form, problems: list[str]) -> datetime | None:
    """When it begins: a day and an hour in Washington; the hour alone says nothing."""
    day, hour = text_of(form, "begins_on"), text_of(form, "begins_time")
    if not day:
        return None
    at = at_hour(day, hour or FIRST_HOUR)
    if at is None:
        problems.append("It begins on a date and at an hour, such as 2026-12-01 and 09:00.")
    return at


def _last_day(form: Form, problems: list[str]) -> Ending:
    """The end of a day in Washington."""
    if not text_of(form, "last_day"):
        return Ending()
    end = end_of_day(text_of(form, "last_day"))
    if end is None:
        problems.append("The last day is a date, such as 2026-12-04.")
    return Ending(at=end)


def day_typed(form: Form, name: str) -> date | None:
    """A day; None where none was typed."""
    try:
        return date.fromisoformat(text_of(form, name))
    except ValueError:
        return None


def read_audience_typed(form: Form, problems: list[str]) -> Audience:
    """Who gets it, as it was typed; what is wrong goes to ``problems``."""
    include: dict[str, object] = {
        "projects": [int(each) for each in _many(form, "to_project") if each.isdecimal()],
        "tags": _many(form, "tag"),
        "languages": _many(form, "language"),
        "states": _split(form, "states"),
        "districts": _split(form, "districts"),
        "joined_since": text_of(form, "joined_since") or None,
    }
    if (action := text_of(form, "not_acted")).isdecimal():
        include["not_acted"] = int(action)
    try:
        return read_audience({"include": include, "exclude": {"tags": _many(form, "not_tag")}})
    except BadAudience as error:
        problems.append(str(error))
        return Audience()


def _split(form: Form, name: str) -> list[str]:
    return [each.upper() for each in re.split(r"[\s,;]+", text_of(form, name)) if each]


def _write_audience(form: MultiDict[str], audience: Audience) -> None:
    include: Filter = audience.include
    form.extend([("to_project", str(each)) for each in include.projects])
    form.extend([("tag", each) for each in include.tags])
    form.extend([("language", each) for each in include.languages])
    form.extend([("not_tag", each) for each in audience.exclude.tags])
    form["states"] = ", ".join(include.states)
    form["districts"] = ", ".join(include.districts)
    form["joined_since"] = include.joined_since.isoformat() if include.joined_since else ""
    form["not_acted"] = str(include.not_acted or "")
