"""How the writing of an alert begins: with a starting text, with an earlier alert, or with an empty form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest

from aiohttp import web
from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection, Select, bindparam, select

from actions.models import TargetRule
from alerts.at_risk import owner_of
from alerts.blanks import blanks, fill_in
from alerts.citing import CITED, with_pieces
from alerts.drafts import AlertDraft, Ending
from alerts.follow_ups import followed_by, stands_alone
from alerts.models import Alert, AlertText, Case, CaseText
from alerts.own_starts import own_starts
from alerts.starting_texts import CASE_WORDS, NOTHING, PARTS, Known, begun, starting_texts
from alerts.stored import case_slug, stored_draft
from alerts.timeline import facts_of
from contacts.models import Project
from messages.models import Message
from organizers.roles import May, as_key, owned
from organizers.sessions import Viewer
from web.console import choices
from web.console.alert_forms import text_of, write_budget, write_form
from web.console.guard import NotYours, require_visible
from web.console.viewing import VIEWER, now, number, page, read
from web.keys import SITE
from web.pages import language_of

EARLIER = 12  # earlier alerts that are offered
# In place of a fact of another case: what is known here nobody has said yet.
NOT_KNOWN = {"en": "[what is known]", "es": "[lo que se sabe]"}
TYPED = (*CASE_WORDS, *PARTS)  # what stands in the form once for each language
Form = MultiMapping[str]
_TITLES = select(CaseText.language, CaseText.title).where(CaseText.case_id == bindparam("case"))
_WHOSE = (
    select(Alert.case_id, Message.project_id)
    .join(Message, Message.id == Alert.message_id)
    .where(Alert.id == bindparam("alert"))
)


@dataclass(frozen=True)
class Earlier:
    """An alert whose words may be taken over."""

    id: int
    title: str
    project: str  # "" = the network's
    launched_at: datetime | None


async def show(request: web.Request) -> web.Response:
    """What there is to begin with."""
    viewer, language = request[VIEWER], language_of(request)
    case_id = number(request.query, "case")
    if case_id:
        await read(request, require_visible, viewer, {"case_id": str(case_id)})
    values = {
        "own": await read(request, own_starts),
        "moments": starting_texts(),
        "cases": await read(request, choices.cases, viewer.within, language),
        "earlier": await read(request, earlier, viewer, language),
        "case_id": case_id or "",
    }
    return await page(request, "alert_start.html", values)


async def typed(request: web.Request, asked: Mapping[str, object]) -> MultiDict[str]:
    """What stands in the form of a new alert that begins as ``asked``, by ``from``, ``like`` and ``case``."""
    site = request.config_dict[SITE]
    return await read(
        request,
        begin,
        request[VIEWER],
        asked,
        languages=site.languages,
        budget=write_budget(site.alert_budget_cents),
        now=now(request),
    )


def begin(
    conn: Connection,
    viewer: Viewer,
    asked: Mapping[str, object],
    *,
    languages: Sequence[str],
    budget: str,
    now: datetime,
) -> MultiDict[str]:
    """The form of a new alert: of a starting text, of an earlier alert, or empty.

    Raises NotYours for a case or an alert of others, and for what cannot be begun with.
    """
    case_id = number(asked, "case")
    if case_id:
        require_visible(conn, viewer, {"case_id": str(case_id)})
    form: MultiDict[str] = MultiDict(budget=budget, ask_0_who=TargetRule.CONGRESS)
    if like := number(asked, "like"):
        form = _again(conn, viewer, like, case_id)
        form.update({"budget": budget, "like": str(like)})
    else:
        form["case"] = str(case_id or "")
        form.update(_project_of(conn, viewer, case_id))
        if key := str(asked.get("from", "")):
            _begin_with(conn, form, key, viewer, case_id, languages, now)
    return form


def untouched(form: Form, begun_with: Form) -> bool:
    """Whether everything written in a form is what it began with."""
    facts = [name for name in form if name.startswith("fact_") and not name.endswith("_release")]
    return not any(text_of(form, name) for name in facts) and all(
        text_of(form, name) == text_of(begun_with, name) for name in form if _is_words(name)
    )


def open_blanks(form: Form, languages: Sequence[str]) -> list[tuple[str, ...]]:
    """What is still to be filled in, a line for what is the same in each language; "" where one has less."""
    found = [blanks(text_of(form, name) for name in _texts(form, each)) for each in languages]
    return list(zip_longest(*found, fillvalue=""))


def with_blanks_filled(form: Form, languages: Sequence[str]) -> MultiDict[str]:
    """The form with what was typed for its blanks put in wherever they stand."""
    filled = MultiDict(form)
    for language in languages:
        typed = zip(
            form.getall(f"blank_{language}", []), form.getall(f"fill_{language}", []), strict=False
        )
        known = {str(blank): words for blank, said in typed if (words := str(said).strip())}
        for name in _texts(form, language) if known else ():
            filled[name] = fill_in(text_of(form, name), known)
    return filled


def earlier(conn: Connection, viewer: Viewer, language: str) -> list[Earlier]:
    """The latest alerts that somebody may see and that stand by themselves, drafts among them."""
    rows = (
        select(Alert.id, AlertText.title, Project.name, Message.launched_at)
        .join(Message, Message.id == Alert.message_id)
        .outerjoin(Project, Project.id == Message.project_id)
        .outerjoin(AlertText, (AlertText.alert_id == Alert.id) & (AlertText.language == language))
        .where(owned(Message.project_id, viewer.within), stands_alone())
        .order_by(Alert.id.desc())
        .limit(EARLIER)
    )
    return [
        Earlier(alert_id, title or "", project or "", launched_at)
        for alert_id, title, project, launched_at in conn.execute(rows)
    ]


def _begin_with(
    conn: Connection,
    form: MultiDict[str],
    key: str,
    viewer: Viewer,
    case_id: int | None,
    languages: Sequence[str],
    now: datetime,
) -> None:
    """Put a starting text into the form."""
    offered = (*starting_texts(), *own_starts(conn))
    text = next((each for each in offered if each.key == key), None)
    if text is None:
        raise NotYours(NotYours.__doc__)
    known = _known(conn, case_id) if case_id else NOTHING
    form.update({"from": key, "level": text.level, "ask_0_who": text.whom})
    if text.whom is TargetRule.CUSTOM:
        form["ask_0_who"] = _only_office(conn, viewer)
    for language in languages:
        if language in text.words:
            words = begun(text, language, known, now=now)
            form.update({f"{name}_{language}": said for name, said in words.items()})


def _known(conn: Connection, case_id: int) -> Known:
    titles = conn.execute(_TITLES, {"case": case_id})
    return Known(dict(titles.all()), facts_of(conn, case_id))


def _only_office(conn: Connection, viewer: Viewer) -> str:
    """The office outside Congress, where there is just one to choose."""
    known = choices.office_options(conn, viewer.within)
    return known[0][0] if len(known) == 1 else ""


def _project_of(conn: Connection, viewer: Viewer, case_id: int | None) -> dict[str, str]:
    """A case's project, for whoever may write there."""
    mine = owner_of(conn, case_id) if case_id else None
    return _offered(viewer, mine)


def _offered(viewer: Viewer, project_id: int | None) -> dict[str, str]:
    """What the form says of whose alert it is; nothing, where the first that is offered will do."""
    return {"project": str(project_id)} if project_id and viewer.may(May.WRITE, project_id) else {}


def _again(conn: Connection, viewer: Viewer, alert_id: int, case_id: int | None) -> MultiDict[str]:
    """An earlier alert's words, scripts, offices and audience; its days, its money and its approval are its own.

    It is about the case that is asked for, else about the same one while that is open.
    """
    require_visible(conn, viewer, {"alert_id": str(alert_id)})
    if followed_by(conn, alert_id) is not None:  # whom such a one goes to no form can say
        raise NotYours(NotYours.__doc__)
    row = conn.execute(_WHOSE, {"alert": alert_id}).one()
    about = case_id or _open_case(conn, viewer, row.case_id)
    draft = _without_days(_citing(conn, stored_draft(conn, alert_id), about))
    form = write_form(replace(draft, work=None))  # it may ask for something else this time
    form["case"] = str(about or "")
    form.update(_offered(viewer, row.project_id))
    return form


def _open_case(conn: Connection, viewer: Viewer, case_id: int) -> int | None:
    """A case, if somebody may still write about it."""
    return conn.scalar(_open(as_key(viewer.within)), {"case": case_id})


@lru_cache
def _open(within: tuple[int, ...] | None) -> Select[int]:
    mine = owned(Case.project_id, within)
    return select(Case.id).where(Case.id == bindparam("case"), Case.closed_at.is_(None), mine)


def _without_days(draft: AlertDraft) -> AlertDraft:
    asks = [replace(each, expires_at=None) for each in draft.call.asks]
    return replace(
        draft,
        begins_at=None,
        expires=Ending(),
        call=replace(draft.call, deadline=Ending(), asks=asks),
    )


def _citing(conn: Connection, draft: AlertDraft, case_id: int | None) -> AlertDraft:
    """A draft that cites nothing which the case it is now about does not have."""
    if case_id and case_slug(conn, case_id) == draft.case.slug:
        return draft
    has = {each.key for each in facts_of(conn, case_id)} if case_id else set()

    def cited(place: tuple[str, str], text: str) -> str:
        gap = NOT_KNOWN.get(place[1], NOT_KNOWN["en"])
        return CITED.sub(lambda found: found[0] if found[1] in has else gap, text)

    return with_pieces(draft, cited)


def _is_words(name: str) -> bool:
    if name == "ask_hours":  # the only one of these names that holds a choice
        return False
    return name.rpartition("_")[0] in TYPED or name.startswith("ask_")


def _texts(form: Form, language: str) -> list[str]:
    """The fields of a form that hold words in a language, in the same order for each."""
    own = [f"{part}_{language}" for part in TYPED]
    asks = [name for name in form if name.startswith("ask_") and name.endswith(f"_{language}")]
    return [*own, *dict.fromkeys(asks)]
