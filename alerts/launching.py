"""Write an alert down, change it while it is a draft, and launch it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from string import ascii_letters, digits
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, update

from actions.asks import ActionDraft, create_action
from actions.custom_targets import save_office
from actions.models import Action
from actions.responses import Totals, totals
from alerts import alone, approving, sharing
from alerts.alone import BreakGlass
from alerts.approvers import note_writer
from alerts.cases import save_case
from alerts.citing import Resolved, hold_cited, resolve, save_citations
from alerts.drafts import AlertDraft, Headline
from alerts.fingerprint import digest
from alerts.follow_ups import asks_for_calls, followed_by
from alerts.holding import hold_open
from alerts.models import Alert, AlertText, Level
from alerts.pages import page_of_action
from alerts.preflight import check, find_alert
from alerts.titles import titles_of
from alerts.writers import drafts_telling, writing
from contacts.projects import ProjectRow, project_by_slug
from database import locking
from database.jobs import Jobs
from messages import control, discretion, links
from messages.audience import Audience, Filter
from messages.control import Draft, NotNow
from messages.eligibility import family_of, stored_message
from messages.estimating import most_segments
from messages.findings import Finding
from messages.house import HouseRules
from messages.models import Message, MessageKind, MessageStatus
from messages.progress import Progress, progress, whole
from organizers.roles import NETWORKS

SLUG_LETTERS = ascii_letters + digits
SLUG_LENGTH = 11  # 65 bits: nobody finds an unlaunched or unshared page by guessing


class NotReady(Exception):
    """Something stands in the way of this launch; ``reasons`` says what, a sentence each."""

    def __init__(self, reasons: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(reason) for reason in reasons))
        self.reasons = tuple(reasons)


class AudienceChanged(Exception):
    """The audience is not the one that was confirmed; look at it again and confirm it."""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """Which alert it is, and whether it was launched."""

    alert_id: int
    action_id: int
    slug: str
    level: Level
    titles: Mapping[str, str]  # by language
    launched: bool


@dataclass(frozen=True, kw_only=True)
class Status(Heading):
    """Where an alert stands: what was sent, and what came of it."""

    progress: Progress
    totals: Totals  # calls and other responses


def create(
    conn: Connection, draft: AlertDraft, *, house: HouseRules, created_by: str, now: datetime
) -> int:
    """Store a draft alert with its case, its message and its action; return its id.

    Raises UnknownCase, BadFact, BadCitation, NoSuchProject, BadAction, BadTarget or BadScript for what can
    never be launched.
    """
    project = project_by_slug(conn, draft.project) if draft.project else None
    project_id = None if project is None else project.id
    with writing(conn, _others(conn, draft), by=created_by):
        case_id = save_case(conn, draft.case, project_id=project_id, by=created_by, now=now)
        resolved = resolve(conn, case_id, draft, now=now)
        draft = resolved.draft
        action_id = _create_action(conn, draft, project_id, now)
    message = _message(conn, resolved, project, action_id, house, now)
    message = replace(message, created_by=created_by)
    message_id = control.create(conn, message, now=now)
    _save_links(conn, message_id, draft, house)
    row = insert(Alert).values(
        case_id=case_id,
        message_id=message_id,
        action_id=action_id,
        level=draft.level,
        ask_hours=draft.ask_hours,
        work=draft.work or "",
        slug="".join(secrets.choice(SLUG_LETTERS) for _ in range(SLUG_LENGTH)),
    )
    alert_id = conn.execute(row.returning(Alert.id)).scalar_one()
    _write_words(conn, alert_id, draft.words)
    note_writer(conn, alert_id, created_by)
    save_citations(conn, alert_id, resolved)
    return alert_id


def rewrite(
    conn: Connection, alert_id: int, draft: AlertDraft, *, house: HouseRules, by: str, now: datetime
) -> None:
    """Replace everything an author may change of a draft alert.

    Raises NotNow once it is launched, and what ``create`` raises.
    """
    alert = find_alert(conn, alert_id)
    hold_cited(conn, draft)
    control.locked(conn, alert.message_id)
    before = digest(conn, alert_id)
    project = project_by_slug(conn, draft.project) if draft.project else None
    project_id = None if project is None else project.id
    with writing(conn, _others(conn, draft) - {alert_id}, by=by):
        case_id = save_case(conn, draft.case, project_id=project_id, by=by, now=now)
        resolved = resolve(conn, case_id, draft, now=now)
        draft = resolved.draft
        action_id = _create_action(conn, draft, project_id, now)
    # A reminder goes on leading to the action of the alert that it follows.
    leads_to = action_id if alert.action_id == alert.own_action_id else alert.action_id
    message = _message(conn, resolved, project, leads_to, house, now)
    control.rewrite(conn, alert.message_id, message)
    sharing.forget_answers(conn, alert_id)
    _save_links(conn, alert.message_id, draft, house)
    changed = {
        "case_id": case_id,
        "action_id": action_id,
        "level": draft.level,
        "ask_hours": draft.ask_hours,
        "work": draft.work or "",
    }
    conn.execute(update(Alert).where(Alert.id == alert_id).values(**changed))
    conn.execute(delete(Action).where(Action.id == alert.own_action_id))
    conn.execute(delete(AlertText).where(AlertText.alert_id == alert_id))
    _write_words(conn, alert_id, draft.words)
    if digest(conn, alert_id) != before:  # who saves what was there has written nothing
        note_writer(conn, alert_id, by)
    save_citations(conn, alert_id, resolved)


def launch(
    conn: Connection,
    jobs: Jobs,
    alert_id: int,
    *,
    house: HouseRules,
    confirmed: int,
    by: str,
    now: datetime,
    glass: BreakGlass | None = None,
) -> None:
    """Launch a checked and approved alert: nothing leaves before the undo window is over.

    ``confirmed`` is the number of people its launcher saw and confirmed; ``glass`` that one person is
    enough. Raises NotNow for one that is no draft, NotReady while something stands in the way,
    AudienceChanged when the audience is no longer the confirmed one, and NotApproved, or what ``glass``
    lacks.
    """
    locking.require_unlocked(
        conn
    )  # before any row is ours: whoever locks everything takes them after
    discretion.take_turns(conn)  # nobody comes on a list of people at risk meanwhile, unseen
    alert = find_alert(conn, alert_id)
    hold_open(conn, alert_id)  # nobody closes its case, and stops what is on its way, meanwhile
    control.locked(conn, alert.message_id)  # no committee joins between the check and the launch
    _require_draft(conn, alert.message_id, now)
    found = check(conn, alert_id, house=house, now=now, reckon=False)
    if found.blocking:
        raise NotReady(found.blocking)
    if found.people != confirmed:
        raise AudienceChanged(
            f"{confirmed} people were confirmed, but it would now reach {found.people};"
            " look at it again and confirm the new number"
        )
    if glass is not None and approving.is_on(house):
        alone.note(conn, alert_id, glass, alert.level, by=by, now=now)
    else:
        approving.require(conn, alert_id, house=house, by=by, now=now)
    _expire_with_its_action(conn, alert_id, alert.message_id, alert.action_id, now)
    control.queue(
        conn,
        jobs,
        alert.message_id,
        confirmed=found.forecast.reached,
        launched_by=by,
        undo_seconds=house.undo_seconds,
        now=now,
    )
    sharing.give_way(conn, alert.message_id, Level(alert.level), house=house, now=now)
    sharing.launch_parts(conn, jobs, alert_id, found.joining, house=house, by=by, now=now)


def _require_draft(conn: Connection, message_id: int, now: datetime) -> None:
    if progress(conn, message_id, now=now).launched_at is not None:
        raise NotNow("this alert has already been launched")


def _expire_with_its_action(
    conn: Connection, alert_id: int, message_id: int, action_id: int, now: datetime
) -> None:
    """Nothing is to leave any more once nothing is asked: its page says so from then on.

    What only tells of another alert goes on: thanks come when the calls are over.
    """
    if not asks_for_calls(conn, alert_id):
        return
    ends_at = page_of_action(conn, action_id, now=now).ends_at()
    if ends_at is None:
        return
    later = or_(Message.expires_at.is_(None), Message.expires_at > ends_at)
    mine = update(Message).where(Message.id == message_id, later)
    conn.execute(mine.values(expires_at=ends_at))


def heading(conn: Connection, alert_id: int) -> Heading:
    """What stands above an alert's pages. Raises NoSuchAlert."""
    return _heading(conn, find_alert(conn, alert_id))


def _heading(conn: Connection, alert: Row[*tuple[Any, ...]]) -> Heading:
    followed = followed_by(conn, alert.id)
    return Heading(
        alert_id=alert.id,
        action_id=alert.action_id,
        slug=followed.slug if followed else alert.slug,
        level=Level(alert.level),
        titles=titles_of(conn, alert.id),
        launched=stored_message(conn, alert.message_id).status != MessageStatus.DRAFT,
    )


def status(conn: Connection, alert_id: int, *, now: datetime) -> Status:
    """Where an alert stands. Raises NoSuchAlert."""
    alert = find_alert(conn, alert_id)
    return Status(
        **vars(_heading(conn, alert)),
        progress=progress_of(conn, alert.message_id, now=now),
        totals=totals(conn, alert.action_id),
    )


def is_draft(conn: Connection, alert_id: int) -> bool:
    """Whether an alert is still being written. Raises NoSuchAlert."""
    status: MessageStatus = stored_message(conn, message_of(conn, alert_id)).status
    return status == MessageStatus.DRAFT


def progress_of(conn: Connection, message_id: int, *, now: datetime) -> Progress:
    """How an alert's copies do, with those of the committees that joined it."""
    others = family_of(conn, message_id, but=message_id)
    parts = [progress(conn, each, now=now) for each in others]
    return whole(progress(conn, message_id, now=now), parts)


def message_of(conn: Connection, alert_id: int) -> int:
    """The message an alert sends. Raises NoSuchAlert."""
    message_id: int = find_alert(conn, alert_id).message_id
    return message_id


def _others(conn: Connection, draft: AlertDraft) -> set[int]:
    """The drafts that say what this one brings: its case's facts and words, its offices."""
    return drafts_telling(conn, draft.case.slug, draft.call.offices)


def _create_action(
    conn: Connection, draft: AlertDraft, project_id: int | None, now: datetime
) -> int:
    call = draft.call
    for office in call.offices:
        save_office(conn, replace(office, project_id=project_id))
    action = ActionDraft(
        asks=call.asks,
        scripts=call.scripts,
        goal=call.goal,
        deadline=call.deadline.instant(now),
        project_id=project_id,
    )
    return create_action(conn, action, now=now)


def _message(
    conn: Connection,
    resolved: Resolved,
    project: ProjectRow | None,
    action_id: int,
    house: HouseRules,
    now: datetime,
) -> Draft:
    draft = resolved.draft
    return Draft(
        kind=MessageKind.ALERT,
        texts=draft.texts,
        audience=_audience(conn, draft),
        reach=draft.reach,
        project_id=None if project is None else project.id,
        action_id=action_id,
        default_language=house.default_language,
        hours=house.hours,
        weekly_cap=house.weekly_cap if draft.capped and draft.level is not Level.RED else None,
        countries=house.countries,
        budget_cents=_budget(draft, house),
        merge_defaults=draft.merge_defaults,
        segments=most_segments(resolved.longest, draft.merge_defaults, house.identity),
        begins_at=draft.begins_at,
        expires_at=draft.expires.instant(now),
        sms_sender=(project.sms_sender if project else "") or house.identity.sms_sender,
        email_sender=(project.email_sender if project else "") or house.identity.email_sender,
        urgent=draft.level is Level.RED,
    )


def _budget(draft: AlertDraft, house: HouseRules) -> int:
    return house.alert_budget_cents if draft.budget_cents is None else draft.budget_cents


def _audience(conn: Connection, draft: AlertDraft) -> Audience:
    """The audience, with the projects that the draft names by slug.

    The network writes to its own people; a committee that keeps its list joins by itself.
    """
    return Audience(
        include=_with_projects(conn, draft.audience.include, draft.to_projects),
        exclude=_with_projects(conn, draft.audience.exclude, draft.not_to_projects),
        among=None if draft.project else (NETWORKS,),
    )


def _with_projects(conn: Connection, lines: Filter, slugs: Sequence[str]) -> Filter:
    ids = [project_by_slug(conn, slug).id for slug in slugs]
    return replace(lines, projects=tuple(dict.fromkeys([*lines.projects, *ids])))


def _save_links(conn: Connection, message_id: int, draft: AlertDraft, house: HouseRules) -> None:
    texts = [text for words in draft.texts.values() for text in (words.sms, words.body)]
    links.save_links(conn, message_id, texts, public_url=house.identity.public_url)


def _write_words(conn: Connection, alert_id: int, words: Mapping[str, Headline]) -> None:
    rows = [
        {"alert_id": alert_id, "language": language, "title": one.title, "summary": one.summary}
        for language, one in words.items()
    ]
    conn.execute(insert(AlertText), rows)
