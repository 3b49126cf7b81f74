"""Attacks with money, letters, floods and haste (45 to 48)."""

from __future__ import annotations

import re
import threading
from http import HTTPStatus

from tests.attacks.cases import attack
from tests.attacks.hooks import FORM
from tests.attacks.stage import Stage
from tests.attacks.visitors import Visitor, require

FEW_ALIKE = 20  # texts an hour to numbers that begin alike


@attack(45)
def dear_numbers(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    project = str(stage.facts.ours["project_id"])
    refused = {
        number: ana.post(
            "/console/contacts/new", {"given_name": "Pump", "phone": number, "project": project}
        ).status
        for number in (
            "+1 900 555 0199",
            "+1 800 555 0199",
            "+44 906 123 4567",
        )
    }
    stranger = Visitor(stage.facts.url)
    for n in range(50):
        stranger.post(
            f"/p/{stage.facts.slug}",
            {
                "phone": f"+1876555{n:04}",
                "outcome": "spoke",
                "target": "x",
                "email": f"p{n}@example.org",
            },
        )
    made = stage.scalar(
        "SELECT count(*) FROM addresses WHERE address LIKE '+1876555%' OR address LIKE 'p%@example.org' AND address LIKE 'p_@%'"
    )
    require(all(status == 422 for status in refused.values()), f"{refused}")
    require(made == 0, "a stranger's form made an address")
    asked = _sign_numbers_up(stage)
    return (
        f"premium and toll-free numbers refused; of 70 neighbouring numbers typed into a sign-up form {asked}"
        " were asked, once each, and none is on the list; +503 and others are skipped in bulk"
    )


def _sign_numbers_up(stage: Stage) -> int:
    """Pump texts through the form by which people join; to how many numbers one left."""
    project = stage.facts.ours["project_id"]
    stage.write(
        "INSERT INTO sign_up_forms (project_id, is_open, slug, sites, welcome)"
        f" VALUES ({project}, true, 'pumped', '', '{{}}')"
    )
    before = stage.scalar("SELECT count(*) FROM contacts")
    stranger, said = Visitor(stage.facts.url), set()
    for n in range(70):
        page = stranger.get("/join/pumped").body
        form = dict(re.findall(r'name="(token|shown)" value="([^"]*)"', page))
        number = {"phone": f"+1608555{3000 + n}", "agree_sms": "yes", "language": "en"}
        said.add(stranger.post("/join/pumped", {**form, **number}).status)
    asked = stage.scalar("SELECT count(*) FROM deliveries WHERE address LIKE '+16085553%'")
    stage.write("DELETE FROM sign_up_forms WHERE slug = 'pumped'")
    require(stage.scalar("SELECT count(*) FROM contacts") == before, "a form made a contact")
    require(0 < asked <= FEW_ALIKE, f"{asked} texts left; the form answered {said}")
    return int(asked)


@attack(46)
def burying_in_letters(stage: Stage) -> str:
    email = stage.facts.accounts["olga"].email
    before = int(stage.scalar("SELECT count(*) FROM door_links"))
    said = [
        Visitor(stage.facts.url).post("/console/forgot", {"email": email}).status for _ in range(12)
    ]
    made = int(stage.scalar("SELECT count(*) FROM door_links")) - before
    require(said.count(429) >= 9, f"{said}")
    require(made <= 3, f"{made} letters in a quarter of an hour")
    stage.write("DELETE FROM door_links WHERE purpose = 'reset'")
    return "3 letters to an address in a quarter of an hour, whoever asks"


@attack(47)
def invented_answers(stage: Stage) -> str:
    stranger, said = Visitor(stage.facts.url), []
    path = f"/p/{stage.facts.slug}?zip=53703"
    target = re.findall(r'name="target" value="([^"]+)"', stranger.get(path).body)[0]
    answer = {"outcome": "spoke", "target": target}
    for _ in range(302):
        stranger.cookie = ""
        said.append(stranger.post(path, answer, token=False).status)
    require(429 in said, f"302 answers from one address: {set(said)}")
    leaving = f"/u/{stage.facts.other_token}"
    one_click = b"List-Unsubscribe=One-Click"
    free = Visitor(stage.facts.url, address=stranger.address)
    out = free.ask("POST", leaving, one_click, headers=FORM).status
    require(200 <= out < 300, f"the limit stands before opting out: {out}")
    return f"429 after {said.index(429)} from one address; opting out stays open"


@attack(68)
def alone_by_ones_own_word(stage: Stage) -> str:
    """One who reads everything, approves what nobody else stands behind, and launches it."""
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    draft = f"/console/alerts/{stage.facts.ours['unapproved_id']}"
    ana.post("/console/account/reading", [("reads", "en"), ("reads", "es")])
    seen = re.findall(r'name="seen" value="([0-9a-f]{64})"', ana.get(f"{draft}/approval").body)
    said = ana.post(f"{draft}/approve", {"seen": seen[0] if seen else "", "language": "en es"})
    counts = range(30)
    pressed = {ana.post(f"{draft}/launch", {"confirmed": str(n)}).status for n in counts}
    mute = {ana.post(f"{draft}/launch-alone", {"confirmed": str(n)}).status for n in counts}
    forged = Visitor(stage.facts.url).post("/console/approve/" + "x" * 43, {"language": "en es"})
    left = stage.scalar(
        "SELECT count(*) FROM messages m JOIN alerts a ON a.message_id = m.id"
        " WHERE a.id = :id AND m.status <> 'draft'",
        id=stage.facts.ours["unapproved_id"],
    )
    require(left == 0, f"it left: {pressed} {mute}")
    require(pressed == {409} and mute == {409}, f"answered {pressed} {mute}")
    require(forged.status == HTTPStatus.NOT_FOUND, f"a forged link was answered {forged.status}")
    return (
        f"her own approval ({said.status}) is one person's; without a reason nothing leaves alone"
    )


@attack(48)
def launching_twice(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    draft = stage.facts.ours["draft_id"]
    said: list[int] = []

    def press() -> None:
        people = stage.scalar("SELECT count(*) FROM contacts")
        twin = Visitor(stage.facts.url, cookie=ana.cookie, csrf=ana.csrf)
        said.extend(
            twin.post(
                f"/console/alerts/{draft}/launch-alone",
                {"confirmed": str(guess), "why": "nobody else can be reached tonight"},
            ).status
            for guess in range(int(people) + 2)
        )

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    launched = stage.scalar(
        "SELECT count(*) FROM audit_entries WHERE act = 'alert.launch_alone' AND object = :what",
        what=f"alert:{draft}",
    )
    twice = stage.scalar(
        "SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE address IS NOT NULL GROUP BY message_id, channel, address HAVING count(*) > 1)"
    )
    require(launched == 1 and twice == 0, f"launched {launched} times, {twice} addresses twice")
    require(max(said) < 500, f"{sorted(set(said))}")
    return f"{len(said)} presses from four tabs: launched {launched} times, nobody twice"
