"""Who would get an alert, while its form is being filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection

from alerts.foreseeing import addressed
from alerts.models import Level
from messages.audience import Audience
from messages.eligibility import Terms
from messages.forecast import foresee
from messages.house import HouseRules
from messages.models import Reach
from organizers.roles import NETWORKS, May
from organizers.sessions import Viewer
from web.console.alert_forms import beginning_typed, choice_of, read_audience_typed
from web.console.choices import projects
from web.console.fates import Fates
from web.console.guard import require_project, require_visible
from web.console.viewing import VIEWER, number, read
from web.console.viewing import now as now_of
from web.keys import SITE
from web.pages import render

TEXTS = "texts_"  # before a language: the field that holds how many texts go out in it


@dataclass(frozen=True)
class Counted:
    """The people of a form; ``fates`` is None where ``problems`` say what cannot be read."""

    fates: Fates | None
    problems: Sequence[str]
    networks: bool  # an alert of the network's: committees that keep their lists come later


@dataclass(frozen=True)
class Addressed:
    """To whom a form's alert would go, and by which rules."""

    audience: Audience
    terms: Terms
    networks: bool  # an alert of the network's


async def count(request: web.Request) -> web.Response:
    """The number of people, as the piece of the form that shows it."""
    form: MultiMapping[str] = await request.post()  # type: ignore[assignment]
    return render(request, "console/audience_count.html", {"counted": await asked(request, form)})


async def asked(request: web.Request, form: MultiMapping[str]) -> Counted:
    """Count the people of a form for whoever asks. Raises NotYours, NotAllowed."""
    house = request.config_dict[SITE].house
    return await read(request, counted, form, request[VIEWER], house=house, now=now_of(request))


def counted(
    conn: Connection,
    form: MultiMapping[str],
    viewer: Viewer,
    *,
    house: HouseRules,
    now: datetime,
) -> Counted:
    """Count the people of a form, by the rules of ``saving.save``: an organizer's own projects only.

    Raises NotYours or NotAllowed for a project or an action of others.
    """
    problems: list[str] = []
    to_whom = addressed_typed(conn, form, viewer, problems, house=house, now=now)
    begins_at = beginning_typed(form, problems)
    if problems:
        return Counted(None, problems, networks=to_whom.networks)
    leaves_at = max(now, begins_at or now)
    forecast = foresee(conn, to_whom.audience, to_whom.terms, hours=house.hours, now=leaves_at)
    return Counted(Fates(forecast, {}, None, None), (), networks=to_whom.networks)


def addressed_typed(
    conn: Connection,
    form: MultiMapping[str],
    viewer: Viewer,
    problems: list[str],
    *,
    house: HouseRules,
    now: datetime,
) -> Addressed:
    """To whom the form's alert would go; a line that cannot be read asks nothing, and goes to ``problems``.

    Raises NotYours or NotAllowed for a project or an action of others.
    """
    project_id = project_typed(conn, form, viewer)
    if action_id := number(form, "not_acted"):
        require_visible(conn, viewer, {"action_id": str(action_id)})
    audience, terms = addressed(
        conn,
        read_audience_typed(form, problems),
        project_id=project_id,
        reach=choice_of(form, "reach", Reach, Reach.BOTH),
        level=choice_of(form, "level", Level, Level.AMBER),
        house=house,
        now=now,
    )
    return Addressed(audience, terms, networks=project_id is None)


def with_counts(form: MultiMapping[str], people: Counted | None) -> MultiDict[str]:
    """The form with the texts that were counted just now, by language, as its page will hold them; else with none."""
    known = MultiDict((name, value) for name, value in form.items() if not name.startswith(TEXTS))
    if people and people.fates:
        texts = people.fates.forecast.texts
        known.update({f"{TEXTS}{each}": str(count) for each, count in texts.items()})
    return known


def texts_counted(form: MultiMapping[str]) -> dict[str, int]:
    """The texts by language that the form's page was told when its people were counted."""
    names = [name for name in form if name.startswith(TEXTS)]
    return {name.removeprefix(TEXTS): number(form, name) or 0 for name in names}


def project_typed(conn: Connection, form: MultiMapping[str], viewer: Viewer) -> int | None:
    """Whose alert it is; in a form that nobody has filled in yet, the first that is offered.

    Raises NotYours or NotAllowed for a project of others.
    """
    own = viewer.may_in(May.WRITE)
    if "project" in form or NETWORKS in own:
        return require_project(viewer, number(form, "project"))
    return require_project(viewer, next((each for each, _ in projects(conn, own)), None))
