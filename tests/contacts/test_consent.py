"""An opt-out holds against everything but the person's own word."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert, literal, select, update

from contacts import consent
from contacts.countries import AT_HOME, area_codes, textable
from contacts.ledger import STRICTNESS, outcome
from contacts.models import NETWORK, Address, AddressStanding, Consent, Standing, project_scope
from tests.builders import make_contact

AMINA = ("sms", "+16085550101")
BEN = ("email", "ben@example.org")
ABROAD = ["+50370001234", "+447911123456", "+525512345678"]
MADISON = project_scope(3)
BANGOR = project_scope(4)


def why_not(conn: Connection, pair: tuple[str, str], *scopes: str) -> str:
    return conn.scalar(select(consent.suppression(pair[0], literal(pair[1]), scopes))) or ""


def say_yes(conn: Connection, pair: tuple[str, str], now: datetime, scope: str = NETWORK) -> None:
    consent.grant(
        conn, *pair, scope=scope, source="sms", evidence="START", actor="supporter", now=now
    )


def say_no(
    conn: Connection,
    pair: tuple[str, str],
    now: datetime,
    standing: Standing = Standing.OPTED_OUT,
    scope: str = NETWORK,
) -> None:
    consent.refuse(
        conn,
        *pair,
        standing=standing,
        scope=scope,
        source="sms",
        evidence="ALTO",
        actor="supporter",
        now=now,
    )


def report_yes(
    conn: Connection, now: datetime, *pairs: tuple[str, str], scope: str = NETWORK
) -> int:
    return consent.grant_unless_refused(
        conn,
        pairs,
        scope=scope,
        source="import",
        evidence="signed our sheet",
        actor="organizer:1",
        now=now,
    )


def ledger(conn: Connection, pair: tuple[str, str]) -> list[str]:
    lines = select(Consent.standing).where(Consent.address == pair[1]).order_by(Consent.id)
    return list(conn.scalars(lines))


def test_a_refusal_that_comes_after_the_look_is_left_too(conn: Connection, now: datetime) -> None:
    seen = consent.standings(conn, [AMINA, BEN])
    say_no(conn, AMINA, now)

    consent.grant_unless_refused(
        conn,
        [AMINA, BEN],
        source="import",
        evidence="signed our sheet",
        actor="organizer:1",
        now=now,
        held=seen,
    )

    assert why_not(conn, AMINA) == "opted_out"
    assert why_not(conn, BEN) == ""


def test_an_address_nobody_spoke_for_may_not_be_written_to(conn: Connection) -> None:
    assert why_not(conn, AMINA) == "no_consent"


def test_a_consent_to_the_network_covers_every_project(conn: Connection, now: datetime) -> None:
    say_yes(conn, AMINA, now)

    assert why_not(conn, AMINA) == ""
    assert why_not(conn, AMINA, MADISON) == ""


def test_a_consent_to_one_project_covers_no_other(conn: Connection, now: datetime) -> None:
    say_yes(conn, AMINA, now, MADISON)

    assert why_not(conn, AMINA, MADISON) == ""
    assert why_not(conn, AMINA, BANGOR) == "no_consent"
    assert why_not(conn, AMINA) == "no_consent"


def test_an_opt_out_from_the_network_beats_a_projects_consent(
    conn: Connection, now: datetime
) -> None:
    say_no(conn, AMINA, now)

    say_yes(conn, AMINA, now, MADISON)

    assert why_not(conn, AMINA, MADISON) == "opted_out"


def test_an_opt_out_from_one_project_leaves_the_others(conn: Connection, now: datetime) -> None:
    say_yes(conn, AMINA, now)

    say_no(conn, AMINA, now, scope=MADISON)

    assert why_not(conn, AMINA, MADISON) == "opted_out"
    assert why_not(conn, AMINA, BANGOR, MADISON) == "opted_out"
    assert why_not(conn, AMINA, BANGOR) == ""


@pytest.mark.parametrize("standing", STRICTNESS[1:])
def test_every_refusal_is_named_as_the_reason(
    conn: Connection, now: datetime, standing: Standing
) -> None:
    say_yes(conn, BEN, now)

    say_no(conn, BEN, now, standing)

    assert why_not(conn, BEN) == standing.value


@pytest.mark.parametrize("standing", [Standing.GRANTED, Standing.WITHDRAWN])
def test_a_consent_is_not_recorded_as_a_refusal(
    conn: Connection, now: datetime, standing: Standing
) -> None:
    with pytest.raises(consent.NotARefusal, match="does not forbid"):
        say_no(conn, BEN, now, standing)


def test_a_bounce_after_an_opt_out_stays_an_opt_out(conn: Connection, now: datetime) -> None:
    say_no(conn, BEN, now)

    say_no(conn, BEN, now, Standing.BOUNCED)

    assert why_not(conn, BEN) == "opted_out"
    assert ledger(conn, BEN) == ["opted_out", "bounced"]


def test_the_strictest_of_several_scopes_is_the_reason(conn: Connection, now: datetime) -> None:
    say_no(conn, AMINA, now, Standing.NOT_TEXTABLE)
    say_no(conn, AMINA, now, Standing.OPTED_OUT, MADISON)

    assert why_not(conn, AMINA, MADISON) == "opted_out"


def test_the_persons_own_word_undoes_their_opt_out(conn: Connection, now: datetime) -> None:
    say_no(conn, AMINA, now)

    say_yes(conn, AMINA, now + timedelta(days=1))

    assert why_not(conn, AMINA) == ""
    assert ledger(conn, AMINA) == ["opted_out", "granted"]


@pytest.mark.parametrize("standing", STRICTNESS[1:])
@pytest.mark.parametrize("scope", [NETWORK, MADISON])
def test_a_list_brings_nobody_back(
    conn: Connection, now: datetime, standing: Standing, scope: str
) -> None:
    say_no(conn, BEN, now, standing)

    opened = report_yes(conn, now, BEN, scope=scope)

    assert opened == 0
    assert why_not(conn, BEN, MADISON) == standing.value
    assert ledger(conn, BEN) == [standing.value]


def test_a_list_opens_only_what_was_not_open(conn: Connection, now: datetime) -> None:
    say_yes(conn, AMINA, now)

    opened = report_yes(conn, now, AMINA, BEN, BEN)

    assert opened == 1
    assert why_not(conn, BEN) == ""
    assert ledger(conn, AMINA) == ["granted", "granted"]


def test_a_list_without_anybody_does_nothing(conn: Connection, now: datetime) -> None:
    assert report_yes(conn, now) == 0


def test_thousands_of_addresses_fit_one_call(conn: Connection, now: datetime) -> None:
    crowd = [("email", f"n{n}@example.org") for n in range(12_000)]
    say_no(conn, crowd[0], now)

    assert report_yes(conn, now, *crowd) == 11_999


def test_what_may_mean_stop_holds_until_a_person_has_read_it(
    conn: Connection, now: datetime
) -> None:
    say_yes(conn, AMINA, now)
    say_no(conn, AMINA, now, Standing.REVIEW)
    assert why_not(conn, AMINA) == "review"

    consent.settle_review(conn, *AMINA, opted_out=False, actor="organizer:1", now=now)

    assert why_not(conn, AMINA) == ""


def test_a_review_read_as_a_no_is_an_opt_out(conn: Connection, now: datetime) -> None:
    say_yes(conn, AMINA, now)
    say_no(conn, AMINA, now, Standing.REVIEW)

    consent.settle_review(conn, *AMINA, opted_out=True, actor="organizer:1", now=now)

    assert why_not(conn, AMINA) == "opted_out"


def test_a_settled_review_returns_to_what_held_before_not_to_consent(
    conn: Connection, now: datetime
) -> None:
    say_yes(conn, BEN, now)
    say_no(conn, BEN, now, Standing.BOUNCED)
    say_no(conn, BEN, now, Standing.REVIEW)

    consent.settle_review(conn, *BEN, opted_out=False, actor="organizer:1", now=now)

    assert why_not(conn, BEN) == "bounced"


def test_a_settled_review_of_a_stranger_is_no_consent(conn: Connection, now: datetime) -> None:
    say_no(conn, AMINA, now, Standing.REVIEW)

    consent.settle_review(conn, *AMINA, opted_out=False, actor="organizer:1", now=now)

    assert why_not(conn, AMINA) == "no_consent"
    assert ledger(conn, AMINA) == ["review", "withdrawn"]


def test_settling_a_review_does_not_touch_an_opt_out_that_came_meanwhile(
    conn: Connection, now: datetime
) -> None:
    say_no(conn, AMINA, now, Standing.REVIEW)
    say_no(conn, AMINA, now)

    consent.settle_review(conn, *AMINA, opted_out=False, actor="organizer:1", now=now)

    assert why_not(conn, AMINA) == "opted_out"


def test_a_salvadoran_number_is_not_texted_even_with_consent(
    conn: Connection, now: datetime
) -> None:
    rosa = ("sms", "+50322223333")
    say_yes(conn, rosa, now)

    assert why_not(conn, rosa) == "foreign"


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        ("+16085550123", ""),  # Wisconsin
        ("+14165550123", ""),  # Toronto
        ("+17875550123", ""),  # Puerto Rico
        ("+18765550123", "foreign"),  # Jamaica
        ("+18095550123", "foreign"),  # the Dominican Republic
        ("+19005550123", "foreign"),  # its owner is paid for every text
        ("+18005550123", "foreign"),
        ("+50370001234", "foreign"),
        ("+447911123456", "foreign"),
    ],
)
def test_only_numbers_of_the_listed_countries_are_texted(
    conn: Connection, now: datetime, phone: str, reason: str
) -> None:
    say_yes(conn, ("sms", phone), now)

    assert why_not(conn, ("sms", phone)) == reason
    assert textable(phone, AT_HOME) == (reason == "")


@pytest.mark.parametrize("countries", [AT_HOME, ("CA",), ("US", "SV", "MX"), ("GB", "JM")])
def test_the_rule_in_sql_and_in_python_is_one(conn: Connection, countries: tuple[str, ...]) -> None:
    phones = [*(f"+1{area}5550123" for area in area_codes()), *ABROAD]
    for phone in phones:
        make_contact(conn, phone=phone, email=None)
    rule = consent.suppression(Address.channel, Address.address, [], countries)

    found = dict(conn.execute(select(Address.address, rule)).all())

    assert {phone for phone in phones if found[phone] == ""} == {
        phone for phone in phones if textable(phone, countries)
    }


def test_a_number_abroad_gets_email_all_the_same(conn: Connection, now: datetime) -> None:
    say_yes(conn, ("email", "rosa@example.org"), now)

    assert why_not(conn, ("email", "rosa@example.org")) == ""


def test_the_rule_works_inside_an_update_over_many_rows(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Amina", phone=AMINA[1], email=None)
    make_contact(conn, "Ben", phone=None, email=BEN[1])
    say_no(conn, BEN, now)
    reason = consent.suppression(Address.channel, Address.address, [])

    conn.execute(update(Address).where(reason == "opted_out").values(rank=7))

    assert list(conn.scalars(select(Address.address).where(Address.rank == 7))) == [BEN[1]]


def test_the_rule_works_inside_an_insert_from_select(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Amina", phone=AMINA[1], email=BEN[1])
    say_no(conn, BEN, now)
    reason = consent.suppression(Address.channel, Address.address, [])
    columns = ["channel", "address", "scope", "standing", "since"]
    chosen = select(
        Address.channel,
        Address.address,
        literal("project:9"),
        reason,
        literal(now, AddressStanding.since.type),
    )

    conn.execute(insert(AddressStanding).from_select(columns, chosen))

    rows = select(AddressStanding.address, AddressStanding.standing)
    found = conn.execute(rows.where(AddressStanding.scope == "project:9"))
    assert {tuple(row) for row in found} == {(AMINA[1], ""), (BEN[1], "opted_out")}


WORDS = st.sampled_from([*STRICTNESS, Standing.WITHDRAWN])


@given(st.lists(WORDS))
def test_the_ledger_never_comes_to_something_milder_without_a_yes(said: list[Standing]) -> None:
    before = outcome(said)

    for refusal in STRICTNESS[1:]:
        after = outcome([*said, refusal])
        if before is not None:
            assert after is not None
            assert STRICTNESS.index(after) >= STRICTNESS.index(before)


@given(st.lists(WORDS))
def test_a_doubt_alone_changes_nothing_in_what_the_ledger_comes_to(said: list[Standing]) -> None:
    certain = [each for each in said if each is not Standing.REVIEW]

    assert outcome(said) == outcome(certain)


def test_standings_follow_the_ledger_one_row_per_scope(conn: Connection, now: datetime) -> None:
    say_yes(conn, AMINA, now)
    say_no(conn, AMINA, now)
    say_yes(conn, AMINA, now)

    assert conn.scalar(select(func.count()).select_from(AddressStanding)) == 1
    assert conn.scalar(select(func.count()).select_from(Consent)) == 3
