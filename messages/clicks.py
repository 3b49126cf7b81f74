"""Who followed which link of a message. A click shows interest, not a person: scanners click too.

So each is kept with what tells that a machine made it (``messages/scanners.py``); people are those of whom
nothing does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, insert, select, update

from contacts.models import Channel
from messages import followed
from messages.followed import by_people
from messages.models import Click, Delivery, Link, Status
from messages.scanners import BURST, Sign, sign_of


class NoSuchLink(LookupError):
    """This address is not complete; open the link from the message again."""


@dataclass(frozen=True)
class Asked:
    """How a page was asked for; nothing of it is stored."""

    method: str = "GET"
    agent: str | None = None  # what the browser calls itself; None = nobody looked


def record_click(
    conn: Connection,
    delivery_id: int,
    *,
    link_id: int | None = None,
    asked: Asked = Asked(),
    now: datetime,
) -> None:
    """Keep that somebody followed a link of a copy; without a link, its action page."""
    sign = sign_of(asked.method, asked.agent, _since_it_left(conn, delivery_id, now))
    if link_id is not None and _is_burst(conn, delivery_id, link_id, now):
        sign = sign or Sign.BURST
    told = {"delivery_id": delivery_id, "link_id": link_id, "at": now, "sign": sign}
    conn.execute(_CLICK, told)
    followed.note(conn, [delivery_id])


def follow(
    conn: Connection,
    delivery_id: int,
    link_id: int,
    *,
    asked: Asked = Asked(),
    now: datetime,
) -> str:
    """Record a click on a link and return where it leads.

    Only links stored with the copy's own message lead anywhere; any other raises NoSuchLink, so that
    nobody can make our address redirect to theirs.
    """
    stored = select(Link.url).join(Delivery, Delivery.message_id == Link.message_id)
    url = conn.scalar(stored.where(Delivery.id == delivery_id, Link.id == link_id))
    if url is None:
        raise NoSuchLink(NoSuchLink.__doc__)
    record_click(conn, delivery_id, link_id=link_id, asked=asked, now=now)
    return url


_CLICK = insert(Click)
_COPY = (
    select(Delivery.channel, Delivery.status, Delivery.changed_at)
    .where(Delivery.id == bindparam("copy"))
    .with_for_update(key_share=True)
)


def _since_it_left(conn: Connection, delivery_id: int, now: datetime) -> timedelta | None:
    """How long an email has been out, since what was last heard of it.

    A text lights up a telephone in somebody's hand, who may well open it at once. Its row is locked: visits of
    one copy, and receipts for it, take turns.
    """
    copy = conn.execute(_COPY, {"copy": delivery_id}).one_or_none()
    if copy is None or copy.channel != Channel.EMAIL:
        return None
    has_left = Status.ACCEPTED <= copy.status <= Status.DELIVERED
    return now - copy.changed_at if has_left else None


def _is_burst(conn: Connection, delivery_id: int, link_id: int, now: datetime) -> bool:
    """Whether another link of the copy was followed a moment ago; then that was a machine's as well."""
    others = (
        Click.delivery_id == delivery_id,
        Click.link_id != link_id,
        Click.at > now - BURST,
    )
    if not conn.scalar(select(func.count()).select_from(Click).where(*others)):
        return False
    moments_ago = update(Click).where(
        Click.delivery_id == delivery_id,
        Click.at > now - BURST,
        Click.link_id.is_not(None),
        by_people(),
    )
    conn.execute(moments_ago.values(sign=Sign.BURST))
    return True
