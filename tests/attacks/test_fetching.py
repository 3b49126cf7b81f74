"""Nothing that a message, a link or a webhook points to is ever fetched by us (cases 44 and 60)."""

from __future__ import annotations

import ast
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select
from twilio.request_validator import RequestValidator

from database.opening import Opened
from messages.links import person_token, save_links
from messages.models import Reply
from tests.builders import make_contact, make_delivery, make_message
from tests.web.serving import LINKS_SECRET, PUBLIC_URL, serving

ROOT = Path(__file__).parents[2]
TOKEN, PHONE = "t" * 32, "+16082345678"
# Who may speak to other machines, and to which: the ones that the settings name.
FETCHING = {
    "messages/providers/sendgrid_lists.py",
    "messages/providers/twilio_list.py",
    "messages/providers/smtp.py",
    "messages/providers/simulator.py",
    "messages/providers/wire.py",
}
CLIENTS = {"aiohttp", "httpx", "requests", "urllib.request", "http.client", "aiosmtplib"}


@contextmanager
def listening() -> Iterator[list[str]]:
    """A port of this machine that notes who comes; the address to lure us to."""
    came: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.05)
        stop = threading.Event()

        def wait() -> None:
            while not stop.is_set():
                try:
                    door.accept()[0].close()
                except TimeoutError:
                    continue
                came.append("somebody")

        thread = threading.Thread(target=wait)
        thread.start()
        came.append(f"http://127.0.0.1:{door.getsockname()[1]}/latest/meta-data")
        try:
            yield came
        finally:
            stop.set()
            thread.join()


async def test_a_pictures_address_is_kept_and_not_opened(opened: Opened, now: datetime) -> None:
    await opened.database.write(lambda conn: make_contact(conn, phone=PHONE))
    with listening() as came:
        lure = came.pop()
        form = {"MessageSid": "SM1", "From": PHONE, "To": "+16085550100", "Body": "look"}
        form |= {"NumMedia": "2", "MediaUrl0": lure, "MediaUrl1": "http://169.254.169.254/"}
        url = f"{PUBLIC_URL}/webhooks/twilio/inbound"
        signature = RequestValidator(TOKEN).compute_signature(url, form)
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with serving(opened, now, twilio_tokens=(TOKEN,)) as client:
            answer = await client.post(
                "/webhooks/twilio/inbound", data=urlencode(form), headers=headers
            )

    assert answer.status == 200
    assert await opened.database.read(lambda conn: conn.scalar(select(Reply.body))) == "look"
    assert came == []


async def test_a_tracked_link_sends_the_browser_there_and_not_us(
    opened: Opened, now: datetime
) -> None:
    with listening() as came:
        lure = came.pop()

        def prepare(conn: object) -> tuple[int, int]:
            message = make_message(conn)  # type: ignore[arg-type]
            ids = save_links(conn, message, [f"See {lure}"], public_url=PUBLIC_URL)  # type: ignore[arg-type]
            return make_delivery(conn, message, make_contact(conn)), ids[lure]  # type: ignore[arg-type]

        delivery, link = await opened.database.write(prepare)
        async with serving(opened, now) as client:
            path = f"/r/{person_token(LINKS_SECRET, delivery)}/{link}"
            answer = await client.get(path, allow_redirects=False)

    assert answer.headers["Location"] == lure
    assert came == []


def test_only_providers_speak_to_other_machines() -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in (
            "actions",
            "alerts",
            "campaigns",
            "contacts",
            "messages",
            "organizers",
            "representatives",
        )
        for path in (ROOT / room).rglob("*.py")
        if _imports(path) & CLIENTS
    }

    assert found == FETCHING


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
