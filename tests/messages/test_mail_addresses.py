"""Addresses that name a copy, and prove that we made them up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.mail_addresses import (
    Mark,
    OwnMailbox,
    Proven,
    Thread,
    proven_by_address,
    proven_by_message_id,
    read_token,
    routes,
    token,
)

SECRET = "a secret of the house"
MAILBOX = OwnMailbox("mail@in.example.org", "bounces@example.org")


@given(st.integers(1, 2**62), st.sampled_from(list(Mark)))
def test_a_token_names_its_copy_and_purpose_whatever_its_case(delivery_id: int, mark: Mark) -> None:
    made = token(SECRET, mark, delivery_id)

    assert read_token(SECRET, made) == Proven(mark, delivery_id)
    assert read_token(SECRET, made.upper()) == Proven(mark, delivery_id)
    assert read_token("another secret", made) is None
    for other in set(Mark) - {mark}:
        assert read_token(SECRET, other.value + made[1:]) is None


@given(st.text() | st.from_regex(r"[bruMm][0-9a-z]{10,40}", fullmatch=True))
def test_what_we_did_not_make_proves_nothing(text: str) -> None:
    assert read_token(SECRET, text) is None
    assert proven_by_address(SECRET, [f"mail+{text}@in.example.org"]) is None
    assert proven_by_message_id(SECRET, [f"<{text}@example.org>"]) is None


def test_one_wrong_sign_proves_nothing() -> None:
    made = token(SECRET, Mark.BOUNCE, 7)

    for place in range(1, len(made)):
        wrong = "0" if made[place] != "0" else "1"
        assert read_token(SECRET, made[:place] + wrong + made[place + 1 :]) is None


def test_each_way_back_names_the_copy() -> None:
    route = routes(SECRET, MAILBOX)(41)

    assert route.return_path.startswith("bounces+b")
    assert route.return_path.endswith("@example.org")
    assert proven_by_address(SECRET, [route.return_path]) == Proven(Mark.BOUNCE, 41)
    assert route.reply_to.startswith("mail+r")
    assert proven_by_address(SECRET, ["x@y.example", f"<{route.reply_to}>"]) == Proven(
        Mark.REPLY, 41
    )
    leave = route.leave.removeprefix("mailto:").removesuffix("?subject=unsubscribe")
    assert proven_by_address(SECRET, [leave]) == Proven(Mark.LEAVE, 41)
    mine = f"<{route.message_id.upper()}@example.org>"
    assert proven_by_message_id(SECRET, ["<x@y>", mine]) == Proven(Mark.ID, 41)


def test_a_message_id_is_no_address_and_an_address_no_message_id() -> None:
    route = routes(SECRET, MAILBOX)(41)

    assert proven_by_address(SECRET, [f"mail+{route.message_id}@in.example.org"]) is None
    answered = route.reply_to.partition("+")[2]
    assert proven_by_message_id(SECRET, [f"<{answered}>"]) is None


def test_addresses_without_tokens_leave_the_proof_to_the_message_id() -> None:
    route = routes(SECRET, OwnMailbox("mail@example.org", tagged=False))(41)

    assert (route.return_path, route.reply_to) == ("mail@example.org", "mail@example.org")
    assert proven_by_message_id(SECRET, [route.message_id]) == Proven(Mark.ID, 41)
    before, _, subject = route.leave.partition("?subject=unsubscribe%20")
    assert before == "mailto:mail@example.org"
    assert read_token(SECRET, subject) == Proven(Mark.LEAVE, 41)


def test_without_a_mailbox_only_the_message_id_is_ours() -> None:
    route = routes(SECRET, OwnMailbox(), Thread("<a@b>", "<a@b>"), automatic=True)(41)

    assert (route.return_path, route.reply_to, route.leave) == ("", "", "")
    assert (route.in_reply_to, route.references, route.automatic) == ("<a@b>", "<a@b>", True)


@pytest.mark.parametrize("number", [1, 35, 36, 2**62])
def test_a_return_path_stays_within_what_mail_servers_take(number: int) -> None:
    path = routes(SECRET, MAILBOX)(number).return_path

    assert len(path.partition("@")[0]) <= 64  # RFC 5321, 4.5.3.1.1
