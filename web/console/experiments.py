"""Several subjects are tried: what the form says of it, how each did, and who decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy import Connection, Row, select

from campaigns import counting, deciding, experiments, odds, variants
from campaigns.counting import Effect, Figures
from campaigns.experiment_models import Experiment, State
from campaigns.models import CampaignRun
from campaigns.odds import Count, Judgement
from campaigns.variants import MOST, BadExperiment, Measure, Plan, Unclear
from messages.control import Words
from messages.parts import WHOLE
from web.console.viewing import VIEWER, now, write
from web.keys import JOBS, SITE

SHARES = (100, 200, 300, 500, 1000)  # per mille that take part, of those that are written to
HOLDOUTS = (0, 50, 100, 200)
WAITS = (60, 120, 240, 480, 1440, 2880)  # minutes
PLACES = range(2, MOST + 1)  # of the other ways of writing, as the form counts them
LATEST = 3  # that an email's page shows


@dataclass(frozen=True)
class InLanguage:
    """How one way of writing did among those who read it in a language."""

    language: str
    subject: str
    count: Count
    share: odds.Interval


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What was tried with one date, and how each way of writing did."""

    row: Row[Any]
    local_time: str
    plan: Plan
    texts: Sequence[Mapping[str, Mapping[str, str]]]
    figures: Sequence[Figures]  # as it was decided; until then as it stands
    judged: Judgement
    languages: Sequence[InLanguage]  # none where all copies were in one
    effect: Effect | None  # only where somebody asked for it
    effect_shares: Sequence[odds.Interval]

    @property
    def open(self) -> bool:
        """Whether somebody may still decide."""
        return self.row.state in (State.WAITING, State.HELD)

    @property
    def some_wait(self) -> bool:
        """Whether there are others, who wait for what is decided."""
        return variants.some_wait(self.plan)

    @property
    def to_choose(self) -> bool:
        """Whether somebody may choose what the others get."""
        return self.open and self.some_wait


def tried(conn: Connection, email_id: int, *, effect_at: str = "") -> list[Tried]:
    """What was tried with an email lately, the latest first.

    ``effect_at``: the date of which the people without the email are compared with the others. That draws
    everybody's lot anew, which with 50,000 people takes a quarter of a second.
    """
    columns: Sequence[Any] = (*Experiment.__table__.columns, CampaignRun.local_time)
    rows = (
        select(*columns)
        .join(CampaignRun, CampaignRun.id == Experiment.run_id)
        .where(CampaignRun.email_id == email_id)
        .order_by(Experiment.id.desc())
        .limit(LATEST)
    )
    return [
        _tried(conn, row, compared=row.local_time == effect_at) for row in conn.execute(rows).all()
    ]


def _tried(conn: Connection, row: Row[Any], *, compared: bool) -> Tried:
    plan = variants.read_plan(row.plan)
    figures = (
        [counting.read(each) for each in row.figures]
        if row.figures
        else counting.figures_of(conn, experiments.messages_of(conn, row.id))
    )
    effect = counting.effect_of(conn, row) if compared else None
    sides = [effect.written_to, effect.held_out] if effect else []
    return Tried(
        row=row,
        local_time=row.local_time,
        plan=plan,
        texts=row.texts,
        figures=figures,
        judged=odds.judge(counting.strata(figures, plan.measure)),
        languages=_languages(row.texts, figures, plan.measure),
        effect=effect,
        effect_shares=[odds.wilson(each) for each in sides],
    )


def _languages(
    texts: Sequence[Mapping[str, Mapping[str, str]]], figures: Sequence[Figures], measure: Measure
) -> list[InLanguage]:
    found = counting.languages_of(figures)
    if len(found) < 2:  # noqa: PLR2004 - one says nothing that the whole does not
        return []
    counts = counting.strata(figures, measure)
    return [
        InLanguage(code, words.get(code, {}).get("subject", ""), count, odds.wilson(count))
        for code, each in zip(found, counts, strict=True)
        for words, count in zip(texts, each, strict=True)
    ]


def read_plan(form: MultiMapping[str], languages: Sequence[str]) -> Plan | None:
    """What the form says of other subjects; None where it names none. Raises BadExperiment."""
    typed = [
        {
            code: Words(
                subject=_text(form, "subject", at, code), body=_text(form, "body", at, code)
            )
            for code in languages
        }
        for at in PLACES
    ]
    others = [each for each in typed if any(words != Words() for words in each.values())]
    if not others:
        return None
    holdout = _choice(form, "try_holdout", HOLDOUTS, 0)
    share = _choice(form, "try_share", SHARES, 200) * (WHOLE - holdout) // WHOLE
    try:
        measure = Measure(str(form.get("try_measure", Measure.CLICKS)))
        unclear = Unclear(str(form.get("try_unclear", Unclear.LEADER)))
    except ValueError:
        raise BadExperiment("Choose what decides, and what happens if nothing is clear.") from None
    return Plan(
        others=others,
        share=share,
        holdout=holdout,
        wait_minutes=_choice(form, "try_wait", WAITS, 240),
        measure=measure,
        unclear=unclear,
    )


def typed_plan(stored: Mapping[str, Any]) -> dict[str, str]:
    """A stored plan as the form has it."""
    plan = variants.read(stored)
    if plan is None:
        return {}
    part = plan.share * WHOLE / (WHOLE - plan.holdout)
    typed = {
        "try_holdout": str(plan.holdout),
        "try_share": str(min(SHARES, key=lambda each: abs(each - part))),
        "try_wait": str(plan.wait_minutes),
        "try_measure": str(plan.measure),
        "try_unclear": str(plan.unclear),
    }
    for at, words in zip(PLACES, plan.others, strict=False):
        for code, each in words.items():
            typed[f"try_subject_{at}_{code}"] = each.subject
            typed[f"try_body_{at}_{code}"] = each.body
    return typed


async def choose(request: web.Request) -> NoReturn:
    """Send the others one way of writing."""
    form = await request.post()
    email_id = int(request.match_info["email_id"])
    text = str(form.get("place", ""))
    place = int(text) if text.isascii() and text.isdigit() and len(text) == 1 else MOST
    await write(
        request,
        deciding.choose,
        request.config_dict[JOBS],
        email_id,
        str(form.get("at", "")),
        place,
        house=request.config_dict[SITE].house,
        by=request[VIEWER].actor,
        now=now(request),
    )
    raise web.HTTPSeeOther(f"/console/emails/{email_id}#h-tried")


async def end(request: web.Request) -> NoReturn:
    """Let the others get nothing."""
    form = await request.post()
    email_id, by = int(request.match_info["email_id"]), request[VIEWER].actor
    await write(request, deciding.end, email_id, str(form.get("at", "")), by=by, now=now(request))
    raise web.HTTPSeeOther(f"/console/emails/{email_id}#h-tried")


def _text(form: MultiMapping[str], what: str, at: int, language: str) -> str:
    return str(form.get(f"try_{what}_{at}_{language}", "")).replace("\r\n", "\n").strip()


def _choice(form: MultiMapping[str], name: str, among: Sequence[int], otherwise: int) -> int:
    text = str(form.get(name, otherwise))
    if text not in map(str, among):
        raise BadExperiment("Choose one of the numbers that the form offers.")
    return int(text)
