"""Messages as they were written, many at once, for whoever reads a conversation again.

A sender reads one message and keeps it for all its windows (``composing.Kept``); a page shows the copies of
many, and to read them one by one would be three statements each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from messages.composing import Compositions, compiled
from messages.identity import Identity
from messages.links import load_many_links
from messages.mail_addresses import NO_THREAD
from messages.models import Message, MessageKind, MessageText
from messages.templates import BadTemplate
from messages.threads import thread_of


def compositions_of(
    conn: Connection,
    message_ids: Collection[int],
    identity: Identity,
    *,
    languages: Collection[str],
) -> dict[int, Compositions]:
    """What these messages say to readers of some languages; one whose text cannot be read is left out."""
    if not message_ids:
        return {}
    texts: defaultdict[int, list[Any]] = defaultdict(list)
    written = select(MessageText).where(MessageText.message_id.in_(message_ids))
    for text in conn.execute(written):
        texts[text.message_id].append(text)
    link_ids = load_many_links(conn, message_ids)
    found = {}
    for message in conn.execute(select(Message).where(Message.id.in_(message_ids))).all():
        thread = thread_of(conn, message.id) if message.kind == MessageKind.ANSWER else NO_THREAD
        readable = {*languages, message.default_language}
        said = [each for each in texts[message.id] if each.language in readable]
        own = (said, link_ids.get(message.id, {}))
        try:
            found[message.id] = compiled(message, *own, identity, thread)
        except BadTemplate:
            continue
    return found
