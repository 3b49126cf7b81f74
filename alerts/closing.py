"""Close a case with its outcome: its pages tell it, what is still queued stops, and who acted can be told.

What was stopped stays stopped. Within a day it can be reopened, for a slip of the hand; after that people have
read how it ended, and what comes next is another case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select, update

from actions.custom_targets import today_of
from actions.models import Action
from alerts.at_risk import names_forbidden
from alerts.cases import close_case
from alerts.closing_models import CaseClosing, CaseClosingText
from alerts.drafts import AlertDraft
from alerts.follow_ups import sent_again, stands_alone
from alerts.following_up import follow, require_first
from alerts.holding import hold_case
from alerts.lateness import ENDING
from alerts.models import Alert, Case, CaseText, FollowUp, FollowUpKind
from alerts.preflight import find_alert, quoted
from alerts.resending import addressed
from alerts.steering import Act, steer, steer_prompts
from alerts.stored import stored_draft
from campaigns.leading import close_pages, open_pages
from database.jobs import Jobs
from messages import counts
from messages.audience import Filter
from messages.calling_off import LIVE
from messages.control import NotNow, Words
from messages.eligibility import family_of
from messages.house import HouseRules
from messages.models import Message, MessageStatus
from organizers.roles import Within, owned

REOPENED_WITHIN = timedelta(days=1)
WIDEST = 2_000  # characters of its words: a page is read on a telephone
TOLD: Mapping[str, Words] = {
    "en": Words(
        '{{ first_name | "Friend" }}, about “{title}”: {outcome} {{ link }}',
        "How it ended: {title}",
        '{{ first_name | "Friend" }},\n\nyou helped with “{title}”.\n\n{outcome}\n\nMore is on the page:'
        "\n\n{{ link }}",
    ),
    "es": Words(
        '{{ first_name | "Hola" }}, sobre “{title}”: {outcome} {{ link }}',
        "Cómo terminó: {title}",
        '{{ first_name | "Hola" }},\n\nusted ayudó con “{title}”.\n\n{outcome}\n\nHay más en la página:'
        "\n\n{{ link }}",
    ),
}
NEWS: Mapping[str, Words] = {
    "en": replace(
        TOLD["en"],
        body='{{ first_name | "Friend" }},\n\nwe wrote to you about “{title}”.\n\n{outcome}\n\nMore is on'
        " the page:\n\n{{ link }}",
    ),
    "es": replace(
        TOLD["es"],
        body='{{ first_name | "Hola" }},\n\nle escribimos sobre “{title}”.\n\n{outcome}\n\nHay más en la'
        " página:\n\n{{ link }}",
    ),
}


class CaseOutcome(StrEnum):
    """How a case ended."""

    WON = "won"
    PARTLY = "partly"
    LOST = "lost"
    ELSEWHERE = "elsewhere"  # it goes on, but not with calls of ours
    OTHER = "other"


class BadClosing(ValueError):
    """How a case ended cannot be told so; the message says what to change."""


@dataclass(frozen=True, kw_only=True)
class Closing:
    """How a case ended, as its page tells it."""

    outcome: CaseOutcome
    ended_on: date
    words: Mapping[str, str]  # by language
    closed_at: datetime | None = None  # None: it is only being written down


@dataclass(frozen=True)
class Effects:
    """What closing a case would do, of what is the closer's."""

    alerts: int  # on their way, that are stopped
    others: int  # of other projects, that go on
    waiting: int  # copies that would be called off
    drafts: int  # that are left, and warn
    pages: int  # that tell the outcome from then on


def effects(conn: Connection, case_id: int, within: Within = None) -> Effects:
    """What closing a case would do now, by somebody who may send for these projects."""
    states = _states(conn, case_id, within)  # but of those that tell how it ended
    live = _live(conn, states)
    family = {each for root in live for each in family_of(conn, root)}
    alone = select(Alert.id).join(Message, Message.id == Alert.message_id)
    launched = (Alert.case_id == case_id, stands_alone(), Message.launched_at.is_not(None))
    return Effects(
        alerts=len(live),
        others=len(_live(conn, _states(conn, case_id, None))) - len(live),
        waiting=sum(counts.waiting(conn, each) for each in sorted(family)),
        drafts=sum(status == MessageStatus.DRAFT for status in states.values()),
        pages=len(conn.scalars(alone.where(*launched)).all()),
    )


def close(
    conn: Connection,
    jobs: Jobs,
    case_id: int,
    closing: Closing,
    *,
    languages: Sequence[str],
    by: str,
    now: datetime,
    within: Within = None,
) -> int:
    """Close a case, or tell its end in other words; return how many copies that called off.

    Of its alerts those of these projects are stopped, and the others left. Drafts that tell another end are
    deleted. Raises BadClosing, and changes nothing then.
    """
    hold_case(conn, case_id)  # no alert is launched on it meanwhile, and nobody else closes it
    _require_tellable(conn, case_id, closing, languages, now)
    before = closing_of(conn, case_id)
    _put(conn, case_id, closing, by, now)
    close_case(conn, case_id, now=now)
    close_pages(conn, _actions(conn, case_id), now=now)
    if before is not None and before.words != _stripped(closing.words):
        _delete_drafts(conn, case_id)
    states = _states(conn, case_id, within)
    live = _live(conn, states)
    called_off = _stop(conn, jobs, live, by, now)
    for root in sorted(set(states) - set(live)):  # what waits yet of one that is finished
        called_off += steer_prompts(conn, jobs, family_of(conn, root), Act.STOP, now)
    return called_off


def _stop(conn: Connection, jobs: Jobs, roots: Sequence[int], by: str, now: datetime) -> int:
    found = select(Alert.id).where(Alert.message_id.in_(roots)).order_by(Alert.id)
    ids = conn.scalars(found).all()
    return sum(steer(conn, jobs, each, Act.STOP, by=by, now=now) for each in ids)


def reopen(
    conn: Connection, jobs: Jobs, case_id: int, *, by: str, now: datetime, within: Within = None
) -> None:
    """Take the end of a case back, within a day; what tells it is stopped. Raises NotNow afterwards."""
    found = hold_case(conn, case_id)
    if found is None:
        raise NotNow("this case is open")
    if now >= found + REOPENED_WITHIN:
        raise NotNow(
            "a case can be reopened for one day; people have read how this one ended, begin another"
        )
    conn.execute(delete(CaseClosing).where(CaseClosing.case_id == case_id))
    conn.execute(update(Case).where(Case.id == case_id).values(closed_at=None))
    open_pages(conn, _actions(conn, case_id))
    _delete_drafts(conn, case_id)
    _stop(conn, jobs, _live(conn, _states(conn, case_id, within, ending=True)), by, now)


def _actions(conn: Connection, case_id: int) -> Sequence[int]:
    """What the alerts of a case ask for, each on a page."""
    return conn.scalars(select(Alert.action_id).where(Alert.case_id == case_id)).all()


def _delete_drafts(conn: Connection, case_id: int) -> None:
    """Drafts that tell an end which is told otherwise now; nobody launches them: the case is ours."""
    telling = select(FollowUp.alert_id).where(FollowUp.kind.in_(ENDING))
    drafts = select(Alert.id, Alert.message_id, Alert.action_id).join(Message)
    mine = (Alert.case_id == case_id, Alert.id.in_(telling), Message.status == MessageStatus.DRAFT)
    for row in conn.execute(drafts.where(*mine)).all():
        conn.execute(delete(Alert).where(Alert.id == row.id))
        conn.execute(delete(Message).where(Message.id == row.message_id))
        conn.execute(delete(Action).where(Action.id == row.action_id))


def closing_of(conn: Connection, case_id: int) -> Closing | None:
    """How a case ended; None while it goes on, and where nobody has said how."""
    row = conn.execute(select(CaseClosing).where(CaseClosing.case_id == case_id)).one_or_none()
    if row is None:
        return None
    texts = select(CaseClosingText.language, CaseClosingText.words)
    words = dict(conn.execute(texts.where(CaseClosingText.case_id == case_id)).all())
    return Closing(
        outcome=CaseOutcome(row.outcome),
        ended_on=row.ended_on,
        words=words,
        closed_at=row.closed_at,
    )


def case_of(conn: Connection, alert_id: int) -> int:
    """The case of an alert. Raises NoSuchAlert."""
    case_id: int = find_alert(conn, alert_id).case_id
    return case_id


def titles_of(conn: Connection, case_id: int) -> dict[str, str]:
    """What a case is called, by language."""
    rows = select(CaseText.language, CaseText.title).where(CaseText.case_id == case_id)
    return dict(conn.execute(rows).all())


def draft_the_end(
    conn: Connection,
    alert_id: int,
    *,
    kind: FollowUpKind,
    house: HouseRules,
    by: str,
    now: datetime,
) -> int:
    """Draft a message that tells how a case ended: once to all who acted, once to the others who got an alert.

    Of the case's alerts those of the same sender count, and the newest of them is followed: so nobody is
    told twice who got two of them. Raises NotNow while the case is open.
    """
    own = find_alert(conn, alert_id)
    require_first(conn, alert_id, own.message_id)
    closing = closing_of(conn, own.case_id)
    if closing is None:
        raise NotNow("this case is open; close it first, with its outcome")
    alerts = _of_the_same_sender(conn, alert_id)
    actions = tuple(each.action_id for each in alerts)
    sent = tuple(m for each in alerts for m in sent_again(conn, each.id))
    to = (
        Filter(acted_any=actions)
        if kind is FollowUpKind.OUTCOME
        else Filter(got_any=sent, not_acted_any=actions)
    )
    said = _with_outcome(TOLD if kind is FollowUpKind.OUTCOME else NEWS, closing.words)
    newest = _already_told(conn, alerts, kind, closing.closed_at) or alerts[-1].id

    def draft(_message_id: int, _action_id: int) -> AlertDraft:
        return addressed(stored_draft(conn, newest), to, said)

    return follow(conn, newest, kind, draft, house=house, by=by, now=now)


@dataclass(frozen=True)
class _Sent:
    id: int
    message_id: int
    action_id: int


def _of_the_same_sender(conn: Connection, alert_id: int) -> list[_Sent]:
    """The launched alerts of a case that a project, or the network, has sent, the newest last."""
    rows = select(Alert.id, Alert.message_id, Alert.action_id, Message.project_id)
    rows = rows.join(Message, Message.id == Alert.message_id)
    case = select(Alert.case_id).where(Alert.id == alert_id).scalar_subquery()
    launched = (Alert.case_id == case, stands_alone(), Message.launched_at.is_not(None))
    found = conn.execute(rows.where(*launched).order_by(Message.launched_at, Alert.id)).all()
    sender = next(row.project_id for row in found if row.id == alert_id)
    return [_Sent(*row[:3]) for row in found if row.project_id == sender]


def _already_told(
    conn: Connection, alerts: Sequence[_Sent], kind: FollowUpKind, since: datetime | None
) -> int | None:
    """Which of these alerts a message follows that has told this end."""
    told = (
        select(FollowUp.of_id)
        .join(Alert, Alert.id == FollowUp.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .where(FollowUp.kind == kind, FollowUp.of_id.in_([each.id for each in alerts]))
        .where(Message.created_at >= since)
    )
    return conn.scalars(told.order_by(FollowUp.alert_id.desc()).limit(1)).first()


def _with_outcome(said: Mapping[str, Words], outcome: Mapping[str, str]) -> dict[str, Words]:
    """Our words with how it ended; a brace in those is not a field."""
    filled = {}
    for language, words in said.items():
        told = outcome.get(language, "").replace("{", "(").replace("}", ")")
        filled[language] = Words(
            *(each.replace("{outcome}", told) for each in (words.sms, words.subject, words.body))
        )
    return filled


def _require_tellable(
    conn: Connection, case_id: int, closing: Closing, languages: Sequence[str], now: datetime
) -> None:
    if any(not closing.words.get(each, "").strip() for each in languages):
        raise BadClosing(
            "Say how it ended in every language; the page shows each reader their own."
        )
    if any(len(each) > WIDEST for each in closing.words.values()):
        raise BadClosing(
            f"Say it in at most {WIDEST} characters; what is known has its place in facts."
        )
    if closing.ended_on > today_of(now):
        raise BadClosing("The day on which it ended has not come; choose today or an earlier one.")
    said = {language: [words] for language, words in closing.words.items()}
    if quoted(conn, case_id, said, now=now):
        raise BadClosing(
            "These words quote a fact that not everybody may read; the page shows them to everybody."
        )
    if names_forbidden(conn, case_id, closing.words):
        raise BadClosing(
            "These words name somebody who is not to be named; the page shows them to everybody."
        )


def _put(conn: Connection, case_id: int, closing: Closing, by: str, now: datetime) -> None:
    before = conn.scalar(select(CaseClosing.closed_at).where(CaseClosing.case_id == case_id))
    conn.execute(delete(CaseClosing).where(CaseClosing.case_id == case_id))
    row = insert(CaseClosing).values(
        case_id=case_id,
        outcome=closing.outcome,
        ended_on=closing.ended_on,
        closed_by=by,
        closed_at=before or now,
    )
    conn.execute(row)
    rows = [
        {"case_id": case_id, "language": language, "words": words}
        for language, words in _stripped(closing.words).items()
    ]
    conn.execute(insert(CaseClosingText), rows)


def _stripped(words: Mapping[str, str]) -> dict[str, str]:
    return {language: each.strip() for language, each in words.items()}


def _states(
    conn: Connection, case_id: int, within: Within, *, ending: bool = False
) -> dict[int, str]:
    """Where the messages of a case's alerts stand, of these projects: those that tell how it ended, or all others."""
    rows = select(Message.id, Message.status).join(Alert, Alert.message_id == Message.id)
    telling = Alert.id.in_(select(FollowUp.alert_id).where(FollowUp.kind.in_(ENDING)))
    mine = (
        Alert.case_id == case_id,
        owned(Message.project_id, within),
        telling if ending else ~telling,
    )
    return dict(conn.execute(rows.where(*mine).order_by(Message.id)).all())


def _live(conn: Connection, states: Mapping[int, str]) -> list[int]:
    return [root for root, status in states.items() if _is_live(conn, root, status)]


def _is_live(conn: Connection, root: int, status: str) -> bool:
    """Whether an alert, or what a committee sends of it, is on its way."""
    if status in LIVE:
        return True
    part = select(Message.id).where(Message.part_of == root, Message.status.in_(LIVE)).limit(1)
    return conn.scalar(part) is not None
