"""What of an email may everybody read? Its words in a language, with nobody's name in them and nobody's link.

It is compiled anew from its text: what a person got is never looked at. Whoever has the address of one email
cannot make that of another of it (``links.email_url``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select

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

MOST = 200  # emails of an archive that are listed
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


def find_email(conn: Connection, message_id: int) -> StoredEmail:
    """A sent email. Raises NoSuchEmail, also for answers, tests and drafts."""
    columns = (Message.kind, Message.status, Message.project_id, Message.action_id)
    row = conn.execute(
        select(*columns, Message.launched_at).where(Message.id == message_id)
    ).one_or_none()
    if row is None or row.kind in ANSWERS or row.status == MessageStatus.DRAFT:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    words = select(MessageText.language, MessageText.subject, MessageText.body)
    texts = conn.execute(words.where(MessageText.message_id == message_id, MessageText.body != ""))
    held = {language: (subject, body) for language, subject, body in texts}
    if not held:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    look = look_of(conn, row.project_id)
    return StoredEmail(message_id, row.project_id, row.action_id, row.launched_at, held, look)


def shown(email: StoredEmail, language: str, identity: Identity, *, link: str) -> ShownEmail:
    """An email in one of its languages; ``link`` is where everybody may do what it asks for.

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
    conn: Connection, project_id: int | None, *, language: str, only_shown: bool
) -> Sequence[Listed]:
    """A project's sent emails, newest first, by their subject in a language where they have it."""
    archived = exists().where(ArchivedEmail.message_id == Message.id)
    chosen = (
        select(Message.id, Message.launched_at, MessageText.language, MessageText.subject, archived)
        .join(MessageText, MessageText.message_id == Message.id)
        .where(
            Message.project_id == project_id if project_id else Message.project_id.is_(None),
            Message.kind.in_(SHOWABLE),
            Message.launched_at.is_not(None),
            Message.status != MessageStatus.DRAFT,
            MessageText.body != "",
        )
        .order_by(Message.launched_at.desc(), Message.id.desc(), MessageText.language)
        .limit(2 * MOST)
    )
    if only_shown:
        chosen = chosen.where(archived)
    listed: dict[int, Listed] = {}
    for message_id, sent_at, spoken, subject, is_shown in conn.execute(chosen):
        if message_id not in listed or spoken == language:
            listed[message_id] = Listed(message_id, subject, sent_at, is_shown)
    return list(listed.values())[:MOST]


def show_to_everybody(conn: Connection, message_id: int, *, by: str, now: datetime) -> None:
    """Put a sent email into its project's archive. Raises NotForEverybody."""
    try:
        email = find_email(conn, message_id)
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
