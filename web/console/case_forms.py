"""The forms of a case and of a fact: what was typed as a draft, and a fact as what stands in the form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from multidict import MultiDict, MultiMapping

from alerts.drafts import FactDraft
from alerts.fact_models import FactKind, Release
from alerts.timeline import Version
from web.console.alert_forms import BadForm, choice_of, day_typed, lines_of, text_of
from web.pages import eastern

NO_EMBARGO = "The embargo ends at a day and an hour, such as 2026-12-04T09:00."
NO_DAY = "The fact needs the day on which it happened or will happen, such as 2026-12-04."


def read_fact(form: MultiMapping[str], languages: Sequence[str]) -> FactDraft:
    """Understand a filled-in form. Raises BadForm with everything that is no day or hour."""
    problems: list[str] = []
    happened_on = day_typed(form, "happened_on")
    if happened_on is None:
        problems.append(NO_DAY)
    embargo_until = _embargo(form, problems)
    if problems or happened_on is None:
        raise BadForm(problems)
    release = text_of(form, "release")
    return FactDraft(
        happened_on=happened_on,
        words={each: text_of(form, f"words_{each}") for each in languages},
        sources=lines_of(form, "sources"),
        kind=choice_of(form, "kind", FactKind, FactKind.EVENT),
        release=Release(release) if release in list(Release) else None,
        embargo_until=embargo_until,
        override=text_of(form, "override"),
        key=text_of(form, "key"),
    )


def write_fact(version: Version, now: datetime) -> MultiDict[str]:
    """What stands in the form of a fact that is to be changed."""
    form: MultiDict[str] = MultiDict(
        happened_on=version.happened_on.isoformat(),
        sources="\n".join(version.sources),
        kind=version.kind,
        release=version.release,
        override=version.override_why,
    )
    if version.embargo_until is not None and version.is_embargoed(now):
        ends = version.embargo_until.astimezone(eastern())
        form["embargo_until"] = ends.strftime("%Y-%m-%dT%H:%M")
    form.update({f"words_{language}": words for language, words in version.words.items()})
    return form


def _embargo(form: MultiMapping[str], problems: list[str]) -> datetime | None:
    """An hour in Washington, as browsers write it."""
    typed = text_of(form, "embargo_until")
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=eastern())
    except ValueError:
        problems.append(NO_EMBARGO)
        return None
