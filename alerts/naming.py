"""Which drafts name somebody in their words: of a member who leaves, or a number that changes, they are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from actions.asks import read_action
from alerts.models import Alert, AlertText
from database.tables import folded
from messages.checking import texts_of
from messages.models import Message, MessageStatus

_DIGITS = re.compile(r"[^0-9]+")
LEAST_DIGITS = 7


@dataclass(frozen=True)
class Naming:
    """A draft alert that says one of the words looked for."""

    alert_id: int
    title: str
    word: str


def drafts_naming(conn: Connection, words: Iterable[str]) -> list[Naming]:
    """The draft alerts that say any of these words: family names, or phones in any spelling."""
    looked_for = sorted({each for each in words if each})
    if not looked_for:
        return []
    drafts = (
        select(Alert.id, Alert.message_id, Alert.action_id)
        .join(Message, Message.id == Alert.message_id)
        .where(Message.status == MessageStatus.DRAFT)
        .order_by(Alert.id)
    )
    return [
        naming
        for row in conn.execute(drafts).all()
        for naming in _named(conn, row.id, row.message_id, row.action_id, looked_for)
    ]


def _named(
    conn: Connection, alert_id: int, message_id: int, action_id: int, words: Iterable[str]
) -> Iterator[Naming]:
    titles = select(AlertText.title, AlertText.summary).where(AlertText.alert_id == alert_id)
    public = [tuple(row) for row in conn.execute(titles.order_by(AlertText.language))]
    said = "\n".join(
        [
            *(part for row in public for part in row),
            *(
                part
                for text in texts_of(conn, message_id).values()
                for part in (text.sms, text.subject, text.body)
            ),
            *(
                part
                for script in read_action(conn, action_id).scripts.values()
                for part in vars(script).values()
            ),
        ]
    )
    title = public[0][0] if public else ""
    for word in words:
        if _says(said, word):
            yield Naming(alert_id, title, word)


def _says(text: str, word: str) -> bool:
    digits = _DIGITS.sub("", word.removeprefix("+1"))
    if len(digits) >= LEAST_DIGITS:
        return digits in _DIGITS.sub("", text)
    return re.search(rf"\b{re.escape(folded(word))}\b", folded(text)) is not None
