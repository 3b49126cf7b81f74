"""What of an email may everybody read? Its words in a language, with nobody's name in them and nobody's link.

It is compiled anew from its text: what a person got is never looked at. Whoever has the address of one email
cannot make that of another of it. Whoever got it has one address (``links.email_url``); a public archive gives
strangers another (``links.archived_url``), which ends when the email is taken out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select

from contacts.models import Project
from messages import rendering, wording
from messages.eligibility import ANSWERS
from messages.email_blocks import Event, events_of
from messages.email_models import ArchivedEmail, EmailLook
from messages.identity import Identity, letterhead
from messages.looks import Look, look_of
from messages.models import Message, MessageKind, MessageStatus, MessageText
from messages.providers.provider import fill
from messages.templates import ADDRESSES, BadTemplate

MOST = 200  # emails that are listed for an organizer at once
LANGUAGES = 2  # in which each is written
NEWEST = 100  # of an archive, from which its feed takes those that nobody at risk is named in
SHOWABLE = (MessageKind.ALERT, MessageKind.CAMPAIGN)


class NoSuchEmail(LookupError):
    """There is no email at this address; open the link from the message again."""


class NotForEverybody(ValueError):
    """This email cannot be shown to everybody: its project has no public archive, or it was not sent."""


@dataclass(frozen=True)
class StoredEmail:
    """A sent email with what its page is made of."""

    message_id: int
    project_id: int | None
    action_id: int | None
    sent_at: datetime | None
    texts: Mapping[str, tuple[str, str]]  # subject and body by language
    look: Look
    archived: bool  # strangers may read it


@dataclass(frozen=True)
class ShownEmail:
    """An email as everybody may read it."""

    language: str
    subject: str
    text: str  # without the lines that close it
    page: str


@dataclass(frozen=True)
class Listed:
    """A sent email in a list."""

    message_id: int
    subject: str
    sent_at: datetime | None
    shown: bool  # everybody may read it


def find_email(conn: Connection, message_id: int, *, now: datetime) -> StoredEmail:
    """A sent email. Raises NoSuchEmail, also for answers, tests, drafts, and what was stopped or has yet to begin."""
    chosen = select(Message.project_id, Message.action_id, Message.launched_at, _archived())
    row = conn.execute(
        chosen.where(Message.id == message_id, Message.kind.not_in(ANSWERS), *_left(now))
    ).one_or_none()
    held = words_of(conn, [message_id]).get(message_id)
    if row is None or not held:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    project_id, action_id, sent_at, archived = row
    look = look_of(conn, project_id)
    shown_to_all = archived and look.archive
    return StoredEmail(message_id, project_id, action_id, sent_at, held, look, shown_to_all)


def words_of(
    conn: Connection, message_ids: Collection[int]
) -> dict[int, dict[str, tuple[str, str]]]:
    """Subject and body of these emails, by language."""
    columns = (MessageText.message_id, MessageText.language, MessageText.subject, MessageText.body)
    theirs = select(*columns).where(MessageText.message_id.in_(list(message_ids)))
    found: dict[int, dict[str, tuple[str, str]]] = {}
    for message_id, language, subject, body in conn.execute(theirs.where(MessageText.body != "")):
        found.setdefault(message_id, {})[language] = (subject, body)
    return found


def shown(
    email: StoredEmail, language: str, identity: Identity, *, link: str, address: str = ""
) -> ShownEmail:
    """An email in one of its languages; ``link`` is where everybody may do what it asks for.

    ``address`` is that of the page; "" = the one that whoever got the email has.

    Raises NoSuchEmail for a language that it does not have.
    """
    if language not in email.texts:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    subject, body = email.texts[language]
    head = replace(
        letterhead(identity, email.look, email.message_id),
        public=True,
        others=tuple(each for each in email.texts if each != language),
    )
    head = replace(head, view_url=address or head.view_url)
    try:
        compiled = rendering.email_words(subject, body, language=language, letterhead=head)
    except BadTemplate as error:  # it was sent when less was asked of an email
        raise NoSuchEmail(NoSuchEmail.__doc__) from error
    values = _for_anybody(language, email.look, identity, compiled.defaults)
    values |= dict.fromkeys(ADDRESSES, f"{head.view_url}/{language}") | {"link": link}
    text, _, _ = fill(compiled.words.text, values).partition("\n\n-- \n")
    return ShownEmail(
        language=language,
        subject=fill(compiled.words.subject, values),
        text=text,
        page=fill(compiled.words.html, values, escape=True),
    )


def event_of(email: StoredEmail, language: str, number: int) -> Event:
    """One of an email's events. Raises NoSuchEmail."""
    _, body = email.texts.get(language, ("", ""))
    try:
        found = events_of(body)[number - 1 :][:1] if number and body else []
    except BadTemplate as error:
        raise NoSuchEmail(NoSuchEmail.__doc__) from error
    if not found:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    return found[0]


def sent_emails(
    conn: Connection,
    project_id: int | None,
    *,
    language: str,
    only_shown: bool,
    now: datetime,
    year: int | None = None,
    before: int | None = None,
) -> Sequence[Listed]:
    """A project's sent emails, newest first, by their subject in a language where they have it.

    All of a year (UTC), each of which somebody put into the archive by hand; without one the newest, or of those
    that were sent ``before`` an email.
    """
    most = NEWEST if only_shown else MOST
    chosen = (
        select(
            *(Message.id, Message.launched_at, MessageText.language, MessageText.subject),
            _archived(),
        )
        .join(MessageText, MessageText.message_id == Message.id)
        .where(MessageText.body != "", *_listable(project_id, now))
        .order_by(Message.launched_at.desc(), Message.id.desc(), MessageText.language)
    )
    if only_shown:
        chosen = chosen.where(_archived())
    if before is not None:
        chosen = chosen.where(_sent_before(before))
    if year is None:
        chosen = chosen.limit(LANGUAGES * most)
    else:
        begins, ends = (datetime(each, 1, 1, tzinfo=UTC) for each in (year, year + 1))
        chosen = chosen.where(Message.launched_at >= begins, Message.launched_at < ends)
    listed: dict[int, Listed] = {}
    for message_id, sent_at, spoken, subject, is_shown in conn.execute(chosen):
        if message_id not in listed or spoken == language:
            listed[message_id] = Listed(message_id, subject, sent_at, is_shown)
    return list(listed.values())[: most if year is None else None]


def _sent_before(message_id: int) -> ColumnElement[bool]:
    at = select(Message.launched_at).where(Message.id == message_id).scalar_subquery()
    return or_(Message.launched_at < at, and_(Message.launched_at == at, Message.id < message_id))


def archived_by_year(conn: Connection, project_id: int, *, now: datetime) -> dict[int, list[int]]:
    """The emails in a project's archive by the year (UTC) in which they left, the newest first."""
    has_words = exists().where(MessageText.message_id == Message.id, MessageText.body != "")
    chosen = (
        select(Message.id, Message.launched_at)
        .where(*_listable(project_id, now), has_words, _archived())
        .order_by(Message.launched_at.desc(), Message.id.desc())
    )
    found: dict[int, list[int]] = {}
    for message_id, sent_at in conn.execute(chosen):
        if sent_at is not None:
            found.setdefault(sent_at.astimezone(UTC).year, []).append(message_id)
    return found


def _listable(project_id: int | None, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """That a message is an email to many of this project, and has begun to leave."""
    return (
        Message.project_id == project_id if project_id else Message.project_id.is_(None),
        Message.kind.in_(SHOWABLE),
        Message.launched_at.is_not(None),
        *_left(now),
    )


def _left(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """That a message has begun to leave and was not called off."""
    never = (MessageStatus.DRAFT, MessageStatus.STOPPED)
    begun = or_(Message.starts_at.is_(None), Message.starts_at <= now)
    return Message.status.not_in(never), begun


def _archived() -> ColumnElement[bool]:
    return exists().where(ArchivedEmail.message_id == Message.id)


def show_to_everybody(conn: Connection, message_id: int, *, by: str, now: datetime) -> None:
    """Put a sent email into its project's archive. Raises NotForEverybody."""
    try:
        email = find_email(conn, message_id, now=now)
    except NoSuchEmail as error:
        raise NotForEverybody(NotForEverybody.__doc__) from error
    if not email.look.archive:
        raise NotForEverybody(NotForEverybody.__doc__)
    hide_again(conn, message_id)
    row: dict[str, Any] = {"message_id": message_id, "shown_by": by, "shown_at": now}
    conn.execute(insert(ArchivedEmail).values(row))


def hide_again(conn: Connection, message_id: int) -> None:
    """Take an email out of the archive; whoever got it keeps their link to it."""
    conn.execute(delete(ArchivedEmail).where(ArchivedEmail.message_id == message_id))


def archive_of(conn: Connection, slug: str) -> tuple[int, str]:
    """The project whose archive this is, and its name. Raises NoSuchEmail unless it wants one."""
    row = select(Project.id, Project.name).join(EmailLook, EmailLook.owner == Project.id)
    found = conn.execute(row.where(Project.slug == slug, EmailLook.archive)).one_or_none()
    if found is None:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    return found.id, found.name


def _for_anybody(
    language: str, look: Look, identity: Identity, defaults: Mapping[str, str]
) -> dict[str, str]:
    """What merge fields say: the text's own default, else a word that fits everybody."""
    own = dict.fromkeys(rendering.FIELDS, "") | dict(wording.anybody(language))
    return {**own, "project": look.project or identity.network, **defaults}
