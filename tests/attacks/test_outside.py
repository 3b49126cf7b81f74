"""Every attack that is run from outside, against the real service; and against one that is open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from database.embedded import open_engine
from database.opening import prepare
from tests.attacks import stage as staging
from tests.attacks.cases import ATTACKS
from tests.attacks.outside import OPEN, attack_all
from tests.attacks.pages import living
from tests.attacks.stage import Stage, staged


@pytest.mark.long
def test_no_attack_goes_through(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        through = [each for each in attack_all(stage) if each.verdict == OPEN]

    assert through == []


class Careless(BaseHTTPRequestHandler):
    """Believes everybody, repeats everything, and tells all it knows."""

    def do_GET(self) -> None:
        self._say(200, f"{self.path} {self.headers} Traceback argon2id Bangor – Carasque")

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode("utf-8", "replace")
        target = parse_qs(body).get("next", [""])[0]
        signing_in = urlsplit(self.path).path.endswith("/second")
        self._say(303 if target or signing_in else 200, f"<p>{body}</p>{self.headers}", target)

    def __getattr__(self, name: str) -> Any:
        """Every other method is as good as a look."""
        if name.startswith("do_"):
            return self.do_GET
        raise AttributeError(name)

    def _say(self, status: int, words: str, target: str = "") -> None:
        said = f'<input name="csrf" value="x"><input name="target" value="y">{words}'.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("Set-Cookie", "llamado=chosen; Domain=example.org")
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
        if target:
            self.send_header("Location", target)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_told: object) -> None:
        """Say nothing among the tests' own words."""


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The same stage, on which a careless server stands in our service's place."""
    url = f"sqlite:///{tmp_path_factory.mktemp('careless') / 'llamado.db'}"
    prepare(url)
    engine = open_engine(url)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Careless)
    with closing(server.socket), engine.begin() as conn:
        facts = staging.fill(conn, f"http://127.0.0.1:{server.server_port}", url)
        conn.commit()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Stage(facts, engine)
        finally:
            server.shutdown()
            engine.dispose()


# Inviting (10), a race (48), one connection (37) and load (52, 58) want more of a house than that.
BLIND = frozenset({10, 37, 48, 52, 58})


@pytest.mark.parametrize("number", sorted(set(ATTACKS) - BLIND))
def test_an_attack_sees_an_open_door(careless: Stage, number: int) -> None:
    with pytest.raises(AssertionError):
        ATTACKS[number](careless)


@pytest.mark.parametrize(
    "page",
    [
        "<script>zqxj()</script>",
        "<img src=x onerror=zqxj()>",
        "<svg/onload=zqxj()>",
        '<a href="javascript:zqxj()">x</a>',
        '<p title=""zqxj>',
    ],
)
def test_a_living_script_is_seen(page: str) -> None:
    assert living(page)
