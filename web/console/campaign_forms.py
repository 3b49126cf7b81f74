"""A campaign's email as typed in its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multidict import MultiMapping

from campaigns.calendar import EmailDraft
from messages.audience import Audience, Filter
from messages.control import Words

ZONES: Mapping[str, str] = {
    "America/New_York": "Eastern",
    "America/Chicago": "Central",
    "America/Denver": "Mountain",
    "America/Phoenix": "Arizona",
    "America/Los_Angeles": "Pacific",
    "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii",
    "America/El_Salvador": "El Salvador",
}


class Unwritten(ValueError):
    """An email needs a subject and a text in each language."""


def read_email(
    form: MultiMapping[str], *, languages: Sequence[str], projects: Sequence[int] | None
) -> EmailDraft:
    """Understand the form; raise Unwritten. ``projects`` are whose people get it, None: everybody."""
    texts = {
        each: Words(
            subject=str(form.get(f"subject_{each}", "")).strip(),
            body=str(form.get(f"body_{each}", "")).replace("\r\n", "\n").strip(),
        )
        for each in languages
    }
    if not all(words.subject and words.body for words in texts.values()):
        raise Unwritten(Unwritten.__doc__)
    chosen = tuple(str(each) for each in form.getall("language", []))
    include = Filter(projects=tuple(projects or ()), languages=chosen)
    return EmailDraft(
        texts=texts,
        audience=Audience(include=include),
        local_time=f"{form.get('day', '')}T{form.get('hour', '')}",
        zone=str(form.get("zone", "")),
    )
