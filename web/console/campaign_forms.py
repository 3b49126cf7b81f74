"""A campaign's email as typed in its form: its words, for whom, and on which dates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from multidict import MultiDict, MultiMapping

from campaigns.calendar import LATE_MINUTES, WAIT_HOURS, EmailDraft
from campaigns.models import Missed
from campaigns.recurring import DAYS, MOST_TIMES, BadRule, Choice, Repeat, choice_of, rule_of
from messages.audience import Audience, Filter, read
from messages.control import Words
from web.console.experiments import read_plan, typed_plan

LATE = (15, 60, 240, 1440)  # minutes
WAIT = (24, 48, 72, 168)  # hours
EVERY = 24


class Unwritten(ValueError):
    """An email needs a subject and a text in each language."""


def read_email(
    form: MultiMapping[str],
    *,
    languages: Sequence[str],
    projects: Sequence[int] | None,
    pages: Collection[int],
) -> EmailDraft:
    """Understand the form; raise Unwritten, BadRule or BadExperiment.

    ``projects`` are whose people get it, None: everybody; ``pages`` the actions to whose pages it may lead.
    """
    chosen = tuple(str(each) for each in form.getall("language", []))
    include = Filter(projects=tuple(projects or ()), languages=chosen)
    day, hour = str(form.get("day", "")), str(form.get("hour", ""))
    return EmailDraft(
        texts=read_words(form, languages),
        audience=Audience(include=include),
        local_time=f"{day}T{hour}",
        zone=str(form.get("zone", "")),
        rule=read_rule(form),
        own_zone=form.get("own_zone") == "yes",
        late_minutes=_number(form, "late", LATE_MINUTES, max(LATE)),
        wait_hours=_number(form, "wait", WAIT_HOURS, max(WAIT)),
        missed=Missed.EACH if form.get("missed") == Missed.EACH else Missed.NEWEST,
        action_id=_page(form, pages),
        on=form.get("act") != "draft",
        experiment=read_plan(form, languages),
    )


def _page(form: MultiMapping[str], pages: Collection[int]) -> int | None:
    chosen = str(form.get("leads_to", ""))
    return next((each for each in pages if str(each) == chosen), None)


def read_words(form: MultiMapping[str], languages: Sequence[str]) -> dict[str, Words]:
    """Subject and text in each language. Raises Unwritten."""
    texts = {
        each: Words(
            subject=str(form.get(f"subject_{each}", "")).strip(),
            body=str(form.get(f"body_{each}", "")).replace("\r\n", "\n").strip(),
        )
        for each in languages
    }
    if not all(words.subject and words.body for words in texts.values()):
        raise Unwritten(Unwritten.__doc__)
    return texts


def read_rule(form: MultiMapping[str]) -> str:
    """The rule that the plain choices make, or the one that is written. Raises BadRule."""
    try:
        repeat = Repeat(str(form.get("repeat", Repeat.ONCE)))
        first = date.fromisoformat(str(form.get("day", "")))
        until = date.fromisoformat(str(form["until"])) if _ends(form, "until") else None
    except (ValueError, KeyError):
        if str(form.get("repeat", Repeat.ONCE)) == Repeat.ONCE:
            return ""
        raise BadRule("choose the first day, and until when it comes again") from None
    nth, day = str(form.get("nth", "1")), str(form.get("weekday", "MO"))
    if nth not in ("1", "2", "3", "4", "-1") or day not in DAYS:
        raise BadRule("choose a weekday of the month")
    return rule_of(
        Choice(
            repeat=repeat,
            every=_number(form, "every", 1, EVERY),
            days=tuple(each for each in DAYS if each in form.getall("days", [])),
            nth=int(nth),
            day=day,
            until=until,
            times=_number(form, "times", 1, MOST_TIMES) if _ends(form, "times") else None,
            rule=str(form.get("rule", "")),
        ),
        first,
    )


def typed_of(row: Mapping[str, object], texts: Mapping[str, Mapping[str, str]]) -> MultiDict[str]:
    """A stored email as its form would be typed."""
    chosen = choice_of(str(row["rule"]))
    day, _, hour = str(row["local_time"]).partition("T")
    typed: MultiDict[str] = MultiDict(
        day=day,
        hour=hour,
        zone=str(row["zone"]),
        own_zone="yes" if row["own_zone"] else "",
        repeat=chosen.repeat,
        every=str(chosen.every),
        nth=str(chosen.nth),
        weekday=chosen.day,
        ends="until" if chosen.until else "times" if chosen.times else "never",
        until=chosen.until.isoformat() if chosen.until else "",
        times=str(chosen.times or ""),
        rule=chosen.rule,
        late=str(row["late_minutes"]),
        wait=str(row["wait_hours"]),
        missed=str(row["missed"]),
        leads_to=str(row["action_id"] or ""),
    )
    for each in chosen.days:
        typed.add("days", each)
    for each in read(row["audience"]).include.languages:  # type: ignore[arg-type]
        typed.add("language", each)
    typed.update(typed_words(texts))
    typed.update(typed_plan(row["experiment"]))  # type: ignore[arg-type]
    return typed


def typed_words(texts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Stored words as a form has them."""
    return {
        f"{part}_{language}": words.get(part, "")
        for language, words in texts.items()
        for part in ("subject", "body")
    }


def _ends(form: MultiMapping[str], how: str) -> bool:
    return form.get("ends") == how


def _number(form: MultiMapping[str], name: str, otherwise: int, most: int) -> int:
    text = str(form.get(name, "")).strip()
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:6]) <= most:
        raise BadRule(f"write a number from 1 to {most}")
    return int(text)
