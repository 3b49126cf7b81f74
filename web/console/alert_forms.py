"""An alert's form: what was typed as a draft, and a draft as what stands in the form."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, time
from enum import StrEnum
from typing import TypeVar

from multidict import MultiDict, MultiMapping

from actions.asks import NamedOffice
from actions.models import TargetRule
from actions.scripts import ScriptWords
from alerts.drafts import AlertDraft, CallDraft, CaseDraft, Ending, FactDraft, Headline
from alerts.models import Level, Release
from database.tables import folded
from messages.audience import Audience, BadAudience, Filter
from messages.audience import read as read_audience
from messages.control import Words
from messages.models import Reach
from web.pages import eastern

NEW_FACTS = 3  # empty lines the form offers
SCRIPT_PARTS = tuple(each.name for each in fields(ScriptWords))
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
    offices: Sequence[NamedOffice] = (),
) -> AlertDraft:
    """Understand a filled-in form; raise BadForm with everything that is wrong.

    ``case_slug`` is "" for a new case. Texts may still be missing: a draft may be half-written.
    """
    problems: list[str] = []
    ends = _last_day(form, problems)
    draft = AlertDraft(
        case=_case(form, languages, case_slug, problems),
        level=_choice(form, "level", Level, Level.AMBER),
        words={
            each: Headline(_text(form, f"title_{each}"), _text(form, f"summary_{each}"))
            for each in languages
        },
        texts={each: _words(form, each) for each in languages},
        call=CallDraft(
            target_rule=_choice(form, "target_rule", TargetRule, TargetRule.CONGRESS),
            scripts={each: _script(form, each) for each in languages},
            goal=_goal(form, problems),
            deadline=ends,
            offices=offices,
        ),
        reach=_choice(form, "reach", Reach, Reach.BOTH),
        audience=_audience(form, problems),
        project=project,
        expires=ends,
    )
    if problems:
        raise BadForm(problems)
    return draft


def write_form(draft: AlertDraft) -> MultiDict[str]:
    """What stands in the form for a stored draft; case and project are the page's to add."""
    form: MultiDict[str] = MultiDict()
    form["level"] = draft.level
    form["reach"] = draft.reach
    form["target_rule"] = draft.call.target_rule
    form["goal"] = str(draft.call.goal or "")
    form["last_day"] = _day_of(draft.expires.at)
    for language, headline in draft.words.items():
        form[f"title_{language}"] = headline.title
        form[f"summary_{language}"] = headline.summary
    for language, words in draft.texts.items():
        form.update({f"{part}_{language}": text for part, text in asdict(words).items()})
    for language, script in draft.call.scripts.items():
        form.update({f"{part}_{language}": text for part, text in asdict(script).items()})
    _write_audience(form, draft.audience)
    return form


def _text(form: Form, name: str) -> str:
    return str(form.get(name, "")).replace("\r\n", "\n").strip()


def _many(form: Form, name: str) -> list[str]:
    return [str(each) for each in form.getall(name, []) if each]


def _choice(form: Form, name: str, choices: type[S], default: S) -> S:
    value = _text(form, name)
    return choices(value) if value in list(choices) else default


def _words(form: Form, language: str) -> Words:
    return Words(*(_text(form, f"{part}_{language}") for part in ("sms", "subject", "body")))


def _script(form: Form, language: str) -> ScriptWords:
    return ScriptWords(**{part: _text(form, f"{part}_{language}") for part in SCRIPT_PARTS})


def _case(form: Form, languages: Sequence[str], case_slug: str, problems: list[str]) -> CaseDraft:
    facts = [fact for n in range(NEW_FACTS) if (fact := _fact(form, n, languages, problems))]
    if case_slug:
        return CaseDraft(slug=case_slug, facts=facts)
    words = {
        each: Headline(_text(form, f"case_title_{each}"), _text(form, f"case_summary_{each}"))
        for each in languages
    }
    if not all(headline.title for headline in words.values()):
        problems.append("The case needs a title in each language.")
    return CaseDraft(slug=_slug(words), words=words, facts=facts)


def _slug(words: Mapping[str, Headline]) -> str:
    """A readable name for the case in records; the random end keeps it its own."""
    title = next((headline.title for headline in words.values()), "")
    plain = re.sub(r"[^a-z0-9]+", "-", folded(title))[:48].strip("-")
    return f"{plain or 'case'}-{secrets.token_hex(3)}"


def _fact(
    form: Form, number: int, languages: Sequence[str], problems: list[str]
) -> FactDraft | None:
    words = {each: _text(form, f"fact_{number}_{each}") for each in languages}
    if not any(words.values()):
        return None
    if not all(words.values()):
        problems.append(f"Fact {number + 1} needs its words in each language.")
    happened_on = _date(form, f"fact_{number}_on")
    if happened_on is None:
        problems.append(f"Fact {number + 1} needs the day on which it happened.")
        return None
    return FactDraft(
        happened_on=happened_on,
        words=words,
        source=_text(form, f"fact_{number}_source"),
        release=_choice(form, f"fact_{number}_release", Release, Release.PUBLIC),
    )


def _goal(form: Form, problems: list[str]) -> int | None:
    value = _text(form, "goal")
    if not value:
        return None
    if not value.isdecimal() or not 0 < int(value) < 10**9:
        problems.append("The goal is a number of calls, such as 200.")
        return None
    return int(value)


def _last_day(form: Form, problems: list[str]) -> Ending:
    """The end of a day in Washington."""
    if not _text(form, "last_day"):
        return Ending()
    day = _date(form, "last_day")
    if day is None:
        problems.append("The last day is a date, such as 2026-12-04.")
        return Ending()
    return Ending(at=datetime.combine(day, time(23, 59), eastern()))


def _day_of(at: datetime | None) -> str:
    return at.astimezone(eastern()).date().isoformat() if at else ""


def _date(form: Form, name: str) -> date | None:
    try:
        return date.fromisoformat(_text(form, name))
    except ValueError:
        return None


def _audience(form: Form, problems: list[str]) -> Audience:
    include: dict[str, object] = {
        "projects": [int(each) for each in _many(form, "to_project") if each.isdecimal()],
        "tags": _many(form, "tag"),
        "languages": _many(form, "language"),
        "states": _split(form, "states"),
        "districts": _split(form, "districts"),
        "joined_since": _text(form, "joined_since") or None,
    }
    if (action := _text(form, "not_acted")).isdecimal():
        include["not_acted"] = int(action)
    try:
        return read_audience({"include": include, "exclude": {"tags": _many(form, "not_tag")}})
    except BadAudience as error:
        problems.append(str(error))
        return Audience()


def _split(form: Form, name: str) -> list[str]:
    return [each.upper() for each in re.split(r"[\s,;]+", _text(form, name)) if each]


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
