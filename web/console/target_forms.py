"""The form of an office outside Congress: what was typed, and what stands in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from multidict import MultiDict, MultiMapping

from actions.custom_targets import Line, NamedOffice
from actions.models import TargetKind
from actions.office_hours import WASHINGTON
from web.console.alert_forms import BadForm

LINES = 4  # telephone numbers that the form has room for
WORDS = (
    "name",
    "title",
    "salutation",
    "institution",
    "email",
    "fax",
    "address",
    "hours",
    "note",
    "source",
)
NO_EXPIRY = "The day until which the number is trusted is a date, such as 2027-03-31."
NO_DAY_OFF = "The days on which it is closed are dates, such as 2026-09-15, one after the other."


def read_office(form: MultiMapping[str], project_id: int | None) -> NamedOffice:
    """Understand a filled-in form. Raises BadForm with everything that is no date."""
    problems: list[str] = []
    kind = _text(form, "kind")
    words: dict[str, Any] = {name: _text(form, name) for name in WORDS}
    office = NamedOffice(
        **words,
        kind=TargetKind(kind) if kind in list(TargetKind) else TargetKind.OTHER,
        phones=_lines(form),
        languages=_split(form, "languages"),
        time_zone=_text(form, "time_zone") or WASHINGTON,
        closed_on=_days(form, problems),
        expires_on=_expiry(form, problems),
        project_id=project_id,
    )
    if problems:
        raise BadForm(problems)
    return office


def write_office(office: NamedOffice) -> MultiDict[str]:
    """What stands in the form of an office that is kept."""
    form: MultiDict[str] = MultiDict({name: getattr(office, name) for name in WORDS})
    form["kind"] = office.kind
    form["time_zone"] = office.time_zone
    form["languages"] = ", ".join(office.languages)
    form["closed_on"] = ", ".join(each.isoformat() for each in office.closed_on)
    form["expires_on"] = office.expires_on.isoformat() if office.expires_on else ""
    form["project"] = str(office.project_id or "")
    for number, line in enumerate(office.phones):
        form[f"phone_{number}"], form[f"label_{number}"] = line.number, line.label
    return form


def lines_of(form: MultiMapping[str]) -> int:
    """How many numbers the form shows: as many as it holds, and room for more."""
    held = [name for name in form if re.fullmatch(r"phone_[0-9]{1,2}", name)]
    return max(LINES, len(held))


def _text(form: MultiMapping[str], name: str) -> str:
    return str(form.get(name, "")).replace("\r\n", "\n").strip()


def _split(form: MultiMapping[str], name: str) -> Sequence[str]:
    return [each.lower() for each in re.split(r"[\s,;]+", _text(form, name)) if each]


def _lines(form: MultiMapping[str]) -> tuple[Line, ...]:
    numbers = range(lines_of(form))
    lines = (Line(_text(form, f"phone_{each}"), _text(form, f"label_{each}")) for each in numbers)
    return tuple(line for line in lines if line.number)


def _days(form: MultiMapping[str], problems: list[str]) -> tuple[date, ...]:
    try:
        return tuple(date.fromisoformat(each) for each in _split(form, "closed_on"))
    except ValueError:
        problems.append(NO_DAY_OFF)
        return ()


def _expiry(form: MultiMapping[str], problems: list[str]) -> date | None:
    typed = _text(form, "expires_on")
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        problems.append(NO_EXPIRY)
        return None
