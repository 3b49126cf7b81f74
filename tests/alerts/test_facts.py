"""What is known has versions; none is lost, and nothing is public by mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from alerts.cases import save_case
from alerts.drafts import FactDraft
from alerts.fact_models import ClearedBy, Fact, FactKind, FactVersion, Release
from alerts.facts import (
    BadFact,
    add_fact,
    change_fact,
    clear_fact,
    key_of,
    withdraw_fact,
)
from alerts.pages import DatedFact, page_by_slug
from alerts.timeline import NoSuchFact, facts_of, find_fact
from tests.alerts.drafting import make_case
from tests.builders import Alerted, make_alert

TWO = ["CRIPDES", "the lawyers"]


def draft(english: str = "Thirteen are charged.", **changes: Any) -> FactDraft:
    made = FactDraft(
        happened_on=date(2007, 7, 5),
        words={"en": english, "es": f"{english} (es)"},
        sources=TWO,
    )
    return replace(made, **changes)


@pytest.fixture
def alert(conn: Connection) -> Alerted:
    return make_alert(conn)


def note(conn: Connection, alert: Alerted, now: datetime, **changes: Any) -> int:
    return add_fact(conn, alert.case_id, draft(**changes), by="Amina", now=now)


def told(conn: Connection, alert: Alerted, now: datetime) -> list[DatedFact]:
    """What the public page tells, but for the fact that every made case has."""
    facts = page_by_slug(conn, alert.slug, now=now).facts
    return [each for each in facts if each.words["en"] != "Police arrested fourteen people."]


def test_a_change_is_a_new_version_and_what_was_known_stays(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id = note(conn, alert, now)

    change_fact(conn, fact_id, draft("Nine are charged."), note="the court", by="Ben", now=now)

    fact = find_fact(conn, fact_id)
    assert [(each.number, each.words["en"]) for each in fact.versions] == [
        (2, "Nine are charged."),
        (1, "Thirteen are charged."),
    ]
    assert (fact.current.note, fact.current.noted_by) == ("the court", "Ben")
    assert fact.key == "thirteen_charged"


def test_the_page_says_what_changed_and_when(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id, later = note(conn, alert, now), now + timedelta(hours=2)

    change_fact(conn, fact_id, draft("Nine are charged."), note="the court", by="Ben", now=later)

    (fact,) = told(conn, alert, later)
    assert (fact.words["en"], fact.before["en"]) == ("Nine are charged.", "Thirteen are charged.")
    assert (fact.added_at, fact.changed_at) == (now, later)


def test_another_source_is_no_change_of_what_is_told(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id, later = note(conn, alert, now), now + timedelta(hours=2)

    more = draft(sources=[*TWO, "the court"])
    change_fact(conn, fact_id, more, note="they confirmed it", by="Ben", now=later)

    (fact,) = told(conn, alert, later)
    assert (fact.changed_at, dict(fact.before)) == (None, {})


def test_a_withdrawn_fact_is_told_as_one(conn: Connection, alert: Alerted, now: datetime) -> None:
    fact_id, later = note(conn, alert, now), now + timedelta(hours=2)

    withdraw_fact(conn, fact_id, why="it was another case", by="Ben", now=later)

    (fact,) = told(conn, alert, later)
    assert fact.withdrawn
    assert (fact.words["en"], fact.changed_at) == ("Thirteen are charged.", later)


def test_what_nobody_could_read_is_not_told_as_withdrawn(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id = note(conn, alert, now, embargo_until=now + timedelta(days=1))

    withdraw_fact(conn, fact_id, why="it was another case", by="Ben", now=now)

    assert told(conn, alert, now + timedelta(days=2)) == []


@pytest.mark.parametrize("release", [Release.COMMITTEE, Release.WITHHELD])
def test_what_is_not_for_everybody_is_on_no_page(
    conn: Connection, alert: Alerted, now: datetime, release: Release
) -> None:
    note(conn, alert, now, release=release)

    assert told(conn, alert, now + timedelta(days=400)) == []


def test_an_embargo_ends_at_its_hour(conn: Connection, alert: Alerted, now: datetime) -> None:
    ends = now + timedelta(hours=1)
    note(conn, alert, now, embargo_until=ends)

    assert told(conn, alert, ends - timedelta(seconds=1)) == []
    assert [each.added_at for each in told(conn, alert, ends)] == [ends]


def test_a_fact_that_is_withheld_again_takes_its_old_words_along(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id = note(conn, alert, now)

    withheld = draft(release=Release.WITHHELD)
    change_fact(conn, fact_id, withheld, note="the family asked", by="Ben", now=now)

    assert told(conn, alert, now + timedelta(days=1)) == []


def test_words_that_were_withheld_do_not_come_back_with_others(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    name, again = "Ana of Suchitoto is charged.", now + timedelta(hours=1)
    fact_id = note(conn, alert, now, english=name)
    closed = draft(name, release=Release.WITHHELD)
    change_fact(conn, fact_id, closed, note="the family asked", by="Ben", now=now)
    other = draft("A woman is charged.", release=Release.WITHHELD)
    change_fact(conn, fact_id, other, note="without her name", by="Ben", now=now)
    clear_fact(conn, fact_id, cleared_by=ClearedBy.FAMILY, by="Ben", now=again)

    (fact,) = told(conn, alert, again)

    assert (fact.words["en"], dict(fact.before)) == ("A woman is charged.", {})
    assert (fact.added_at, fact.changed_at) == (again, None)


def test_a_persons_name_is_withheld_unless_somebody_says_otherwise(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id = note(conn, alert, now, english="Ana of Suchitoto.", kind=FactKind.PERSON, sources=[])

    fact = find_fact(conn, fact_id)
    assert (fact.current.release, fact.key) == (Release.WITHHELD, "person")


def test_what_is_withheld_is_cleared_by_somebody_named(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id, later = note(conn, alert, now, release=Release.WITHHELD), now + timedelta(hours=1)
    with pytest.raises(BadFact, match="has to be cleared"):
        change_fact(conn, fact_id, draft(), note="it is out", by="Ben", now=now)

    clear_fact(conn, fact_id, cleared_by=ClearedBy.FAMILY, by="Chloe", now=later)

    (fact,) = told(conn, alert, later)
    current = find_fact(conn, fact_id).current
    assert (fact.added_at, fact.changed_at) == (later, None)
    assert (current.cleared_by, current.noted_by, current.number) == (ClearedBy.FAMILY, "Chloe", 2)


def test_what_is_kept_to_committees_is_cleared_to_be_public(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id = note(conn, alert, now, release=Release.COMMITTEE)
    with pytest.raises(BadFact, match="has to be cleared"):
        change_fact(conn, fact_id, draft("Nine."), note="it is out", by="Ben", now=now)

    clear_fact(conn, fact_id, cleared_by=ClearedBy.ORGANIZER, by="Chloe", now=now)

    assert len(told(conn, alert, now)) == 1


@pytest.mark.parametrize("ends", [None, timedelta(hours=1)])
def test_an_embargo_does_not_end_by_way_of_the_committees(
    conn: Connection, alert: Alerted, now: datetime, ends: timedelta | None
) -> None:
    fact_id = note(conn, alert, now, embargo_until=now + timedelta(days=1))
    sooner = draft(release=Release.COMMITTEE, embargo_until=ends and now + ends)

    with pytest.raises(BadFact, match="under embargo"):
        change_fact(conn, fact_id, sooner, note="x", by="Ben", now=now)

    change_fact(conn, fact_id, draft(release=Release.WITHHELD), note="x", by="Ben", now=now)
    assert find_fact(conn, fact_id).current.release is Release.WITHHELD


def test_what_is_cleared_waits_for_the_end_of_its_embargo(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    ends = now + timedelta(days=1)
    fact_id = note(conn, alert, now, release=Release.WITHHELD, embargo_until=ends)

    clear_fact(conn, fact_id, cleared_by=ClearedBy.FAMILY, by="Chloe", now=now)

    assert told(conn, alert, now) == []
    assert [each.added_at for each in told(conn, alert, ends)] == [ends]
    clear_fact(conn, fact_id, cleared_by=ClearedBy.FAMILY, by="Chloe", now=now)
    assert len(told(conn, alert, now)) == 1


@pytest.mark.parametrize("release", [Release.COMMITTEE, Release.WITHHELD])
def test_the_key_of_what_is_not_public_tells_nothing(
    conn: Connection, alert: Alerted, now: datetime, release: Release
) -> None:
    first, second = (
        find_fact(conn, note(conn, alert, now, english=f"{name} was taken.", release=release))
        for name in ("Ana", "Berta")
    )

    assert (first.key, second.key) == ("fact", "fact_2")


def test_one_source_is_enough_only_if_somebody_says_why(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    for sources in ([], ["CRIPDES"], ["CRIPDES", "cripdes "]):
        with pytest.raises(BadFact, match="two sources"):
            note(conn, alert, now, sources=sources)

    fact_id = note(conn, alert, now, sources=["CRIPDES"], override="They were there.")

    current = find_fact(conn, fact_id).current
    assert (current.override_by, current.override_why) == ("Amina", "They were there.")


def test_clearing_asks_for_two_sources_as_well(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id = note(conn, alert, now, sources=["her mother"], release=Release.WITHHELD)
    with pytest.raises(BadFact, match="two sources"):
        clear_fact(conn, fact_id, cleared_by=ClearedBy.FAMILY, by="Chloe", now=now)

    why = "Her mother asked us to."
    clear_fact(conn, fact_id, cleared_by=ClearedBy.FAMILY, override=why, by="Chloe", now=now)

    assert find_fact(conn, fact_id).current.override_by == "Chloe"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"words": {"en": "Nine.", "es": " "}}, "words in each language"),
        ({"words": {"en": "{{ link }}", "es": "x"}}, "no merge fields"),
        ({"kind": FactKind.HEARING}, "a hearing lies ahead"),
        ({"key": "Charged!"}, "is no key"),
        ({"embargo_until": datetime.fromisoformat("2007-07-01T00:00+00:00")}, "over already"),
    ],
)
def test_what_cannot_be_noted_is_told(
    conn: Connection, alert: Alerted, now: datetime, changes: dict[str, Any], sentence: str
) -> None:
    before = conn.scalar(select(func.count()).select_from(FactVersion))

    with pytest.raises(BadFact, match=sentence):
        note(conn, alert, now, **changes)

    assert conn.scalar(select(func.count()).select_from(FactVersion)) == before


def test_what_cannot_be_changed_is_told(conn: Connection, alert: Alerted, now: datetime) -> None:
    ends = now + timedelta(days=2)
    fact_id = note(conn, alert, now)
    embargoed = note(conn, alert, now, embargo_until=ends)
    with pytest.raises(BadFact, match="what changed"):
        change_fact(conn, fact_id, draft("Nine."), note=" ", by="Ben", now=now)
    with pytest.raises(BadFact, match="other than before"):
        change_fact(conn, fact_id, draft(), note="x", by="Ben", now=now)
    with pytest.raises(BadFact, match="cannot take that back"):
        change_fact(conn, fact_id, draft(embargo_until=ends), note="x", by="Ben", now=now)
    with pytest.raises(BadFact, match="to be told earlier"):
        change_fact(conn, embargoed, draft("Nine."), note="x", by="Ben", now=now)
    with pytest.raises(BadFact, match="public already"):
        clear_fact(conn, fact_id, cleared_by=ClearedBy.LAWYER, by="Ben", now=now)
    with pytest.raises(NoSuchFact):
        change_fact(conn, 404, draft("Nine."), note="x", by="Ben", now=now)


def test_a_withdrawn_fact_may_turn_out_true_after_all(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    fact_id = note(conn, alert, now)
    with pytest.raises(BadFact, match="why it is withdrawn"):
        withdraw_fact(conn, fact_id, why=" ", by="Ben", now=now)
    withdraw_fact(conn, fact_id, why="another case", by="Ben", now=now)
    with pytest.raises(BadFact, match="withdrawn already"):
        withdraw_fact(conn, fact_id, why="again", by="Ben", now=now)

    change_fact(conn, fact_id, draft(), note="it was so", by="Ben", now=now)

    (fact,) = told(conn, alert, now)
    assert not fact.withdrawn


def test_a_fact_keeps_its_own_key_in_its_case(
    conn: Connection, alert: Alerted, now: datetime
) -> None:
    note(conn, alert, now, key="charged")
    with pytest.raises(BadFact, match="has a fact charged already"):
        note(conn, alert, now, english="Nine are charged.", key="charged")
    for english in ("Ana is free.", "Ana is free!", "ana, is free"):
        note(conn, alert, now, english=english)

    keys = {each.key for each in facts_of(conn, alert.case_id)}

    assert {"charged", "ana_free", "ana_free_2", "ana_free_3"} <= keys


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ({"en": "The thirteen are charged with terrorism"}, "thirteen_charged_terrorism"),
        ({"es": "Cinco salen en libertad"}, "cinco_salen_en_libertad"),
        ({"en": "13 are free"}, "fact_13_free"),
        ({"en": "¿?"}, "fact"),
        ({"en": "extraordinarily " * 9}, "extraordinarily_extraordinarily_ex"),
    ],
)
def test_a_key_is_made_of_the_words(words: dict[str, str], key: str) -> None:
    assert key_of(words) == key


def test_what_a_fact_once_said_is_not_told_again_by_a_file(conn: Connection, now: datetime) -> None:
    case_id = save_case(conn, make_case(), project_id=None, by="Amina", now=now)
    (fact,) = facts_of(conn, case_id)
    other = {"en": "Thirteen are arrested.", "es": "Trece son detenidas."}
    changed = FactDraft(happened_on=date(2007, 7, 2), words=other, sources=TWO)
    change_fact(conn, fact.id, changed, note="a list", by="Ben", now=now)

    save_case(conn, make_case(), project_id=None, by="Amina", now=now)

    assert conn.scalar(select(func.count()).select_from(Fact)) == 1


def test_a_file_that_keeps_what_everybody_may_read_is_refused(
    conn: Connection, now: datetime
) -> None:
    case_id = save_case(conn, make_case(), project_id=None, by="Amina", now=now)
    (fact,) = facts_of(conn, case_id)
    (made,) = make_case().facts
    kept = make_case(facts=[replace(made, release=Release.WITHHELD)])
    with pytest.raises(BadFact, match=f"{fact.key} already"):
        save_case(conn, kept, project_id=None, by="Amina", now=now)
    withheld = replace(made, release=Release.WITHHELD)
    change_fact(conn, fact.id, withheld, note="the family asked", by="Ben", now=now)
    clear_fact(conn, fact.id, cleared_by=ClearedBy.FAMILY, by="Ben", now=now)

    save_case(conn, kept, project_id=None, by="Amina", now=now)

    assert find_fact(conn, fact.id).current.release is Release.PUBLIC


def test_the_latest_day_comes_first(conn: Connection, alert: Alerted, now: datetime) -> None:
    old = note(conn, alert, now, happened_on=date(2007, 6, 1))
    new = note(conn, alert, now, happened_on=date(2007, 8, 1))

    found = facts_of(conn, alert.case_id)

    assert (found[0].id, found[-1].id) == (new, old)
