"""A network with two committees in a real service, for strangers and neighbours to try their hands on."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, text

from contacts.models import Channel
from database.embedded import open_engine
from database.opening import prepare, secret
from messages.links import person_token
from messages.models import MessageStatus, Status
from organizers import factors
from organizers.models import RecoveryCode
from organizers.passwords import hashed
from organizers.roles import Role
from tests import quick_hashes
from tests.builders import (
    address_of,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
    make_organizer,
    make_project,
)
from tests.fakes.courier import event_public_key
from tests.processes import House, Running, free_port
from tests.web.console.test_isolation import make_theirs

PASSWORD = "four words that nobody guesses"
with (
    quick_hashes.thorough()
):  # the service under attack is to have as much work with it as with nobody's
    HASH = hashed(PASSWORD)
PUBLIC_URL = "https://llamado.example.org"
TWILIO_TOKEN = "t" * 32
SENDGRID_SEED = "5e" * 32
INBOUND_SECRET = "a-long-secret-path"
SIGN_INS = 60  # that one may make in a run
MARK = "zqxj"  # begins what is planted, so that it is found again


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    id: int
    email: str
    totp_secret: str = ""
    recovery_codes: list[str] = field(default_factory=list)  # each good for one sign-in


@dataclass(frozen=True)
class Facts:
    """What an attack may know, and where to look whether it did harm."""

    url: str
    database: str
    accounts: dict[str, Account]
    ours: dict[str, int]  # Madison's objects, by the names that routes have for them
    theirs: dict[str, int]  # Bangor's
    token: str  # of a personal link
    other_token: str
    slug: str  # of a shared page
    phone: str
    public_url: str = PUBLIC_URL
    log: str = ""

    def write(self, path: Path) -> None:
        """For another process to attack the same service."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Facts:
        """What ``write`` wrote."""
        told = json.loads(path.read_text("utf-8"))
        accounts = {name: Account(**each) for name, each in told.pop("accounts").items()}
        return cls(accounts=accounts, **told)


@dataclass
class Stage:
    """A running service and what is known about it."""

    facts: Facts
    engine: Engine
    service: Running | None = None

    def scalar(self, statement: str, **values: Any) -> Any:
        """One value from the database, to see whether harm was done."""
        with self.engine.connect() as conn:
            return conn.execute(text(statement), values).scalar()

    def write(self, statement: str, **values: Any) -> None:
        """Change the database as time or a person would have."""
        with self.engine.begin() as conn:
            conn.execute(text(statement), values)

    @property
    def said(self) -> str:
        """What the service has written to its log."""
        return self.service.said if self.service else ""


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Prepare a database, start the service on it, and stop it afterwards."""
    port = free_port()
    url = f"sqlite:///{folder / 'llamado.db'}"
    prepare(url)
    engine = open_engine(url)
    with engine.begin() as conn:
        facts = fill(conn, f"http://127.0.0.1:{port}", url)
    house = House(folder, url, port=port)
    house.settings |= {
        "LLAMADO_NETWORK__PUBLIC_URL": PUBLIC_URL,
        "LLAMADO_NETWORK__NAME": "Sister Cities",
        "LLAMADO_TWILIO__AUTH_TOKEN": TWILIO_TOKEN,
        "LLAMADO_SENDGRID__EVENT_PUBLIC_KEY": event_public_key(SENDGRID_SEED),
        "LLAMADO_SENDGRID__INBOUND_SECRET": INBOUND_SECRET,
        "LLAMADO_SENDING__UNDO_SECONDS": "60",
    }
    service = house.serve()
    try:
        yield Stage(facts, engine, service)
    finally:
        service.stop()
        engine.dispose()


def fill(conn: Connection, base: str, url: str) -> Facts:
    """Two committees with their people and messages; what an attack may know of them."""
    now = datetime.now(UTC)
    load_invented_officials(conn)
    madison = make_project(conn, "Madison – Arcatao", shares_list=False)
    bangor = make_project(conn, "Bangor – Carasque", shares_list=False)
    accounts = {
        "ana": _account(conn, "ana", [madison], Role.ADMIN),
        "vera": _account(conn, "vera", [madison], Role.VIEWER),
        "berta": _account(conn, "berta", [bangor], Role.ADMIN),
        "olga": _account(conn, "olga", [], Role.ADMIN, network=True),
    }
    ours, theirs = make_theirs(conn, now, madison), make_theirs(conn, now, bangor)
    contact = make_contact(conn, "María", projects=[madison])
    make_contact(conn, "Betina", projects=[bangor])
    alert = make_alert(conn, project_id=madison, status=MessageStatus.SENDING)
    sent, other = (
        make_delivery(conn, alert.message_id, one, status=Status.SENT)
        for one in (contact, make_contact(conn, "Ben", projects=[madison]))
    )
    draft, unapproved = (
        make_alert(conn, project_id=madison, status=MessageStatus.DRAFT, launched_at=None)
        for _ in range(2)
    )
    key = secret(conn, "links")
    return Facts(
        url=base,
        database=url,
        accounts=accounts,
        ours={
            **ours.ids,
            "draft_id": draft.alert_id,
            "unapproved_id": unapproved.alert_id,
            "live_id": alert.alert_id,
            "sent_copy_id": sent,
        },
        theirs=theirs.ids,
        token=person_token(key, sent),
        other_token=person_token(key, other),
        slug=alert.slug,
        phone=address_of(conn, contact, Channel.SMS) or "",
    )


def _account(
    conn: Connection, name: str, projects: list[int], role: Role, *, network: bool = False
) -> Account:
    email, totp_secret = f"{name}@example.org", factors.new_secret()
    organizer_id = make_organizer(
        conn,
        name.capitalize(),
        email=email,
        password_hash=HASH,
        projects=projects,
        role=role,
        network=network,
        totp_secret=totp_secret,
    )
    codes = [f"code{secrets.token_hex(8)}" for _ in range(SIGN_INS)]
    kept = [sha256(code.encode()).hexdigest() for code in codes]
    rows = [{"code_hash": each, "organizer_id": organizer_id} for each in kept]
    conn.execute(insert(RecoveryCode), rows)
    return Account(organizer_id, email, totp_secret, codes)
