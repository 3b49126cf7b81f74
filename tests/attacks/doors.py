"""Attacks on the door: passwords, links, sessions, second steps, roles (1 to 17)."""

from __future__ import annotations

import re
import time

import pyotp

from tests.attacks.cases import attack
from tests.attacks.stage import PASSWORD, Stage
from tests.attacks.visitors import COOKIE, Visitor, require
from tests.web.console.test_isolation import VARIABLE
from web.console.needs import NEEDS
from web.console.routes import ROUTES

SIGN_IN = "/console/sign-in"
WRONG = "The email address or the password is not right."


@attack(1)
def guessing(stage: Stage) -> str:
    one = Visitor(stage.facts.url)
    email = stage.facts.accounts["vera"].email
    said = [
        one.post(SIGN_IN, {"email": email, "password": f"guess number {n}"}).status
        for n in range(7)
    ]
    right = one.post(SIGN_IN, {"email": email, "password": PASSWORD}).status
    many = Visitor(stage.facts.url)
    spread = [
        many.post(SIGN_IN, {"email": f"x{n}@example.org", "password": "a guess"}).status
        for n in range(32)
    ]
    require(said[:5] == [401] * 5, f"the first guesses were answered {said}")
    require(said[5:] == [429, 429] and right == 429, f"after five guesses {said[5:]}, then {right}")
    require(spread[-1] == 429, "32 accounts could be tried from one address")
    return "429 after 5 for an account, after 30 for an address; the right password waits too"


@attack(2)
def who_is_there(stage: Stage) -> str:
    known, unknown = stage.facts.accounts["berta"].email, "nobody@example.org"
    bodies, times = [], []
    for email in (known, unknown):
        begun = time.perf_counter()
        answer = Visitor(stage.facts.url).post(SIGN_IN, {"email": email, "password": "not it"})
        times.append(time.perf_counter() - begun)
        bodies.append((answer.status, answer.body.replace(email, "")))
    asked = [
        Visitor(stage.facts.url).post("/console/forgot", {"email": email})
        for email in (known, unknown)
    ]
    require(bodies[0] == bodies[1], "the sign-in tells them apart")
    require((asked[0].status, asked[0].body) == (asked[1].status, asked[1].body), "the reset does")
    slower = max(times) / min(times)
    require(slower < 3, f"one took {slower:.1f} times as long")
    return f"same words, same status; times {times[0] * 1000:.0f} and {times[1] * 1000:.0f} ms"


@attack(3)
def reset_links(stage: Stage) -> str:
    asking = Visitor(stage.facts.url)
    email = stage.facts.accounts["berta"].email
    asking.post(
        "/console/forgot", {"email": email}, Host="evil.example", X_Forwarded_Host="evil.example"
    )
    link = _letter(stage)
    require(link.startswith(f"{stage.facts.public_url}/console/reset/"), f"the letter says {link}")
    path = link.removeprefix(stage.facts.public_url)
    new = {"password": "another four words of berta"}
    done, again = (Visitor(stage.facts.url).post(path, new).status for _ in range(2))
    require((done, again) == (200, 404), f"used once {done}, twice {again}")
    asking.post("/console/forgot", {"email": email})
    late = _letter(stage, but=link).removeprefix(stage.facts.public_url)
    stage.write("UPDATE door_links SET expires_at = '2020-01-01' WHERE purpose = 'reset'")
    old = Visitor(stage.facts.url).post(late, new).status
    require(old == 404, f"an expired link was answered {old}")
    _give_back(stage, email)
    return "good once, for an hour, at our own address whatever Host was sent"


def _letter(stage: Stage, *, but: str = "") -> str:
    """The link in the newest letter, once it is written."""
    for _ in range(100):
        bodies = stage.scalar("SELECT group_concat(body, ' ') FROM message_texts") or ""
        links = [
            each
            for each in re.findall(r"https?://\S+/console/reset/[\w-]{43}", bodies)
            if each != but
        ]
        if links:
            return str(links[-1])
        time.sleep(0.1)
    require(False, "no letter was written")
    return ""


def _give_back(stage: Stage, email: str) -> None:
    kept = stage.scalar("SELECT password_hash FROM organizers WHERE email = 'ana@example.org'")
    stage.write(
        "UPDATE organizers SET password_hash = :kept WHERE email = :email", kept=kept, email=email
    )


@attack(4)
def chosen_session(stage: Stage) -> str:
    chosen = "a" * 43
    victim = Visitor(stage.facts.url, cookie=chosen)
    victim.sign_in(stage.facts.accounts["ana"])
    intruder = Visitor(stage.facts.url, cookie=chosen)
    require(victim.cookie != chosen, "the session kept the token that was brought along")
    require(intruder.get("/console/contacts").status == 303, "the chosen token opens the console")
    return "every step of a sign-in gives a new token; the chosen one opens nothing"


@attack(5)
def cookies(stage: Stage) -> str:
    visitor = Visitor(stage.facts.url)
    account = stage.facts.accounts["ana"]
    first = visitor.post(SIGN_IN, {"email": account.email, "password": PASSWORD})
    done = visitor.post(f"{SIGN_IN}/second", {"code": account.recovery_codes.pop()})
    for answer in (first, done):
        [cookie] = answer.cookies
        parts = {part.strip() for part in cookie.split(";")}
        require(cookie.startswith(f"{COOKIE}="), f"the cookie is named {cookie.partition('=')[0]}")
        require({"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts, f"it says {parts}")
        require("domain" not in cookie.lower(), "it names a domain")
    return "__Host-, Secure, HttpOnly, SameSite=Lax, no domain"


@attack(6)
def old_sessions(stage: Stage) -> str:
    accounts, olga = stage.facts.accounts, Visitor(stage.facts.url)
    olga.sign_in(accounts["olga"])
    out = Visitor(stage.facts.url).sign_in(accounts["vera"])
    kept = out.cookie
    out.post("/console/sign-out")
    require(_is_out(stage, kept), "a session lives after its sign-out")

    here, there = (Visitor(stage.facts.url).sign_in(accounts["vera"]) for _ in range(2))
    changed = here.post(
        "/console/account/password", {"password": PASSWORD, "new_password": PASSWORD + "!"}
    )
    require(changed.status == 303, f"the password could not be changed: {changed.status}")
    require(_is_out(stage, there.cookie), "another session lives after a new password")
    _give_back(stage, accounts["vera"].email)

    form = {"project": str(stage.facts.ours["project_id"]), "role": "viewer"}
    role = Visitor(stage.facts.url).sign_in(accounts["vera"])
    given = olga.post(f"/console/members/{accounts['vera'].id}/role", form)
    require(
        given.status == 303 and _is_out(stage, role.cookie), f"after a new role ({given.status})"
    )

    locked = Visitor(stage.facts.url).sign_in(accounts["vera"])
    olga.post(f"/console/members/{accounts['vera'].id}/disable")
    require(_is_out(stage, locked.cookie), "a locked-out organizer's session lives")
    stage.write("UPDATE organizers SET disabled_at = NULL")
    return "sign-out, new password, new role and lock-out end sessions at once"


def _is_out(stage: Stage, cookie: str) -> bool:
    return Visitor(stage.facts.url, cookie=cookie).get("/console/account").status == 303


@attack(7)
def codes(stage: Stage) -> str:
    account = stage.facts.accounts["olga"]
    code = pyotp.TOTP(account.totp_secret).now()
    first, second = Visitor(stage.facts.url), Visitor(stage.facts.url)
    said = []
    for each in (first, second):
        each.post(SIGN_IN, {"email": account.email, "password": PASSWORD})
        said.append(each.post(f"{SIGN_IN}/second", {"code": code}).status)
    require(said == [303, 401], f"the same code was answered {said}")
    guesses = [second.post(f"{SIGN_IN}/second", {"code": f"{n:06}"}).status for n in range(6)]
    require(429 in guesses, f"guesses were answered {guesses}")
    stage.write("DELETE FROM sign_in_attempts")
    return f"a code is good once; guessing stops after {guesses.index(429) + 1}"


@attack(8)
def around_the_second_step(stage: Stage) -> str:
    half = Visitor(stage.facts.url)
    half.post(SIGN_IN, {"email": stage.facts.accounts["ana"].email, "password": PASSWORD})
    inside = [
        route for route in ROUTES if route.method == "GET" and NEEDS["GET", route.handler].signed_in
    ]
    paths = ["/console" + filled(stage, route.path) for route in inside]
    answers = {path: half.get(path).status for path in paths}
    wrong = {path: status for path, status in answers.items() if status != 303}
    require(not wrong, f"a half session opened {wrong}")
    return f"{len(answers)} pages lead back to the sign-in after a password alone; a reset does not skip it (3)"


def filled(stage: Stage, path: str) -> str:
    known = {
        **stage.facts.ours,
        "act": "pause",
        "kind": "png",
        "off": "strike",
        "steer": "pause",
        "follow_up": "nudge",
        "office": "us:house:WI:2",
        "channel": "sms",
        "reason": "no_consent",
        "line": "texts",
        "token": "x" * 43,
    }
    return str(VARIABLE.sub(lambda found: str(known[found[1]]), path))


@attack(9)
def written_codes(stage: Stage) -> str:
    account, said = stage.facts.accounts["berta"], []
    code = account.recovery_codes.pop()
    for _ in range(2):
        visitor = Visitor(stage.facts.url)
        visitor.post(SIGN_IN, {"email": account.email, "password": PASSWORD})
        said.append(visitor.post(f"{SIGN_IN}/second", {"code": code}).status)
    require(said == [303, 401], f"the same code was answered {said}")
    return "good once"


@attack(10)
def invitations(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    form = {"name": "Eva", "email": "eva@example.org", "role": "viewer", "language": "en"}
    page = ana.post("/console/members", {**form, "project": str(stage.facts.ours["project_id"])})
    path = re.findall(r"/console/join/[\w-]{43}", page.body)[0]
    greedy = {
        "name": "Eva",
        "password": PASSWORD,
        "role": "admin",
        "exports": "yes",
        "network": "1",
        "project": "",
    }
    joined, again = (Visitor(stage.facts.url).post(path, greedy).status for _ in range(2))
    role = stage.scalar(
        "SELECT p.role || p.exports || o.network FROM organizers o JOIN organizer_projects p"
        " ON p.organizer_id = o.id WHERE email = 'eva@example.org'"
    )
    require((joined, again) == (303, 404), f"once {joined}, twice {again}")
    require(str(role).startswith("viewer0"), f"she became {role}")
    elsewhere = ana.post(
        "/console/members",
        {**form, "email": "x@example.org", "project": str(stage.facts.theirs["project_id"])},
    )
    office = ana.post("/console/members", {**form, "email": "y@example.org", "project": "0"})
    require(
        (elsewhere.status, office.status) == (404, 404),
        f"into others' projects: {elsewhere.status}, {office.status}",
    )
    return "once, as the row says; into no project but one's own"


@attack(13)
def fields_no_form_has(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    theirs, ours = stage.facts.theirs, stage.facts.ours
    more = {
        "network": "1",
        "status": "sending",
        "standing": "granted",
        "created_by": "x",
        "id": "1",
    }
    contact = {
        "given_name": "Zoe",
        "email": "zoe@example.org",
        **more,
        "project": str(theirs["project_id"]),
    }
    refused = ana.post("/console/contacts/new", contact).status
    ana.post(
        "/console/contacts/new",
        {**contact, "project": str(ours["project_id"]), "project_id": str(theirs["project_id"])},
    )
    where = stage.scalar(
        "SELECT group_concat(project_id) FROM memberships m JOIN contacts c ON c.id = m.contact_id"
        " WHERE c.given_name = 'Zoe'"
    )
    standing = stage.scalar(
        "SELECT count(*) FROM address_standings WHERE address = 'zoe@example.org'"
    )
    require(refused == 404, f"a contact into another project: {refused}")
    require(str(where) == str(ours["project_id"]), f"she is in {where}")
    require(standing == 0, "a form's field gave consent")
    path = f"/console/projects/{theirs['project_id']}"
    require(
        ana.post(path, {"shares_list": "yes"}).status == 404,
        "another project's list could be shared",
    )
    return "project, role, consent and status come from the routes and rows alone"


@attack(14)
def a_viewer_launches(stage: Stage) -> str:
    vera = Visitor(stage.facts.url).sign_in(stage.facts.accounts["vera"])
    acts = ["launch", "pause", "stop", "undo", "resume", "plain", "edit", "budget", "ask"]
    live = stage.facts.ours["live_id"]
    said = {
        act: vera.post(f"/console/alerts/{live}/{act}", {"confirmed": "1"}).status for act in acts
    }
    said["draft"] = vera.post(
        f"/console/alerts/{stage.facts.ours['draft_id']}/launch", {"confirmed": "2"}
    ).status
    wrong = {act: status for act, status in said.items() if status != 403}
    require(not wrong, f"a viewer was answered {wrong}")
    state = stage.scalar(
        "SELECT status FROM messages m JOIN alerts a ON a.message_id = m.id WHERE a.id = :id",
        id=live,
    )
    require(state == "sending", f"the alert is {state}")
    return f"{len(said)} acts refused with 403; the alert goes on"


@attack(15)
def following_another(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    said = ana.get(f"/console/alerts/{stage.facts.theirs['alert_id']}/events").status
    require(said == 404, f"another committee's stream was answered {said}")
    return "404"


@attack(16)
def what_pages_tell(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    # Of both projects there is a Benedicta: one of them is to be found.
    page = ana.get("/console/contacts?q=Benedicta").body
    found = set(map(int, re.findall(r"/console/contacts/(\d+)\"", page)))
    require(found == {stage.facts.ours["contact_id"]}, f"the search found {found}")
    require("Bangor – Carasque" not in page, "the search names the other project")
    foreign = [
        ana.get(f"/console/contacts/{number}").body
        for number in (stage.facts.theirs["contact_id"], 999_999)
    ]
    require(_plain(foreign[0]) == _plain(foreign[1]), "an error tells whether it exists")
    for path in (
        "/console/",
        "/console/alerts",
        "/console/inbox",
        "/console/unknown",
        "/console/record",
        "/console/members",
        "/console/campaigns",
        "/console/imports/new",
    ):
        require("Bangor – Carasque" not in ana.get(path).body, f"{path} names the other project")
    return "search, counts, lists and errors know one's own project alone"


def _plain(page: str) -> str:
    return re.sub(r"[0-9a-f]{8}", "", page)


@attack(17)
def preview_as_another(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    draft = stage.facts.ours["draft_id"]
    names = set()
    for n in range(8):
        page = ana.get(f"/console/alerts/{draft}?person={n}").body
        names |= set(re.findall(r"What (\S+) sees", page))
    alien = stage.scalar(
        "SELECT count(*) FROM contacts c JOIN memberships m ON m.contact_id = c.id"
        " WHERE m.project_id = :id AND c.given_name = 'Betina'",
        id=stage.facts.theirs["project_id"],
    )
    require(alien == 1, "nobody to look for")
    require("Betina" not in names, f"the preview showed {names}")
    require(
        ana.get(f"/console/alerts/{stage.facts.theirs['alert_id']}?person=0").status == 404,
        "a foreign alert's preview",
    )
    return f"shown: {', '.join(sorted(names)) or 'nobody'}; nobody of another list"
