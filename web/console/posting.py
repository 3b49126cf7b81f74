"""How an organizer is written to by email or by text: in their language, like an answer, before any bulk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contacts import consent
from contacts.models import Channel
from database.jobs import Jobs
from messages.answers import answer
from web.keys import Site
from web.translations import Translator, translators


@dataclass(frozen=True)
class Post:
    """One letter, or one text, to one organizer; ``purpose`` tells it from every other."""

    purpose: str
    address: str
    language: str
    words: str
    subject: str = ""  # of a letter


def words_in(site: Site, language: str) -> Translator:
    """Our sentences in an organizer's language, or in the one that is everybody's."""
    known = translators(site.languages)
    return known.get(language) or known[site.default_language]


def titled(titles: dict[str, str], words: Translator) -> str:
    """A title as whoever reads these words is told it."""
    return titles.get(words.language) or next(iter(titles.values()), "")


def email(conn: Connection, jobs: Jobs, post: Post, now: datetime) -> None:
    """Send a letter."""
    _send(conn, jobs, Channel.EMAIL, post, now)


def text(conn: Connection, jobs: Jobs, post: Post, now: datetime) -> bool:
    """Send a text, unless that phone has said stop to us; whether it goes."""
    if consent.standings(conn, [(Channel.SMS, post.address)]).refused:
        return False
    _send(conn, jobs, Channel.SMS, post, now)
    return True


def _send(conn: Connection, jobs: Jobs, channel: Channel, post: Post, now: datetime) -> None:
    answer(
        conn,
        jobs,
        purpose=post.purpose,
        channel=channel,
        address=post.address,
        contact_id=None,
        language=post.language,
        subject=post.subject,
        words=post.words,
        now=now,
    )
