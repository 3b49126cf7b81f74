"""A click counts as a person's unless something tells that a machine made it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, select

from messages.clicks import Asked, follow, record_click
from messages.models import Click, Link, Status
from messages.scanners import BURST, EARLY, Sign, sign_of
from tests.builders import make_contact, make_delivery, make_message

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
LATER = timedelta(minutes=3)


@pytest.mark.parametrize(
    ("method", "agent", "after", "sign"),
    [
        ("GET", FIREFOX, LATER, Sign.NONE),
        ("GET", PHONE, EARLY, Sign.NONE),
        ("GET", None, None, Sign.NONE),
        ("HEAD", FIREFOX, LATER, Sign.HEAD),
        ("GET", "", LATER, Sign.AGENT),
        ("GET", "Mozilla/5.0 (compatible; Googlebot/2.1)", LATER, Sign.AGENT),
        ("GET", "Mozilla/5.0 (Windows NT 10.0) BingPreview/1.0b", LATER, Sign.AGENT),
        ("GET", "python-requests/2.32", LATER, Sign.AGENT),
        ("GET", FIREFOX, EARLY - timedelta(seconds=1), Sign.EARLY),
    ],
)
def test_a_visit_is_judged_by_rule(
    method: str, agent: str | None, after: timedelta | None, sign: Sign
) -> None:
    assert sign_of(method, agent, after) is sign


def copy_with_links(conn: Connection, now: datetime, count: int = 3) -> tuple[int, list[int]]:
    message_id = make_message(conn)
    contact_id = make_contact(conn)
    delivery_id = make_delivery(
        conn, message_id, contact_id, channel="email", status=Status.DELIVERED, changed_at=now
    )
    made = [
        conn.execute(
            insert(Link)
            .values(message_id=message_id, url=f"https://example.org/{n}")
            .returning(Link.id)
        ).scalar_one()
        for n in range(count)
    ]
    return delivery_id, made


def signs(conn: Connection) -> list[str]:
    return list(conn.scalars(select(Click.sign).order_by(Click.id)))


def test_all_links_of_a_copy_in_one_breath_are_a_scanners(conn: Connection, now: datetime) -> None:
    copy, links = copy_with_links(conn, now)

    for second, link in enumerate(links):
        at = now + LATER + timedelta(seconds=second)
        follow(conn, copy, link, asked=Asked("GET", FIREFOX), now=at)

    assert signs(conn) == [Sign.BURST] * 3  # also the first, which looked like a person's


def test_one_link_after_the_other_is_a_person_reading(conn: Connection, now: datetime) -> None:
    copy, links = copy_with_links(conn, now)

    for turn, link in enumerate(links):
        follow(conn, copy, link, asked=Asked("GET", PHONE), now=now + LATER + turn * BURST)

    assert signs(conn) == [Sign.NONE] * 3


def test_the_same_link_twice_is_an_impatient_person(conn: Connection, now: datetime) -> None:
    copy, [link, *_] = copy_with_links(conn, now)

    for _ in range(2):
        follow(conn, copy, link, asked=Asked("GET", PHONE), now=now + LATER)

    assert signs(conn) == [Sign.NONE] * 2


def test_what_follows_a_copy_that_has_just_arrived_is_a_scanner(
    conn: Connection, now: datetime
) -> None:
    copy, [link, *_] = copy_with_links(conn, now)

    follow(conn, copy, link, asked=Asked("GET", FIREFOX), now=now + timedelta(seconds=2))
    record_click(conn, copy, asked=Asked("GET", FIREFOX), now=now + EARLY)

    assert signs(conn) == [Sign.EARLY, Sign.NONE]


def test_a_text_may_be_opened_at_once(conn: Connection, now: datetime) -> None:
    copy = make_delivery(
        conn, make_message(conn), make_contact(conn), status=Status.DELIVERED, changed_at=now
    )

    record_click(conn, copy, asked=Asked("GET", FIREFOX), now=now + timedelta(seconds=2))

    assert signs(conn) == [Sign.NONE]
