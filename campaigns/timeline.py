"""What happened in a campaign, day by day, over the years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from campaigns.story_models import CampaignMoment

LONGEST = 1_000  # characters of what happened, in one language
MOST = 1_000  # moments that a page shows


class BadMoment(ValueError):
    """What was typed of a moment cannot stand; the message says what to do."""


@dataclass(frozen=True)
class MomentDraft:
    """Something that happened, as it is typed."""

    happened_on: date
    words: Mapping[str, str]  # by language; at least one
    source: str = ""
    is_public: bool = False


@dataclass(frozen=True)
class Moment:
    """Something that happened, as it is kept."""

    id: int
    campaign_id: int
    happened_on: date
    words: Mapping[str, str]
    source: str
    is_public: bool
    noted_by: str
    struck_at: datetime | None


def note(
    conn: Connection,
    campaign_id: int,
    draft: MomentDraft,
    *,
    languages: tuple[str, ...],
    by: str,
    now: datetime,
) -> int:
    """Note what happened; return its number. What is public is told in each of ``languages``.

    Raises BadMoment.
    """
    row = insert(CampaignMoment).values(
        campaign_id=campaign_id, noted_by=by, noted_at=now, **_values(draft, languages, now)
    )
    return conn.execute(row.returning(CampaignMoment.id)).scalar_one()


def change(
    conn: Connection,
    moment_id: int,
    draft: MomentDraft,
    *,
    languages: tuple[str, ...],
    now: datetime,
) -> None:
    """Note better what happened. Raises BadMoment."""
    mine = update(CampaignMoment).where(CampaignMoment.id == moment_id)
    conn.execute(mine.values(_values(draft, languages, now)))


def strike(conn: Connection, moment_id: int, *, now: datetime | None) -> None:
    """Take a moment off, at ``now``; None puts it back."""
    mine = update(CampaignMoment).where(CampaignMoment.id == moment_id)
    conn.execute(mine.values(struck_at=now))


def moments(conn: Connection, campaign_id: int, *, public_only: bool = False) -> list[Moment]:
    """What happened, the latest first; ``public_only``: what anybody may read."""
    latest = conn.execute(_latest(public_only=public_only), {"campaign": campaign_id})
    return [Moment(*row) for row in latest]


@cache
def _latest(
    *, public_only: bool
) -> Select[int, int, date, Mapping[str, str], str, bool, str, datetime | None]:
    rows = _moments().where(CampaignMoment.campaign_id == bindparam("campaign"))
    if public_only:
        rows = rows.where(CampaignMoment.is_public, CampaignMoment.struck_at.is_(None))
    latest = rows.order_by(CampaignMoment.happened_on.desc(), CampaignMoment.id.desc())
    return latest.limit(MOST)


def find(conn: Connection, moment_id: int) -> Moment:
    """One moment; the caller knows that it exists."""
    return Moment(*conn.execute(_moments().where(CampaignMoment.id == moment_id)).one())


def _moments() -> Select[int, int, date, Mapping[str, str], str, bool, str, datetime | None]:
    return select(
        CampaignMoment.id,
        CampaignMoment.campaign_id,
        CampaignMoment.happened_on,
        CampaignMoment.words,
        CampaignMoment.source,
        CampaignMoment.is_public,
        CampaignMoment.noted_by,
        CampaignMoment.struck_at,
    )


def _values(draft: MomentDraft, languages: tuple[str, ...], now: datetime) -> dict[str, object]:
    words = {code: text for code, text in draft.words.items() if text}
    if not words:
        raise BadMoment("Say what happened, in one language at least.")
    if draft.is_public and not all(words.get(code) for code in languages):
        raise BadMoment("What everybody may read is told in each language.")
    if any(len(text) > LONGEST for text in words.values()):
        raise BadMoment(f"What happened takes at most {LONGEST} characters.")
    if draft.happened_on > now.date():
        raise BadMoment("That day is still to come; what is planned is an email or a hearing.")
    return {
        "happened_on": draft.happened_on,
        "words": words,
        "source": draft.source,
        "is_public": draft.is_public,
    }
