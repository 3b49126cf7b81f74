"""Tokens that cannot be guessed or exchanged, and web addresses found in texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from messages.links import (
    BadToken,
    action_url,
    around_token,
    check_receipt,
    load_links,
    person_token,
    read_person_token,
    receipt_token,
    save_links,
    unsubscribe_url,
    urls_in,
    with_link_fields,
)
from tests.builders import make_message

SECRET = "5f" * 32
OTHER_SECRET = "a0" * 32
SITE = "https://red.example.org"
IDS = st.integers(1, 2**63 - 1)


@given(IDS)
def test_a_person_token_reads_back(delivery_id: int) -> None:
    assert read_person_token(SECRET, person_token(SECRET, delivery_id)) == delivery_id


@pytest.mark.parametrize("delivery_id", [1, 61, 62, 1_000_000, 900_000_000])
def test_a_person_token_is_short_and_plain(delivery_id: int) -> None:
    assert re.fullmatch(r"[0-9A-Za-z]{10,14}", person_token(SECRET, delivery_id))


@given(IDS, st.integers(0, 30), st.sampled_from("0123456789abcXYZ"))
def test_a_changed_token_is_refused(delivery_id: int, place: int, character: str) -> None:
    token = person_token(SECRET, delivery_id)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]

    if changed != token:
        with pytest.raises(BadToken):
            read_person_token(SECRET, changed)


@given(st.text(max_size=40))
def test_a_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        read_person_token(SECRET, text)


def test_a_token_of_another_installation_is_refused() -> None:
    with pytest.raises(BadToken):
        read_person_token(SECRET, person_token(OTHER_SECRET, 7))


def test_a_leading_zero_does_not_make_a_second_token_for_one_person() -> None:
    with pytest.raises(BadToken):
        read_person_token(SECRET, "0" + person_token(SECRET, 7))


@given(IDS, st.integers(1, 9))
def test_a_receipt_token_proves_one_attempt_of_one_delivery(delivery_id: int, attempt: int) -> None:
    token = receipt_token(SECRET, delivery_id, attempt)

    assert len(token) == 16
    assert check_receipt(SECRET, delivery_id, attempt, token)
    assert not check_receipt(SECRET, delivery_id, attempt + 1, token)
    assert not check_receipt(SECRET, delivery_id - 1, attempt, token)
    assert not check_receipt(OTHER_SECRET, delivery_id, attempt, token)
    assert not check_receipt(SECRET, delivery_id, attempt, "ñ" + token[1:])


def test_a_delivery_and_its_attempt_do_not_run_together() -> None:
    assert receipt_token(SECRET, 12, 3) != receipt_token(SECRET, 1, 23)


def test_our_addresses_hold_the_token() -> None:
    assert action_url(SITE, "tok") == "https://red.example.org/a/tok"
    assert action_url(SITE + "/", "tok") == "https://red.example.org/a/tok"
    assert around_token(SITE, "link:7") == ("https://red.example.org/r/", "/7")
    assert unsubscribe_url(SITE, "tok") == "https://red.example.org/u/tok"


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("Read https://a.org/x.", ["https://a.org/x"]),
        ("(see http://a.org/x)", ["http://a.org/x"]),
        ("https://a.org/x_(y) and more", ["https://a.org/x_(y)"]),
        ("¿Vio https://a.org/niñas?", ["https://a.org/niñas"]),
        ("“https://a.org/x”", ["https://a.org/x"]),
        ("[more](https://a.org/x_(y)).", ["https://a.org/x_(y)"]),
        ("[https://a.org](https://a.org/b)", ["https://a.org", "https://a.org/b"]),
        ("<https://a.org/x>", ["https://a.org/x"]),
        ("**https://a.org/x**", ["https://a.org/x"]),
        ("https://a.org/x https://b.org https://a.org/x", ["https://a.org/x", "https://b.org"]),
        ("HTTPS://A.ORG/x", ["HTTPS://A.ORG/x"]),
        ("https://a.org/?zip={{ zip }}", []),
        (f"{SITE}/p/suchitoto and {SITE}", []),
        ("https://red.example.org.evil.org/x", ["https://red.example.org.evil.org/x"]),
        ("https:// and ftp://a.org and a.org", []),
    ],
)
def test_web_addresses_are_found_without_the_sentence_around_them(
    text: str, urls: list[str]
) -> None:
    assert urls_in(text, public_url=SITE) == urls


def test_each_known_address_is_replaced_where_it_stands() -> None:
    text = "[Read](https://a.org/x_(y)), https://b.org. Not https://b.org/other, nor {{ link }}."

    replaced = with_link_fields(text, {"https://a.org/x_(y)": 4, "https://b.org": 5})

    assert replaced == (
        "[Read]({{ link:4 }}), {{ link:5 }}. Not https://b.org/other, nor {{ link }}."
    )


def test_a_messages_links_are_kept_once_each(conn: Connection) -> None:
    message_id, other_id = make_message(conn), make_message(conn)
    texts = [f"https://a.org https://b.org {SITE}/p/x", "lea https://a.org"]

    ids = save_links(conn, message_id, texts, public_url=SITE)

    assert set(ids) == {"https://a.org", "https://b.org"}
    assert save_links(conn, message_id, texts, public_url=SITE) == ids
    assert load_links(conn, message_id) == ids
    assert save_links(conn, other_id, ["nothing"], public_url=SITE) == {}
