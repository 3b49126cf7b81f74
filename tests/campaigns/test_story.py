"""What a campaign tells of itself: its words and its end, what happened in it, what it counts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Connection

from campaigns import keeping, measures, timeline
from campaigns.calendar import create_campaign
from campaigns.keeping import BadCampaign, NoSuchCampaign, Told
from campaigns.measures import BadMeasure, Reading
from campaigns.timeline import BadMoment, MomentDraft

BOTH = ("en", "es")
WORDS = {"en": "The law is passed.", "es": "La ley está aprobada."}
TEXTS = {"en": Told("No to mining", "Water is life."), "es": Told("No a la minería", "El agua.")}


def make_campaign(conn: Connection, now: datetime) -> int:
    return create_campaign(
        conn, name="Water", goal="A law", project_id=None, created_by="x", now=now
    )


def change(conn: Connection, campaign_id: int, **changed: object) -> None:
    told = {"name": "Water", "goal": "A law", "begun_on": date(2005, 3, 1), "texts": TEXTS}
    keeping.change(conn, campaign_id, **{**told, "is_public": True, **changed})  # type: ignore[arg-type]


def note(conn: Connection, campaign_id: int, now: datetime, **changed: object) -> int:
    told = {"happened_on": date(2017, 3, 29), "words": WORDS, "is_public": True, **changed}
    draft = MomentDraft(**told)  # type: ignore[arg-type]
    return timeline.note(conn, campaign_id, draft, languages=BOTH, by="Amina", now=now)


def test_its_public_page_keeps_its_address(conn: Connection, now: datetime) -> None:
    campaign_id = make_campaign(conn, now)
    change(conn, campaign_id)
    slug = keeping.find(conn, campaign_id).slug
    assert slug.startswith("no-to-mining-")
    assert keeping.find_public(conn, slug).texts == TEXTS

    change(conn, campaign_id, is_public=False)
    with pytest.raises(NoSuchCampaign):
        keeping.find_public(conn, slug)
    changed = {code: Told("Clean water", "") for code in BOTH}
    change(conn, campaign_id, texts=changed)

    assert keeping.find_public(conn, slug).texts == changed


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "needs a name"),
        ({"texts": {**TEXTS, "es": Told("", "x")}}, "a title in each language"),
        ({"texts": {}}, "a title in each language"),
    ],
)
def test_what_cannot_stand_changes_nothing(
    conn: Connection, now: datetime, wrong: dict[str, object], sentence: str
) -> None:
    campaign_id = make_campaign(conn, now)
    before = keeping.find(conn, campaign_id)

    with pytest.raises(BadCampaign, match=sentence):
        change(conn, campaign_id, **wrong)

    assert keeping.find(conn, campaign_id) == before


def test_it_is_closed_once_and_goes_on(conn: Connection, now: datetime) -> None:
    campaign_id = make_campaign(conn, now)
    keeping.close(conn, campaign_id, closing="Won.", now=now)
    keeping.close(conn, campaign_id, closing="Won, by law.", now=now + timedelta(days=1))
    closed = keeping.find(conn, campaign_id)
    assert (closed.closed_at, closed.closing) == (now, "Won, by law.")

    keeping.reopen(conn, campaign_id)

    assert keeping.find(conn, campaign_id).closed_at is None


def test_what_happened_is_told_the_latest_first(conn: Connection, now: datetime) -> None:
    campaign_id = make_campaign(conn, now)
    law = note(conn, campaign_id, now)
    own = note(conn, campaign_id, now, happened_on=date(2018, 1, 1), is_public=False)
    early = note(conn, campaign_id, now, happened_on=date(2009, 6, 1))
    timeline.strike(conn, early, now=now)

    assert [each.id for each in timeline.moments(conn, campaign_id)] == [own, law, early]
    assert [each.id for each in timeline.moments(conn, campaign_id, public_only=True)] == [law]

    timeline.strike(conn, early, now=None)
    assert len(timeline.moments(conn, campaign_id, public_only=True)) == 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"words": {"en": "", "es": ""}}, "Say what happened"),
        ({"words": {"en": "Only here."}}, "told in each language"),
        ({"words": {"en": "x" * 1_001, "es": "x"}}, "at most 1000 characters"),
        ({"happened_on": date(2999, 1, 1)}, "still to come"),
    ],
)
def test_what_cannot_have_happened_is_not_noted(
    conn: Connection, now: datetime, wrong: dict[str, object], sentence: str
) -> None:
    campaign_id = make_campaign(conn, now)

    with pytest.raises(BadMoment, match=sentence):
        note(conn, campaign_id, now, **wrong)

    assert timeline.moments(conn, campaign_id) == []


def test_a_moment_is_noted_better(conn: Connection, now: datetime) -> None:
    moment_id = note(conn, make_campaign(conn, now), now)
    better = MomentDraft(happened_on=date(2017, 3, 28), words={"en": "The vote."}, source="AP")

    timeline.change(conn, moment_id, better, languages=BOTH, now=now)

    kept = timeline.find(conn, moment_id)
    assert (kept.happened_on, kept.words, kept.source, kept.is_public) == (
        date(2017, 3, 28),
        {"en": "The vote."},
        "AP",
        False,
    )


def test_what_is_counted_is_read_off_by_day(conn: Connection, now: datetime) -> None:
    campaign_id = make_campaign(conn, now)
    named = {"en": "Towns free of mining", "es": "Municipios libres de minería"}
    counted = measures.add_measure(
        conn, campaign_id, named, target=262, is_public=True, languages=BOTH
    )
    for day, value in [(date(2015, 1, 1), 3), (date(2014, 1, 1), 1), (date(2015, 1, 1), 4)]:
        measures.read_off(conn, counted, day, value, by="Amina", now=now)

    [found] = measures.measures(conn, campaign_id, public_only=True)
    assert found.readings == [Reading(date(2014, 1, 1), 1), Reading(date(2015, 1, 1), 4)]
    assert found.latest == Reading(date(2015, 1, 1), 4)

    measures.strike(conn, counted, now=now)
    assert measures.measures(conn, campaign_id, public_only=True) == []
    assert measures.find(conn, counted).latest == found.latest


@pytest.mark.parametrize(
    ("named", "target", "sentence"),
    [
        ({}, None, "Say what is counted"),
        ({"en": "Towns"}, None, "named in each language"),
        ({"en": "Towns", "es": "Municipios"}, 0, "at least 1"),
    ],
)
def test_what_cannot_be_counted_is_told(
    conn: Connection, now: datetime, named: dict[str, str], target: int | None, sentence: str
) -> None:
    campaign_id = make_campaign(conn, now)
    with pytest.raises(BadMeasure, match=sentence):
        measures.add_measure(
            conn, campaign_id, named, target=target, is_public=True, languages=BOTH
        )
    assert measures.measures(conn, campaign_id) == []


@pytest.mark.parametrize(("days", "value"), [(1, 3), (0, -1)])
def test_no_number_of_a_day_to_come(conn: Connection, now: datetime, days: int, value: int) -> None:
    campaign_id = make_campaign(conn, now)
    counted = measures.add_measure(
        conn, campaign_id, {"en": "Towns"}, target=None, is_public=False, languages=BOTH
    )
    with pytest.raises(BadMeasure):
        measures.read_off(conn, counted, now.date() + timedelta(days=days), value, by="x", now=now)
    assert measures.find(conn, counted).latest is None
