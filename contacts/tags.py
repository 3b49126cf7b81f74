"""Tags: words organizers put on contacts, the same whatever their case and accents."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from contacts.models import ContactTag, Tag
from database.tables import folded
from database.upserts import insert_or


def add_tags(
    conn: Connection, contact_id: int, tags: Iterable[str], *, import_id: int | None = None
) -> None:
    """Put tags on a contact."""
    rows = [
        {"tag_id": tag_id, "contact_id": contact_id, "import_id": import_id}
        for tag_id in sorted(tag_ids(conn, tags).values())
    ]
    if rows:
        conn.execute(insert_or(conn, ContactTag).on_conflict_do_nothing(), rows)


def tag_ids(conn: Connection, tags: Iterable[str]) -> dict[str, int]:
    """The ids of tags by their folded names; tags not met before are added."""
    names = {folded(tag): " ".join(tag.split()) for tag in tags if tag.strip()}
    if not names:
        return {}
    rows = [{"name": names[key], "folded": key} for key in sorted(names)]
    conn.execute(insert_or(conn, Tag).on_conflict_do_nothing(), rows)
    found = conn.execute(select(Tag.folded, Tag.id).where(Tag.folded.in_(sorted(names))))
    return {row.folded: row.id for row in found}


def tags_of(conn: Connection, contact_id: int) -> tuple[str, ...]:
    own = select(Tag.name).join(ContactTag).where(ContactTag.contact_id == contact_id)
    return tuple(conn.scalars(own.order_by(Tag.folded)))
