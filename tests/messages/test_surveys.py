"""What is kept of a survey is what a new one would tell, whatever has happened to people meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, event, select, update

from contacts.ledger import STRICTNESS
from contacts.models import NETWORK, Address, Channel, Contact, ContactTag, Membership, Project
from contacts.preferences import Preferences, prefer
from messages.audience import (
    EVERYBODY,
    Audience,
    Filter,
)
from messages.eligibility import Terms
from messages.models import MessageKind, Reach, Status
from messages.prospects import survey
from messages.surveys import OF_WHAT_CAME_BEFORE, rests_on_people, summed, surveyed
from organizers.roles import NETWORKS
from tests.builders import (
    make_address,
    make_contact,
    make_delivery,
    make_membership,
    make_message,
    make_project,
    make_standing,
    make_tag,
)

TODAY = date(2026, 11, 19)
TERMS = Terms(reach=Reach.BOTH, scopes=(NETWORK,), today=TODAY)
FIELDS = ("city", "first_name")
ALL: dict[str, Any] = {"fields": FIELDS, "by_place": True, "by_list": True}
PHONES = ("+16082990001", "+16082990002")
NUMBER = st.integers(0, 99)
ACTS = st.lists(st.tuples(st.integers(0, 8), NUMBER, NUMBER), min_size=1, max_size=12)


class Town:
    """People to whom things happen that their fates go by."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.projects = [make_project(conn) for _ in range(2)]
        self.people = [self.born(number) for number in range(4)]

    def happen(self, what: int, who: int, how: int) -> None:
        """One of them to one person."""
        somebody = self.people[who % len(self.people)]
        acts = (
            self.come,
            self.go,
            self.join,
            self.say,
            self.move,
            self.carry,
            self.pause,
            self.share,
            self.call,
        )
        acts[what](somebody, how)

    def born(self, how: int) -> int:
        """Some have a phone that others have, too."""
        phone = PHONES[how % 3] if how % 3 < len(PHONES) else ""
        return make_contact(self.conn, "Ben", phone=phone, language=("en", "es")[how % 2])

    def come(self, _somebody: int, how: int) -> None:
        self.people.append(self.born(how))

    def go(self, somebody: int, how: int) -> None:
        self.people.append(self.born(how))
        self.people.remove(somebody)
        self.conn.execute(delete(Contact).where(Contact.id == somebody))

    def join(self, somebody: int, how: int) -> None:
        self.conn.execute(delete(Membership).where(Membership.contact_id == somebody))
        make_membership(self.conn, self.projects[how % 2], somebody)

    def say(self, somebody: int, how: int) -> None:
        own = select(Address.channel, Address.address).where(Address.contact_id == somebody)
        for channel, address in self.conn.execute(own).all():
            make_standing(self.conn, channel, address, STRICTNESS[how % len(STRICTNESS)])

    def move(self, somebody: int, how: int) -> None:
        place = {"state": ("WI", "ME")[how % 2], "district": how % 3, "city": ("", "X")[how % 2]}
        self.conn.execute(update(Contact).where(Contact.id == somebody).values(place))

    def carry(self, somebody: int, how: int) -> None:
        self.conn.execute(delete(ContactTag).where(ContactTag.contact_id == somebody))
        make_tag(self.conn, ("choir", "drivers")[how % 2], somebody)

    def pause(self, somebody: int, how: int) -> None:
        until = TODAY + timedelta(days=how % 3 - 1)
        prefer(self.conn, somebody, Preferences(urgent_only=bool(how % 2), paused_until=until))

    def share(self, _somebody: int, how: int) -> None:
        mine = update(Project).where(Project.id == self.projects[how % 2])
        self.conn.execute(mine.values(shares_list=bool(how % 3)))

    def call(self, somebody: int, how: int) -> None:
        """They have another phone now, or none."""
        phones = (Address.contact_id == somebody, Address.channel == Channel.SMS)
        self.conn.execute(delete(Address).where(*phones))
        if how % 3:
            make_address(self.conn, somebody, Channel.SMS, PHONES[how % 2])


AUDIENCES: tuple[Callable[[Town], Audience], ...] = (
    lambda _town: EVERYBODY,
    lambda _town: Audience(Filter(tags=("choir",))),
    lambda _town: Audience(Filter(languages=("es",)), Filter(tags=("choir",))),
    lambda town: Audience(Filter(projects=(town.projects[0],)), Filter(states=("ME",))),
    lambda town: Audience(among=(NETWORKS, town.projects[0])),
)


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS, audiences=st.lists(st.sampled_from(AUDIENCES), min_size=1, max_size=2))
def test_whatever_happens_to_people_a_survey_tells_of_them_as_they_are(
    conn: Connection, acts: list[tuple[int, int, int]], audiences: list[Callable[[Town], Audience]]
) -> None:
    with conn.begin_nested() as attempt:
        town = Town(conn)
        for what, who, how in acts:
            town.happen(what, who, how)
            for audience in (each(town) for each in audiences):
                anew = summed(survey(conn, audience, TERMS, **ALL))

                assert surveyed(conn, audience, TERMS, **ALL) == anew
                assert surveyed(conn, audience, TERMS, **ALL) == anew
        attempt.rollback()


def looks(conn: Connection, audience: Audience, terms: Terms) -> int:
    """How often everybody is gone through when the same is asked three times."""
    heard: list[str] = []

    def hear(_conn: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        heard.append(statement)

    event.listen(conn, "before_cursor_execute", hear)
    for _ in range(3):
        surveyed(conn, audience, terms)
    event.remove(conn, "before_cursor_execute", hear)
    return sum("GROUP BY" in each for each in heard)


def test_a_survey_is_made_once_while_nothing_about_people_changes(
    conn: Connection,
) -> None:
    make_contact(conn)

    assert looks(conn, EVERYBODY, TERMS) == 1
    # Nor does it matter whose message asks, nor what has been sent of it.
    message = make_message(conn)
    make_delivery(conn, message, make_contact(conn))
    assert looks(conn, EVERYBODY, TERMS) == 1
    assert looks(conn, EVERYBODY, replace(TERMS, message_id=message, family=(7,))) == 0


def test_each_day_and_each_rule_has_a_survey_of_its_own(conn: Connection) -> None:
    make_contact(conn)

    for terms in (
        TERMS,
        replace(TERMS, today=TODAY + timedelta(days=1)),
        replace(TERMS, reach=Reach.TEXT_FIRST),
        replace(TERMS, countries=("CA",)),
        replace(TERMS, scopes=(NETWORK, "project:1")),
        replace(TERMS, kind=MessageKind.CAMPAIGN),
    ):
        assert looks(conn, EVERYBODY, terms) == 1


def test_whom_copies_have_reached_is_asked_each_time(conn: Connection) -> None:
    ben = make_contact(conn)
    message = make_message(conn)
    got = Audience(Filter(got=message))
    assert surveyed(conn, got, TERMS).people == 0
    make_delivery(conn, message, ben, status=Status.DELIVERED)

    assert surveyed(conn, got, TERMS).people == 1
    assert looks(conn, got, TERMS) == 3


def test_who_had_enough_for_a_week_is_asked_each_time(conn: Connection) -> None:
    make_contact(conn)
    capped = replace(TERMS, weekly_cap=1, recent=(make_message(conn),))

    assert looks(conn, EVERYBODY, capped) == 3


def test_every_line_of_an_audience_is_known_to_ask_of_people_or_of_what_came_before() -> None:
    of_people = {
        *("projects", "tags", "languages", "states", "districts", "joined_since", "parts"),
    }

    assert of_people | set(OF_WHAT_CAME_BEFORE) == {each.name for each in fields(Filter)}
    for name in OF_WHAT_CAME_BEFORE:
        asked = Filter(**{name: (7,) if name not in ("acted", "not_acted", "got") else 7})  # type: ignore[arg-type]
        assert not rests_on_people(Audience(asked), TERMS)
        assert not rests_on_people(Audience(exclude=asked), TERMS)
