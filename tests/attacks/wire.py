"""Attacks with odd hosts, paths, bytes and methods; and on the way out of a list (34 to 39)."""

from __future__ import annotations

from tests.attacks.cases import attack
from tests.attacks.stage import Stage
from tests.attacks.visitors import Visitor, by_hand, require


@attack(34)
def forged_hosts(stage: Stage) -> str:
    forged = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "Forwarded": "host=evil.example",
    }
    pages = [
        Visitor(stage.facts.url).ask("GET", path, headers=forged).body
        for path in (f"/a/{stage.facts.token}", f"/p/{stage.facts.slug}", "/console/sign-in")
    ]
    require(not any("evil.example" in page for page in pages), "a page takes the host for its own")
    spoofing = Visitor(stage.facts.url)
    said = []
    for n in range(7):
        spoofing.address = (
            f"203.0.113.{n}, 198.51.99.7"  # what a client claims stands before what the proxy saw
        )
        said.append(
            spoofing.post(
                "/console/sign-in", {"email": "victim@example.org", "password": "x"}
            ).status
        )
    require(said[-1] == 429, f"a claimed address goes around the limit: {said}")
    return "links from the settings; limits by the hop that our proxy saw"


@attack(35)
def caches(stage: Stage) -> str:
    wrong = []
    for path in (
        f"/a/{stage.facts.token}",
        f"/a/{stage.facts.token}?x=.css",
        f"/a/{stage.facts.token}/x.css",
        f"/u/{stage.facts.token}",
        "/console/sign-in",
    ):
        answer = Visitor(stage.facts.url).ask(
            "GET",
            path,
            headers={"X-Forwarded-Host": "evil.example", "X-Original-URL": "/static/public.css"},
        )
        if "no-store" not in answer.headers.get("cache-control", ""):
            wrong.append((path, answer.headers.get("cache-control")))
    static = Visitor(stage.facts.url).get("/static/public.css?v=1").headers.get("cache-control", "")
    require(not wrong, f"{wrong}")
    require("public" in static, "static files are not kept: nothing to compare with")
    return "personal pages say no-store, whatever their address ends in"


@attack(36)
def out_of_the_house(stage: Stage) -> str:
    ana, wrong = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"]), []
    for path in (
        "/static/../settings.toml",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%5c..%5csettings.toml",
        "/static//etc/passwd",
        "/static/%00",
        "/console/imports/..%2f..%2fetc",
        "/console/alerts/1%2f..%2f2",
        "/a/..%2f..%2fsettings.toml",
    ):
        answer = ana.get(path)
        if answer.status < 400 or "root:" in answer.body or "[database]" in answer.body:
            wrong.append((path, answer.status))
    require(not wrong, f"{wrong}")
    return "8 paths refused"


@attack(37)
def read_in_two_ways(stage: Stage) -> str:
    inner = b"GET /console/ HTTP/1.1\r\nHost: x\r\n\r\n"
    size = str(len(inner)).encode()
    heads = {
        "CL and TE": b"Content-Length: " + size + b"\r\nTransfer-Encoding: chunked\r\n",
        "two lengths": b"Content-Length: 0\r\nContent-Length: " + size + b"\r\n",
        "TE in disguise": b"Transfer-Encoding : chunked\r\n",
        "TE twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
        "xchunked": b"Transfer-Encoding: xchunked\r\n",
        "signed length": b"Content-Length: +" + size + b"\r\n",
        "folded": b"X: y\r\n Content-Length: " + size + b"\r\n",
        "two hosts": b"Host: y\r\n",
    }
    said, wrong = {}, []
    for name, head in heads.items():
        answer = by_hand(
            stage.facts.url,
            b"POST /healthz HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n" + inner,
            seconds=2,
        )
        said[name] = answer.count(b"HTTP/1.1 ")
        if said[name] > 1:
            wrong.append((name, said[name]))
    require(not wrong, f"{wrong} answers to one request")
    return f"{len(heads)} ambiguous requests, one answer each at most; Caddy's file is in docs/install.md"


@attack(38)
def odd_methods(stage: Stage) -> str:
    ana = Visitor(stage.facts.url).sign_in(stage.facts.accounts["ana"])
    wrong: list[tuple[object, int]] = []
    live = stage.facts.ours["live_id"]
    for method in ("TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "DEBUG"):
        answer = ana.ask(method, f"/console/alerts/{live}")
        if answer.status < 400 or "Cookie" in answer.body:
            wrong.append((method, answer.status))
    for headers in (
        {"X-HTTP-Method-Override": "POST"},
        {"X-HTTP-Method": "DELETE"},
        {"X-Method-Override": "PUT"},
    ):
        answer = ana.ask("GET", f"/console/alerts/{live}/stop", headers=headers)
        if answer.status != 405:
            wrong.append((headers, answer.status))
    old = by_hand(stage.facts.url, b"GET /console/ HTTP/1.0\r\n\r\n", seconds=2)
    require(not wrong, f"{wrong}")
    require(
        old.startswith((b"HTTP/1.0 303", b"HTTP/1.1 303")),
        f"HTTP/1.0: {old[:40]!r}",
    )
    return "7 methods and 3 overrides refused; HTTP/1.0 meets the same door"


@attack(39)
def unsubscribing(stage: Stage) -> str:
    path, other = f"/u/{stage.facts.token}", f"/u/{stage.facts.other_token}"

    def stops() -> int:
        return int(
            stage.scalar("SELECT count(*) FROM address_standings WHERE standing = 'opted_out'")
        )

    before, looker = stops(), Visitor(stage.facts.url)
    for _ in range(3):
        looker.get(path)
    require(stops() == before, "a look unsubscribes")
    forged = [
        looker.ask("POST", f"/u/{token}").status
        for token in (_another(stage.facts.token), "1" * 12, "x")
    ]
    require(stops() == before and 404 in forged, f"forged tokens: {forged}")
    one_click = {"Content-Type": "application/x-www-form-urlencoded"}
    said = [
        looker.ask("POST", path, b"List-Unsubscribe=One-Click", headers=one_click).status
        for _ in range(2)
    ]
    after = stops()
    require(
        after > before and all(200 <= each < 300 for each in said), f"one click was answered {said}"
    )
    looker.ask(
        "POST",
        path,
        b"List-Unsubscribe=One-Click&email=ben@example.org&token=" + other.encode(),
        headers=one_click,
    )
    require(stops() == after, "a token reaches somebody else")
    return "GET only shows, POST acts once, a token touches its owner alone"


def _another(token: str) -> str:
    """The token but for its last character."""
    return token[:-1] + ("y" if token.endswith("x") else "x")
