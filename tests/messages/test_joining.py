"""Whatever strangers type and whoever texts what: nobody is granted but by the address's own word."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from actions.flooding import Most
from contacts.models import AddressStanding
from contacts.people import Person
from contacts.sign_ups import Wish, save_form
from database.jobs import EmbeddedJobs
from messages.joining import ALL_TOGETHER, Asking, ask
from messages.models import Delivery
from messages.providers.provider import Inbound
from messages.replies import receive
from tests.builders import make_project

AMINA, BEN = "+16085550142", "+12075550143"
PHONES = (AMINA, BEN)
OFTEN = Most(an_hour=1000, a_day=1000)
ACTS = st.one_of(
    st.tuples(st.just("form"), st.sampled_from(PHONES)),
    st.tuples(
        st.sampled_from(["yes", "si", "ARCATAO", "STOP", "START", "hello", "1", "help"]),
        st.sampled_from(PHONES),
    ),
)


def asking() -> Asking:
    return Asking(
        network="Red",
        public_url="https://red.example.org",
        networks={"here": OFTEN},
        questions=lambda _channel, address: {address: OFTEN},
    )


@given(acts=st.lists(ACTS, max_size=12))
@example(acts=[("form", AMINA), ("yes", BEN)])
@example(acts=[("form", AMINA), ("yes", AMINA), ("STOP", AMINA), ("form", AMINA), ("hello", AMINA)])
@settings(
    max_examples=settings().max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nobody_is_granted_but_by_their_own_word(
    conn: Connection, now: datetime, acts: list[tuple[str, str]]
) -> None:
    with conn.begin_nested() as attempt:
        project = _open_form(conn)
        expected: dict[str, str] = {}
        waiting: set[str] = set()
        for act, phone in acts:
            _do(conn, project, act, phone, now)
            _expect(expected, waiting, act, phone)
        held = AddressStanding
        rows = conn.execute(
            select(held.address, held.standing).where(
                held.scope == "network", held.address.in_(PHONES)
            )
        )
        assert {row.address: row.standing for row in rows} == expected
        attempt.rollback()


def test_all_forms_together_ask_two_hundred_addresses_a_day(
    conn: Connection, now: datetime
) -> None:
    project = _open_form(conn)
    together = Asking(
        network="Red",
        public_url="https://red.example.org",
        networks={"here": OFTEN},
        questions=lambda _channel, _address: {"all": ALL_TOGETHER},
    )
    start = now.replace(hour=0)
    for number in range(250):
        wish = Wish(Person(email=f"a{number}@example.org"), project, {}, "form")
        ask(conn, EmbeddedJobs(), wish, asking=together, now=start + timedelta(minutes=3 * number))

    assert conn.scalar(select(func.count()).select_from(Delivery)) == 200


def _open_form(conn: Connection) -> int:
    project = make_project(conn)
    save_form(conn, project, is_open=True, slug="madison", keyword="arcatao", sites="", welcome={})
    return project


def _do(conn: Connection, project: int, act: str, phone: str, now: datetime) -> None:
    if act == "form":
        wish = Wish(Person(phone=phone, language="en"), project, {}, "form")
        ask(conn, EmbeddedJobs(), wish, asking=asking(), now=now)
    else:
        inbound = Inbound(channel="sms", address=phone, body=act, key="SM")
        receive(
            conn,
            EmbeddedJobs(),
            inbound,
            public_url="https://us.example",
            network="Red",
            default_language="en",
            now=now,
        )


def _expect(expected: dict[str, str], waiting: set[str], act: str, phone: str) -> None:
    """The same rules, told another way: what each phone's own texts come to."""
    if act in ("form", "ARCATAO"):
        waiting.add(phone)
    elif act == "STOP":
        expected[phone] = "opted_out"
    elif act == "START" or (
        act in ("yes", "si") and (phone in waiting or expected.get(phone) == "opted_out")
    ):
        expected[phone] = "granted"
        waiting.discard(phone)
