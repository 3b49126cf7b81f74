"""Who followed which link of a message. A click shows interest, not a person: scanners click too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from messages.models import Click, Delivery, Link


class NoSuchLink(LookupError):
    """This address is not complete; open the link from the message again."""


def record_click(
    conn: Connection, delivery_id: int, *, link_id: int | None = None, now: datetime
) -> None:
    """Keep that somebody followed a link of a copy; without a link, its action page."""
    conn.execute(insert(Click).values(delivery_id=delivery_id, link_id=link_id, at=now))


def follow(conn: Connection, delivery_id: int, link_id: int, *, now: datetime) -> str:
    """Record a click on a link and return where it leads.

    Only links stored with the copy's own message lead anywhere; any other raises NoSuchLink, so that
    nobody can make our address redirect to theirs.
    """
    stored = select(Link.url).join(Delivery, Delivery.message_id == Link.message_id)
    url = conn.scalar(stored.where(Delivery.id == delivery_id, Link.id == link_id))
    if url is None:
        raise NoSuchLink(NoSuchLink.__doc__)
    record_click(conn, delivery_id, link_id=link_id, now=now)
    return url
