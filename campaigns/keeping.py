"""What a campaign is, over the years: its goal, its public words, whether it still goes on."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from campaigns.models import Campaign
from campaigns.story_models import CampaignText
from database.tables import folded

NAME_LENGTH = 48  # of what an address says of a title
RANDOM_BYTES = 4


class NoSuchCampaign(LookupError):
    """There is no such campaign, or it has no public page; ask who sent you the address."""


class BadCampaign(ValueError):
    """What was typed about a campaign cannot stand; the message says what to do."""


@dataclass(frozen=True)
class Told:
    """What its public page says in one language."""

    title: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A campaign as it stands."""

    id: int
    project_id: int | None  # None = the network's
    name: str  # as its organizers call it
    goal: str  # in their own words
    begun_on: date | None
    closed_at: datetime | None
    closing: str  # what came of it, in their own words
    slug: str  # of its public page; "" = it never had one
    is_public: bool
    texts: Mapping[str, Told]  # by language


def find(conn: Connection, campaign_id: int) -> Kept:
    """A campaign. Raises NoSuchCampaign."""
    return _kept(conn, conn.execute(_OF_ID, {"campaign": campaign_id}).one_or_none())


def find_public(conn: Connection, slug: str) -> Kept:
    """The campaign whose public page has this address. Raises NoSuchCampaign for one that has none now."""
    return _kept(conn, conn.execute(_OF_SLUG, {"slug": slug}).one_or_none())


_OF_ID = select(Campaign.__table__).where(Campaign.id == bindparam("campaign"))
_OF_SLUG = select(Campaign.__table__).where(Campaign.slug == bindparam("slug"), Campaign.is_public)
_TEXTS = select(CampaignText.language, CampaignText.title, CampaignText.summary).where(
    CampaignText.campaign_id == bindparam("campaign")
)


def _kept(conn: Connection, row: Row[*tuple[Any, ...]] | None) -> Kept:
    if row is None:
        raise NoSuchCampaign(NoSuchCampaign.__doc__)
    texts = conn.execute(_TEXTS, {"campaign": row.id})
    return Kept(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        goal=row.goal,
        begun_on=row.begun_on,
        closed_at=row.closed_at,
        closing=row.closing,
        slug=row.slug or "",
        is_public=row.is_public,
        texts={language: Told(title, summary) for language, title, summary in texts},
    )


def change(
    conn: Connection,
    campaign_id: int,
    *,
    name: str,
    goal: str,
    begun_on: date | None,
    texts: Mapping[str, Told],
    is_public: bool,
) -> None:
    """Write down what is typed about a campaign.

    A public page needs a title in each of ``texts``' languages; its address stays the same for good, also
    when it is taken off and comes back. Raises BadCampaign.
    """
    if not name:
        raise BadCampaign("A campaign needs a name.")
    if is_public and not (texts and all(each.title for each in texts.values())):
        raise BadCampaign("A public page needs a title in each language.")
    kept = find(conn, campaign_id)
    slug = kept.slug or (_slug(texts) if is_public else None)
    values = {"name": name, "goal": goal, "begun_on": begun_on, "slug": slug}
    mine = update(Campaign).where(Campaign.id == campaign_id)
    conn.execute(mine.values(**values, is_public=is_public))
    conn.execute(delete(CampaignText).where(CampaignText.campaign_id == campaign_id))
    rows = [
        {
            "campaign_id": campaign_id,
            "language": language,
            "title": told.title,
            "summary": told.summary,
        }
        for language, told in texts.items()
        if told.title or told.summary
    ]
    if rows:
        conn.execute(insert(CampaignText), rows)


def close(conn: Connection, campaign_id: int, *, closing: str, now: datetime) -> None:
    """Say that it is over and what came of it; its emails and pages stay. Again: other words for the same end."""
    closed = find(conn, campaign_id).closed_at or now
    mine = update(Campaign).where(Campaign.id == campaign_id)
    conn.execute(mine.values(closed_at=closed, closing=closing))


def reopen(conn: Connection, campaign_id: int) -> None:
    """Go on with it."""
    find(conn, campaign_id)
    conn.execute(update(Campaign).where(Campaign.id == campaign_id).values(closed_at=None))


def _slug(texts: Mapping[str, Told]) -> str:
    title = next((each.title for each in texts.values() if each.title), "")
    plain = re.sub(r"[^a-z0-9]+", "-", folded(title))[:NAME_LENGTH].strip("-")
    return f"{plain or 'campaign'}-{secrets.token_hex(RANDOM_BYTES)}"
