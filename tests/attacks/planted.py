"""A tiny service full of holes: a scanner that finds nothing here proves nothing elsewhere."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOLES = frozenset({"SQL Injection", "Open Redirect", "Reflected Cross Site Scripting"})
FORM = (
    '<form action="/people"><input name="q" value="a"></form><a href="/go?next=/people">people</a>'
)


class FullOfHoles(BaseHTTPRequestHandler):
    """Puts what it is told into SQL, into its pages and into its redirects."""

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        if where.path == "/go":
            self.send_response(302)
            self.send_header("Location", asked.get("next", "/").replace("\n", ""))
            self.end_headers()
            return
        self._say(f"{FORM}<p>{asked.get('q', '')}</p><p>{self._look_up(asked.get('q', ''))}</p>")

    def _look_up(self, name: str) -> str:
        with sqlite3.connect(":memory:") as conn:
            conn.executescript("CREATE TABLE people (name); INSERT INTO people VALUES ('a'), ('b')")
            try:
                return str(
                    conn.execute(f"SELECT name FROM people WHERE name = '{name}'").fetchall()
                )
            except sqlite3.Error as error:
                return f"sqlite3.OperationalError: {error}"

    def _say(self, page: str) -> None:
        said = f"<!DOCTYPE html><title>People</title>{page}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_told: object) -> None:
        """Say nothing among the scanners' own words."""


@contextmanager
def full_of_holes() -> Iterator[str]:
    """Its address, for as long as the context is open."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FullOfHoles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
