"""The part of an alert's form that says whom people call, in which case, and with which words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, time

from multidict import MultiDict, MultiMapping

from actions.asks import MOST_ASKS, OneAsk
from actions.custom_targets import KEY
from actions.models import AskMode, TargetRule
from actions.scripts import ScriptWords
from web.pages import eastern

FIRST_HOUR = "09:00"  # in Washington, when its offices open
ROWS = 4  # asks that the form has room for
OFFICE = "office:"  # before the key of an office, among the choices of whom to call
SCRIPT_PARTS = tuple(each.name for each in fields(ScriptWords))
Form = MultiMapping[str]


def read_asks(form: Form, languages: Sequence[str], problems: list[str]) -> tuple[OneAsk, ...]:
    """The rows that say whom to call, in their order; what is wrong goes to ``problems``."""
    rows = (_ask(form, row, languages, problems) for row in range(rows_of(form)))
    return tuple(each for each in rows if each is not None)


def write_asks(form: MultiDict[str], asks: Sequence[OneAsk]) -> None:
    """Put stored asks into their rows."""
    for row, ask in enumerate(asks):
        office = f"{OFFICE}{ask.office}" if ask.rule is TargetRule.CUSTOM else ask.rule
        form[f"ask_{row}_who"] = office
        form[f"ask_{row}_committees"] = ", ".join(ask.committees)
        form[f"ask_{row}_mode"] = ask.mode
        form[f"ask_{row}_until"] = day_of(ask.expires_at)
        for language, script in ask.scripts.items():
            parts = asdict(script).items()
            form.update({f"ask_{row}_{part}_{language}": text for part, text in parts})


def rows_of(form: Form) -> int:
    """How many rows the form shows: as many as it holds, and room for more."""
    held = [
        int(found[1]) for name in form if (found := re.fullmatch(r"ask_([0-9]{1,2})_who", name))
    ]
    return min(MOST_ASKS, max([ROWS, *(each + 1 for each in held)]))


def end_of_day(typed: str) -> datetime | None:
    """The end of a day in Washington; None for what is no date."""
    try:
        return datetime.combine(date.fromisoformat(typed), time(23, 59), eastern())
    except ValueError:
        return None


def at_hour(day: str, hour: str) -> datetime | None:
    """A day and an hour in Washington; None for what is none."""
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), eastern())
    except ValueError:
        return None


def hour_of(at: datetime | None) -> str:
    """The hour in Washington, as a form writes it."""
    return f"{at.astimezone(eastern()):%H:%M}" if at else ""


def day_of(at: datetime | None) -> str:
    """The day in Washington, as a form writes it."""
    return at.astimezone(eastern()).date().isoformat() if at else ""


def _ask(form: Form, row: int, languages: Sequence[str], problems: list[str]) -> OneAsk | None:
    who = _text(form, row, "who")
    rule = TargetRule.CUSTOM if who.startswith(OFFICE) else who
    if rule not in list(TargetRule) or (rule == TargetRule.CUSTOM and not _key(who)):
        return None
    mode = _text(form, row, "mode")
    usual = AskMode.ONLY_IF if rule == TargetRule.COMMITTEE else AskMode.ALWAYS
    return OneAsk(
        rule=TargetRule(rule),
        office=_key(who),
        committees=_codes(form, row) if rule == TargetRule.COMMITTEE else (),
        mode=AskMode(mode) if mode in list(AskMode) else usual,
        expires_at=_until(form, row, problems),
        scripts=_scripts(form, row, languages),
    )


def _key(who: str) -> str:
    """The key of the office chosen; "" for none."""
    key = who.removeprefix(OFFICE)
    return key if key != who and KEY.fullmatch(key) else ""


def _codes(form: Form, row: int) -> tuple[str, ...]:
    typed = re.split(r"[\s,;]+", _text(form, row, "committees"))
    return tuple(each.upper() for each in typed if each)


def _until(form: Form, row: int, problems: list[str]) -> datetime | None:
    typed = _text(form, row, "until")
    end = end_of_day(typed) if typed else None
    if typed and end is None:
        problems.append(
            f"The day until which ask {row + 1} is shown is a date, such as 2026-12-04."
        )
    return end


def _scripts(form: Form, row: int, languages: Sequence[str]) -> dict[str, ScriptWords]:
    """Its own script, in the languages in which something of it is written."""
    written = {
        language: {part: _text(form, row, f"{part}_{language}") for part in SCRIPT_PARTS}
        for language in languages
    }
    return {
        language: ScriptWords(**parts) for language, parts in written.items() if any(parts.values())
    }


def _text(form: Form, row: int, name: str) -> str:
    return str(form.get(f"ask_{row}_{name}", "")).replace("\r\n", "\n").strip()
