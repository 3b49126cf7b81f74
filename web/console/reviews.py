"""What the page of a draft alert shows: its words, its people, its checks and its preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts.drafts import AlertDraft
from alerts.launching import message_of
from alerts.preflight import Check, check
from messages.house import HouseRules
from messages.templates import BadTemplate
from web.console.previews import Measured, Preview, measured, preview
from web.console.stored import stored_draft


@dataclass(frozen=True)
class Review:
    """A draft alert before its launch."""

    draft: AlertDraft
    check: Check
    preview: Preview | None
    measures: list[Measured]

    @property
    def cheaper(self) -> bool:
        """Whether plain characters would take fewer segments."""
        return any(each.plain.segments < each.measure.segments for each in self.measures)


def review(
    conn: Connection,
    alert_id: int,
    *,
    house: HouseRules,
    person: int = 0,
    wanted: str = "",
    now: datetime,
) -> Review:
    """Read a draft alert, checked now. Raises NoSuchAlert."""
    draft = stored_draft(conn, alert_id)
    texts: Mapping[str, str] = {code: words.sms for code, words in draft.texts.items()}
    return Review(
        draft=draft,
        check=check(conn, alert_id, house=house, now=now),
        preview=_preview(conn, alert_id, house, person, wanted, now),
        measures=measured(texts, house.identity),
    )


def _preview(
    conn: Connection, alert_id: int, house: HouseRules, person: int, wanted: str, now: datetime
) -> Preview | None:
    """A preview, or none while a text cannot be compiled: the checks say why."""
    message_id = message_of(conn, alert_id)
    try:
        return preview(conn, message_id, house, person=person, wanted=wanted, now=now)
    except BadTemplate:
        return None
