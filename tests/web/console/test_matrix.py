"""Every address of the console × everybody who may open it × whose object it names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from aiohttp import web
from sqlalchemy import update

from database.opening import Opened
from organizers.models import Session
from organizers.roles import NETWORKS, Grant, Grants, May, Role, allowed
from organizers.sessions import Proof
from tests.builders import make_project
from tests.web.console.test_isolation import NOWHERE, VARIABLE, Theirs, make_theirs
from tests.web.organizing import Desk, console, desk
from tests.web.serving import Client
from web.console.needs import NEEDS, Need
from web.console.routes import ROUTES

SECRETS = ("Bangor", "Benedicta", "Benita", "bangor.csv")
OFFICES = frozenset(
    {"organizer_id", "guest_id", "launch_id", "target_id"}
)  # the office's everywhere


@dataclass(frozen=True)
class Somebody:
    """Who opens an address: a role in Madison, and whether they are of the office."""

    name: str
    role: Role | None = None
    exports: bool = False
    network: bool = False

    def grants(self, madison: int) -> Grants:
        mine = {} if self.role is None else {madison: Grant(self.role, self.exports)}
        return {**mine, **({NETWORKS: Grant(Role.ADMIN)} if self.network else {})}


EVERYBODY = [
    Somebody("viewer", Role.VIEWER),
    Somebody("exporting viewer", Role.VIEWER, exports=True),
    Somebody("drafter", Role.DRAFTER),
    Somebody("sender", Role.SENDER),
    Somebody("admin", Role.ADMIN),
    Somebody("office", network=True),
    Somebody("nobody any more"),
]
OWNERS = ("madison", "bangor", "network")
# Who walks in ``make test``; in .ci/run everybody goes everywhere.
WALKING = {
    ("viewer", "madison"),
    ("drafter", "madison"),
    ("sender", "madison"),
    ("drafter", "bangor"),
    ("office", "bangor"),
    ("nobody any more", "madison"),
}
WALKS = [
    pytest.param(
        who,
        owner,
        id=f"{who.name}-{owner}",
        marks=[] if (who.name, owner) in WALKING else pytest.mark.long,
    )
    for who in EVERYBODY
    for owner in OWNERS
]


@dataclass
class House:
    """A console with two projects that keep their lists to themselves."""

    client: Client
    opened: Opened
    now: datetime
    projects: dict[str, int | None]

    async def objects(self, owner: str) -> Theirs:
        return await self.opened.database.write(make_theirs, self.now, self.projects[owner])

    async def sit_down(self, who: Somebody) -> Desk:
        madison = self.projects["madison"]
        return await desk(
            self.client,
            self.opened,
            self.now,
            name=who.name,
            projects=[madison] if who.role else [],
            role=who.role or Role.VIEWER,
            exports=who.exports,
            network=who.network,
        )

    def expected(self, who: Somebody, need: Need, owner: str, named: set[str]) -> set[int]:
        """What the answer may be; {} for anything that is no refusal."""
        madison, project = self.projects["madison"], self.projects[owner]
        grants = who.grants(madison or 0)
        seen, able = set(allowed(grants, May.SEE)), set(allowed(grants, need.may or May.SEE))
        if named & OFFICES and NETWORKS in seen:
            return set()
        if named == {"target_id"} and project is None:
            seen.add(NETWORKS)  # every project sees the network's offices outside Congress
        if named and (project or NETWORKS) not in seen:
            return {404}
        if need.may is not None and not ((project or NETWORKS) in able if named else able):
            return {403}
        return set()


@pytest.fixture
async def house(opened: Opened, now: datetime) -> AsyncIterator[House]:
    madison = await opened.database.write(
        lambda conn: make_project(conn, "Madison – Arcatao", shares_list=False)
    )
    bangor = await opened.database.write(
        lambda conn: make_project(conn, "Bangor – Carasque", shares_list=False)
    )
    projects = {"madison": madison, "bangor": bangor, "network": None}
    async with console(opened, now) as client:
        yield House(client, opened, now, projects)


def objects_in(route: web.RouteDef) -> set[str]:
    return {name for name, _ in VARIABLE.findall(route.path) if name.endswith("_id")}


def need_of(route: web.RouteDef) -> Need:
    return NEEDS[route.method, route.handler]


INSIDE = [route for route in ROUTES if need_of(route).signed_in]


def test_every_address_says_what_it_asks_for() -> None:
    assert all((route.method, route.handler) in NEEDS for route in ROUTES)
    assert all(need_of(route).may for route in ROUTES if objects_in(route))
    assert {(who.name, owner) for who in EVERYBODY for owner in OWNERS} >= WALKING
    size = len(INSIDE) * len(EVERYBODY) * len(OWNERS)
    print(f"\n{len(INSIDE)} routes × {len(EVERYBODY)} people × {len(OWNERS)} owners = {size}")  # noqa: T201 - the matrix's size


@pytest.mark.parametrize(("who", "owner"), WALKS)
async def test_nobody_passes_to_what_is_not_theirs_to_do(
    house: House, who: Somebody, owner: str
) -> None:
    theirs, seat = await house.objects(owner), await house.sit_down(who)
    form = {"project": str(house.projects[owner] or 0), "role": "viewer"}
    wrong, told = [], []
    for route in INSIDE:
        if route.path in LEAVING or NOWHERE in (theirs.ids[name] for name in objects_in(route)):
            continue
        path, expected = (
            theirs.path(route),
            house.expected(who, need_of(route), owner, objects_in(route)),
        )
        response = await (seat.get(path) if route.method == "GET" else seat.post(path, form))
        refused = response.status in (403, 404)
        named = not route.path.endswith(UNBOUND)
        if response.status >= 500 or (named and refused != bool(expected)):
            wrong.append((route.method, route.path, response.status, expected))
        if expected and response.status not in expected:
            wrong.append((route.method, route.path, response.status, expected))
        if owner == "bangor" and refused:
            body = await response.text()
            told += [(route.path, secret) for secret in SECRETS if secret in body]
        response.close()

    assert wrong == []
    assert told == []


# Signing oneself out would end the walk; so does what changes one's own sessions.
LEAVING = frozenset({"/lock", "/sign-out", "/account/sessions", "/confirm", "/account/password"})
# Forms that name a project themselves: that is refused apart, and tested apart.
UNBOUND = (
    "/new",
    "/imports",
    "/check",
    "/problems",
    "/campaigns",
    "/series",
    "/projects",
    "/pictures",
    "/look",
    "/look/preview",
    "/alerts/preview",
    "/members",
    "/measure",
    "/count",
    "/inbox/ready",
    "/corrections",
    "/recesses",
    "/keep",
)


async def test_a_stranger_is_led_to_the_sign_in_everywhere(house: House) -> None:
    theirs = await house.objects("madison")
    led = set()
    for route in INSIDE:
        response = await house.client.request(
            route.method,
            theirs.path(route),
            headers={"Sec-Fetch-Site": "same-origin"},
            allow_redirects=False,
        )
        led.add((response.status, response.headers.get("Location", "").partition("?")[0]))

    assert led == {(303, "/console/sign-in")}


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(who, marks=[] if who.name in ("drafter", "office") else pytest.mark.long)
        for who in EVERYBODY
        if who.name != "nobody any more"
    ],
    ids=lambda who: who.name,
)
async def test_no_page_of_ones_own_names_another_project(house: House, who: Somebody) -> None:
    await house.objects("bangor")
    seat = await house.sit_down(who)
    told = []
    for route in INSIDE:
        if route.method != "GET" or objects_in(route):
            continue
        body = await (await seat.get(f"/console{route.path}")).text()
        # The office knows which projects there are and who serves them, and no supporter's name.
        secrets = ("Benedicta", "bangor.csv") if who.network else SECRETS
        told += [(route.path, secret) for secret in secrets if secret in body]

    assert told == []


async def test_what_asks_for_more_than_a_password_gets_it(house: House, opened: Opened) -> None:
    """A password alone opens nothing that sends, exports or lets others in."""
    theirs, seat = await house.objects("madison"), await house.sit_down(EVERYBODY[4])
    weaker = update(Session).values(proof=Proof.PASSWORD)
    await opened.database.write(lambda conn: conn.execute(weaker))
    passed = []
    for route in INSIDE:
        nothing_there = NOWHERE in (theirs.ids[name] for name in objects_in(route))
        if need_of(route).strong and not nothing_there:
            path = theirs.path(route)
            response = await (seat.get(path) if route.method == "GET" else seat.post(path))
            passed += [] if response.status == 403 else [(route.path, response.status)]
            response.close()

    assert passed == []
