"""Messages as they were written, many at once, for whoever reads a conversation again.

A sender reads one message and keeps it for all its windows (``composing.Kept``); a page shows the copies of
many, and to read them one by one would be three statements each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, select

from messages.composing import Compositions, compiled
from messages.identity import Identity
from messages.links import load_many_links
from messages.mail_addresses import NO_THREAD
from messages.models import Message, MessageKind, MessageText
from messages.templates import BadTemplate
from messages.threads import threads_of

_MESSAGES = select(Message).where(Message.id.in_(bindparam("messages", expanding=True)))
_TEXTS = select(MessageText).where(
    MessageText.message_id.in_(bindparam("messages", expanding=True))
)


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
    these = {"messages": list(message_ids)}
    for text in conn.execute(_TEXTS, these):
        texts[text.message_id].append(text)
    link_ids = load_many_links(conn, message_ids)
    messages = conn.execute(_MESSAGES, these).all()
    answers = [each.id for each in messages if each.kind == MessageKind.ANSWER]
    threads = threads_of(conn, answers)
    found = {}
    for message in messages:
        thread = threads.get(message.id, NO_THREAD)
        readable = {*languages, message.default_language}
        said = [each for each in texts[message.id] if each.language in readable]
        own = (said, link_ids.get(message.id, {}))
        try:
            found[message.id] = compiled(message, *own, identity, thread)
        except BadTemplate:
            continue
    return found
