"""A mistake in an alert that is on its way: stop it, and write to those who are left, or who got it already.

Both are drafts that follow the alert, as a reminder does: checked, confirmed and launched like any other,
with an audience that no form can change. One that was stopped itself is written again in the same way, to whoever
has got it by none of the sendings before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from alerts.drafts import AlertDraft, Ending, Headline
from alerts.follow_ups import first_of, follow_ups, sendings, sent_again
from alerts.following_up import follow, plain, require_first, require_launched
from alerts.launching import rewrite
from alerts.models import Alert, FollowUpKind, Level
from alerts.pages import page_of_action
from alerts.preflight import find_alert
from alerts.reached_words import CHANGED, STOPPED, Made, filled, still_says
from alerts.steering import Act, steer
from alerts.stored import stored_draft
from database.jobs import Jobs
from messages.audience import Audience, Filter, contact_ids, seen_by
from messages.calling_off import LIVE
from messages.control import NotNow, locked
from messages.house import HouseRules
from messages.models import Message, MessageStatus
from organizers.roles import Within

# What an audience asks of the messages before this one.
BEFORE = (
    "got",
    "got_any",
    "stopped",
    "acted",
    "acted_any",
    "not_acted",
    "not_acted_any",
    "not_got_any",
)


def stop_and_write_anew(
    conn: Connection, jobs: Jobs, alert_id: int, *, house: HouseRules, by: str, now: datetime
) -> int:
    """Stop an alert if it is on its way, and draft it again for those who have not got it; return its id.

    Raises NoSuchAlert, and NotNow where nothing was stopped.
    """
    alert = find_alert(conn, alert_id)
    _require_sending(conn, alert_id, alert.message_id)
    if _is_live(conn, alert.message_id):
        steer(conn, jobs, alert_id, Act.STOP, by=by, now=now)
    return write_to_the_rest(conn, alert_id, house=house, by=by, now=now)


def write_to_the_rest(
    conn: Connection, alert_id: int, *, house: HouseRules, by: str, now: datetime
) -> int:
    """Draft a stopped alert again, in its own words, for exactly those whose copy was stopped.

    Of one that went to whoever was left over before: for those who have got it by none of its sendings.
    """

    def draft(message_id: int, action_id: int) -> AlertDraft:
        _require_sending(conn, alert_id, message_id)
        if page_of_action(conn, action_id, now=now).ended_at(now) is not None:
            raise NotNow("this action is over; there is nothing left to ask of anybody")
        if _status(conn, message_id) != MessageStatus.STOPPED:
            raise NotNow("this alert was not stopped; there is nobody left to write to")
        own = stored_draft(conn, alert_id)
        return _to(own, _left_over(conn, alert_id))

    return follow(conn, alert_id, FollowUpKind.REST, draft, house=house, by=by, now=now)


def write_to_the_reached(
    conn: Connection, alert_id: int, *, house: HouseRules, by: str, now: datetime
) -> int:
    """Draft a message to exactly those who got an alert: that it was stopped, or that something changed.

    By whichever of its sendings they got it, but for those who were written to so already. A draft that is there
    is for whoever has got it by now; it says what holds now, unless somebody has written other words.
    """
    first = first_of(conn, alert_id)
    locked(conn, find_alert(conn, first).message_id)  # two press the button, on two of its pages
    sent = sent_again(conn, first)
    drafts, told = _told_so_far(conn, first)
    to = Filter(got_any=sent, not_got_any=told)
    # Whoever got it in better words is not to wait with their call.
    stopped = _status(conn, sent[-1]) == MessageStatus.STOPPED
    words, others = (STOPPED, CHANGED) if stopped else (CHANGED, STOPPED)
    if drafts:
        own = stored_draft(conn, drafts[-1])
        anew = _to(own, to)
        if still_says(own.texts, others):
            made = addressed(stored_draft(conn, alert_id), to, words)
            anew = replace(anew, texts=made.texts, words=made.words)
        if own != anew:
            rewrite(conn, drafts[-1], anew, house=house, by=by, now=now)
        return drafts[-1]

    def draft(message_id: int, _action_id: int) -> AlertDraft:
        _require_sending(conn, alert_id, message_id)
        return addressed(stored_draft(conn, alert_id), to, words)

    return follow(conn, alert_id, FollowUpKind.REACHED, draft, house=house, by=by, now=now)


def addressed(own: AlertDraft, to: Filter, words: Made) -> AlertDraft:
    """Other words about an alert's page, to other people than it went to; never in the rush of a red one.

    ``{title}`` in the words is the alert's own.
    """
    titles = {language: plain(each.title) for language, each in own.words.items()}
    texts = {
        language: filled(said, titles.get(language, ""))
        for language, said in words.items()
        if language in own.texts
    }
    return replace(
        _to(own, to),
        level=Level.AMBER if own.level is Level.RED else own.level,
        words={
            language: Headline(texts[language].subject, own.words[language].summary)
            for language in titles
            if language in texts
        },
        texts=texts,
        # It may be told when the calls are over.
        call=replace(
            own.call,
            deadline=Ending(),
            asks=[replace(each, expires_at=None) for each in own.call.asks],
        ),
        begins_at=None,
        expires=Ending(),
        ask_hours=0,
    )


def remaining(conn: Connection, alert_id: int, within: Within) -> int:
    """How many people a stopped alert left over, of those whom these projects' organizers see."""
    audience = _to(stored_draft(conn, alert_id), _left_over(conn, alert_id)).audience
    return _people(conn, audience, within)


def addressees(conn: Connection, alert_id: int, within: Within) -> int:
    """How many people a draft that follows an alert is for, as things are, of those whom these organizers see."""
    return _people(conn, stored_draft(conn, alert_id).audience, within)


def _people(conn: Connection, audience: Audience, within: Within) -> int:
    ids = contact_ids(seen_by(replace(audience, among=None), within)).subquery()
    return conn.execute(select(func.count()).select_from(ids)).scalar_one()


def _left_over(conn: Connection, alert_id: int) -> Filter:
    """Whom an alert left over, and every sending of it before."""
    first = first_of(conn, alert_id)
    before = [each for each in sendings(conn, first) if each <= alert_id]
    mine = select(Alert.message_id).where(Alert.id.in_(before)).order_by(Alert.id)
    return Filter(stopped=tuple(conn.scalars(mine)))


def _told_so_far(conn: Connection, first: int) -> tuple[list[int], tuple[int, ...]]:
    """The drafts to those who got an alert by any of its sendings, and the messages that went to them."""
    of = [follow_ups(conn, each) for each in sendings(conn, first)]
    written = [each[FollowUpKind.REACHED] for each in of if FollowUpKind.REACHED in each]
    launched = [each.alert_id for each in written if not each.is_draft]
    messages = select(Alert.message_id).where(Alert.id.in_(launched)).order_by(Alert.id)
    return [each.alert_id for each in written if each.is_draft], tuple(conn.scalars(messages))


def _require_sending(conn: Connection, alert_id: int, message_id: int) -> None:
    """Raise NotNow for an alert that nobody has got, and for one that follows another but as its sending anew."""
    if first_of(conn, alert_id) == alert_id:
        require_first(conn, alert_id, message_id)
    else:
        require_launched(conn, message_id)


def _to(own: AlertDraft, to: Filter) -> AlertDraft:
    """An alert to some of its own people: the projects it names stay, for they decide whose consent holds."""
    asked = {name: getattr(to, name) for name in BEFORE}
    return replace(
        own, audience=replace(own.audience, include=replace(own.audience.include, **asked))
    )


def _status(conn: Connection, message_id: int) -> str | None:
    return conn.scalar(select(Message.status).where(Message.id == message_id))


def _is_live(conn: Connection, message_id: int) -> bool:
    """Whether the alert, or what a committee sends of it, is on its way."""
    family = (Message.id == message_id) | (Message.part_of == message_id)
    found = select(Message.id).where(family, Message.status.in_(LIVE)).limit(1)
    return conn.scalar(found) is not None
