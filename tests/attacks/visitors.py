"""Who comes to the door: a browser with its cookies, and a hand that writes bytes by itself."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlencode, urlsplit

from tests.attacks.stage import PASSWORD, Account

COOKIE = "__Host-llamado"
SAME = {"Sec-Fetch-Site": "same-origin"}
_addresses = count(1)
Form = Mapping[str, str] | Sequence[tuple[str, str]]


class Open(AssertionError):
    """The attack went through; the sentence says how."""


def require(holds: object, otherwise: str) -> None:
    """Raise Open unless the house held."""
    if not holds:
        raise Open(otherwise)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    cookies: Sequence[str]
    body: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass
class Visitor:
    """A browser; by default each from a network address of its own."""

    base: str
    address: str = ""
    cookie: str = ""
    csrf: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        number = next(_addresses)
        self.address = self.address or f"198.51.{100 + number // 250}.{number % 250 + 1}"

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, form: Form = (), *, token: bool = True, **headers: str) -> Answer:
        """Send a form as a page of ours would, with the session's token."""
        pairs = list(form.items() if isinstance(form, Mapping) else form)
        if token and self.csrf:
            pairs = [("csrf", self.csrf), *pairs]
        body = urlencode(pairs).encode()
        named = {"Content-Type": "application/x-www-form-urlencoded", **SAME, **headers}
        return self.ask("POST", path, body, headers=named)

    def ask(
        self, method: str, path: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        where = urlsplit(self.base)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
        told = {"X-Forwarded-For": self.address, **(headers or {})}
        told = {name.replace("_", "-"): value for name, value in told.items()}
        if self.cookie:
            told["Cookie"] = f"{COOKIE}={self.cookie}"
        try:
            connection.request(method, path, body or None, told)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]
        self._keep(cookies)
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, cookies, text)

    def sign_in(self, account: Account) -> Visitor:
        """Password, then a code that was written down: codes of an app are good once in half a minute."""
        self.post("/console/sign-in", {"email": account.email, "password": PASSWORD})
        done = self.post("/console/sign-in/second", {"code": account.recovery_codes.pop()})
        require(done.status == 303, f"{account.email} could not sign in: {done.status}")
        page = self.get("/console/account").body
        self.csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
        return self

    def _keep(self, cookies: Sequence[str]) -> None:
        for each in cookies:
            name, _, rest = each.partition("=")
            if name == COOKIE:
                self.cookie = rest.partition(";")[0]


def by_hand(base: str, sent: bytes, *, seconds: float = 5.0) -> bytes:
    """Write bytes to the service and read what it says until it closes or falls silent."""
    where = urlsplit(base)
    said = b""
    with socket.create_connection(
        (where.hostname or "", where.port or 80), timeout=seconds
    ) as door:
        door.sendall(sent)
        try:
            while piece := door.recv(65_536):
                said += piece
        except TimeoutError:
            return said
    return said
