"""Which copies were followed, by whom and when first: kept in one row each, for reports on many.

A report would else read all clicks of a message and look up the copy of each among all copies that there are.
A row says what clicks and delivery say, and is made anew whenever a link is followed. It is unsettled if its copy
had not left by then, or has come back since: then a reader asks the delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Executable,
    Select,
    exists,
    func,
    or_,
    select,
    text,
    update,
)

from database.handing import among, ids
from database.upserts import insert_for
from messages.audience import LEFT
from messages.models import Click, Delivery, FollowedCopy
from messages.scanners import Sign

Followed = Select[int, str, int | None, datetime | None]
UNSETTLED = text("followed_copies.unsettled")  # without "= 1", or SQLite would not use the index


def by_people() -> ColumnElement[bool]:
    """That a click was a person's, as far as we know."""
    return Click.sign == Sign.NONE


def note(conn: Connection, delivery_ids: Sequence[int]) -> None:
    """Keep what clicks and deliveries say of these copies now; the caller holds the deliveries' locks."""
    dialect = conn.dialect.name
    conn.execute(_noting(dialect), ids(dialect, delivery_ids))


def unsettle(conn: Connection, delivery_ids: Sequence[int]) -> None:
    """These copies came back: whether they count is from now on asked of their deliveries."""
    dialect = conn.dialect.name
    conn.execute(_unsettling(dialect), ids(dialect, delivery_ids))


def followed(message_ids: BindParameter[Any]) -> tuple[Followed, Followed]:
    """The followed copies of these messages that left: those that are settled, and the others.

    ``at``: first by a person, NULL = by machines only. One statement for both would read the former row by row.
    """
    mine = FollowedCopy.message_id.in_(message_ids)
    settled = select(
        FollowedCopy.message_id, FollowedCopy.language, FollowedCopy.contact_id, FollowedCopy.at
    ).where(mine, ~FollowedCopy.unsettled)
    asked = (
        select(Delivery.message_id, Delivery.language, Delivery.contact_id, FollowedCopy.at)
        .join(FollowedCopy, FollowedCopy.delivery_id == Delivery.id)
        .where(mine, UNSETTLED, Delivery.status.in_(LEFT))
    )
    return settled, asked


@cache
def _noting(dialect: str) -> Executable:
    clicks = Click.delivery_id == Delivery.id
    first = select(func.min(Click.at)).where(clicks, by_people()).correlate(Delivery)
    kept = {
        "delivery_id": Delivery.id,
        "message_id": Delivery.message_id,
        "contact_id": Delivery.contact_id,
        "language": Delivery.language,
        "at": first.scalar_subquery(),
        # A receipt may come before the answer to our request, which tells the language.
        "unsettled": or_(Delivery.status.not_in(LEFT), Delivery.lease_until.is_not(None)),
    }
    rows = select(*kept.values()).where(
        among(dialect, Delivery.id.expression), exists().where(clicks)
    )
    making = insert_for(dialect, FollowedCopy).from_select(list(kept), rows)
    _, *known = kept
    return making.on_conflict_do_update(
        index_elements=["delivery_id"], set_={name: making.excluded[name] for name in known}
    )


@cache
def _unsettling(dialect: str) -> Executable:
    theirs = among(dialect, FollowedCopy.delivery_id.expression)
    return update(FollowedCopy).where(theirs).values(unsettled=True)
