"""A million invented people in seconds: written by the database itself, the same ones every time.

Each has a phone and an email, both with consent network-wide, a ZIP, state and district, a zone set
and a language. Sixteen projects have from 30 % of everybody to 0.2 %, forty tags from 28 % to 0.8 %, so
that a person carries three on average.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, create_engine, event, insert, text

from contacts.models import Project, Tag
from database.embedded import open_engine
from database.engine import is_sqlite
from database.opening import prepare
from representatives.models import ZoneSet

PROJECTS = 16
TAGS = 40
PLACES = 1000
JOINED = datetime(2026, 1, 5, tzinfo=UTC)

# Share of people in a thousand, zones, first three digits of a ZIP, districts.
STATES: Mapping[str, tuple[int, str, int, int]] = {
    "CA": (150, "America/Los_Angeles", 902, 52),
    "TX": (90, "America/Chicago", 752, 38),
    "FL": (70, "America/New_York", 331, 28),
    "NY": (70, "America/New_York", 100, 26),
    "IL": (70, "America/Chicago", 606, 17),
    "WI": (60, "America/Chicago", 537, 8),
    "PA": (50, "America/New_York", 191, 17),
    "MA": (50, "America/New_York", 21, 9),
    "OH": (40, "America/New_York", 441, 15),
    "WA": (40, "America/Los_Angeles", 981, 10),
    "MN": (40, "America/Chicago", 554, 8),
    "MI": (40, "America/Detroit", 482, 13),
    "KS": (30, "America/Chicago", 672, 4),
    "IN": (30, "America/Indiana/Indianapolis", 462, 9),
    "CO": (30, "America/Denver", 802, 8),
    "AZ": (30, "America/Phoenix", 850, 9),
    "OR": (30, "America/Los_Angeles", 972, 6),
    "ME": (20, "America/New_York", 44, 2),
    "NM": (20, "America/Denver", 871, 3),
    "TN": (20, "America/Chicago America/New_York", 372, 9),
    "AK": (10, "America/Anchorage", 995, 0),
    "HI": (10, "Pacific/Honolulu", 968, 2),
}
NAMES = [
    "Amina",
    "Ben",
    "Chloe",
    "Dora",
    "Eva",
    "Félix",
    "Guadalupe",
    "Hugo",
    "Inés",
    "José",
    "Karin",
    "Luz",
    "Mona",
    "Noé",
    "Olga",
    "Pablo",
]
FAMILIES = [
    "Rivas",
    "Lund",
    "Menjívar",
    "Okafor",
    "Schmidt",
    "Chávez",
    "Miller",
    "Ayala",
    "Weiss",
    "Guardado",
]

# Multiplying by a large prime scatters running numbers; each purpose has a prime of its own.
PRIMES = (2654435761, 2246822519, 3266489917)
WORD = 2**32

RUNNING = (
    "WITH RECURSIVE running(i) AS"
    " (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM running WHERE i < :upto)"
)


def populate(url: str, people: int) -> None:
    """Fill a fresh database with so many people (at most seven million), and gather statistics."""
    url = prepare(url)
    with loading(url) as conn:
        _make_places(conn)
        _make_people(conn, people)
        _make_addresses(conn, people)
        _make_projects(conn, people)
        _make_tags(conn, people)
    with loading(url) as conn:
        conn.execute(text("ANALYZE"))


def share(number: int, *, first: float, shrinking: float) -> float:
    """How much of everybody a group has: each has that much less than the one before."""
    return float(first * shrinking**number)


@contextmanager
def loading(url: str) -> Iterator[Connection]:
    """A transaction in a hurry: nothing in it is worth keeping if the machine should fail."""
    engine = open_engine(url) if is_sqlite(url) else create_engine(url)
    if is_sqlite(url):
        event.listen(engine, "connect", _in_a_hurry)
    with engine.begin() as conn:
        if not is_sqlite(url):
            conn.execute(text("SET LOCAL session_replication_role = replica"))  # references hold
            conn.execute(text("SET LOCAL work_mem = '256MB'"))
        yield conn
    engine.dispose()


def _in_a_hurry(dbapi: Any, _record: Any) -> None:
    hurried = ("foreign_keys = OFF", "synchronous = OFF", "cache_size = -800000")
    for pragma in (*hurried, "temp_store = MEMORY"):
        dbapi.execute(f"PRAGMA {pragma}")


def _scattered(number: str, purpose: int, among: int) -> str:
    """SQL for a number below ``among`` that looks random, out of a running one."""
    return f"((({number} * {PRIMES[purpose]}) % {WORD}) * {among} / {WORD})"


def _make_places(conn: Connection) -> None:
    """A thousand places, as many in a state as it has people in a thousand."""
    conn.execute(
        text(
            "CREATE TEMPORARY TABLE places (number INTEGER PRIMARY KEY, zip TEXT, state TEXT,"
            " district INTEGER, zone_set_id INTEGER)"
        )
    )
    zones = {zones for _, zones, _, _ in STATES.values()}
    conn.execute(insert(ZoneSet), [{"zones": each} for each in sorted(zones)])
    ids = {row.zones: row.id for row in conn.execute(text("SELECT id, zones FROM zone_sets"))}
    statement = "INSERT INTO places VALUES (:number, :zip, :state, :district, :zone_set_id)"
    conn.execute(text(statement), list(_places(ids)))


def _places(zone_sets: Mapping[str, int]) -> Iterator[dict[str, object]]:
    numbers = iter(range(PLACES))
    for state, (people, zones, prefix, districts) in STATES.items():
        for nth in range(people):
            yield {
                "number": next(numbers),
                "zip": f"{prefix:03}{nth % 100:02}",
                "state": state,
                "district": nth % districts + 1 if districts else 0,
                "zone_set_id": zone_sets[zones],
            }


def _make_people(conn: Connection, people: int) -> None:
    statement = "CREATE TEMPORARY TABLE names (number INTEGER PRIMARY KEY, given TEXT, family TEXT)"
    conn.execute(text(statement))
    both = [(given, family) for given in NAMES for family in FAMILIES]
    rows = [{"n": number, "g": given, "f": family} for number, (given, family) in enumerate(both)]
    conn.execute(text("INSERT INTO names VALUES (:n, :g, :f)"), rows)
    conn.execute(
        text(
            "INSERT INTO contacts (id, given_name, family_name, language, zip, city, state,"
            " district, district_how, zone_set_id, search_text, joined_on, created_at)"
            f" {RUNNING} SELECT i, given, family,"
            f" CASE WHEN {_scattered('i', 0, 100)} < 18 THEN 'es' ELSE 'en' END,"
            " zip, 'Springfield', state, district, 'zip_single', zone_set_id,"
            " lower(given || ' ' || family) || ' springfield', '2026-01-05', :at FROM running"
            f" JOIN places ON places.number = {_scattered('i', 1, PLACES)}"
            f" JOIN names ON names.number = {_scattered('i', 2, len(rows))} ORDER BY i"
        ),
        {"upto": people, "at": _stored(conn)},
    )
    if conn.dialect.name != "sqlite":
        numbered = "SELECT setval(pg_get_serial_sequence('contacts', 'id'), :upto)"
        conn.execute(text(numbered), {"upto": people})


def _make_addresses(conn: Connection, people: int) -> None:
    """A neighbour in the list is none in the phone book, so that nothing is read in order for free."""
    number = f"(id * {PRIMES[1]}) % {people}"
    for channel, address in (
        ("sms", f"'+1608' || (2000000 + {number})"),
        ("email", f"'person' || ({number}) || '@example.org'"),
    ):
        conn.execute(
            text(
                "INSERT INTO addresses (contact_id, channel, address, rank)"
                f" SELECT id, '{channel}', {address}, 0 FROM contacts ORDER BY id"
            )
        )
    conn.execute(
        text(
            "INSERT INTO consents (channel, address, scope, standing, source, evidence, actor, at)"
            " SELECT channel, address, 'network', 'granted', 'import', 'signed at the assembly',"
            " 'benchmark', :at FROM addresses ORDER BY id"
        ),
        {"at": _stored(conn)},
    )
    conn.execute(
        text(
            "INSERT INTO address_standings (channel, address, scope, standing, since)"
            " SELECT channel, address, 'network', 'granted', :at FROM addresses ORDER BY id"
        ),
        {"at": _stored(conn)},
    )


def _make_projects(conn: Connection, people: int) -> None:
    for number in range(PROJECTS):
        row = {
            "slug": f"project-{number}",
            "name": f"Springfield – Arcatao {number}",
            "us_city": "Springfield",
            "us_state": "WI",
            "community": "Arcatao",
            "region": "Chalatenango",
            "sms_sender": "",
            "email_sender": "",
            "shares_list": True,
            "joins_red": False,
            "created_at": JOINED,
        }
        project_id = conn.execute(insert(Project).values(row).returning(Project.id)).scalar_one()
        members = share(number, first=0.3, shrinking=0.72)
        _join(conn, "memberships (project_id, contact_id)", project_id, members, people)


def _make_tags(conn: Connection, people: int) -> None:
    for number in range(TAGS):
        row = {"name": f"tag {number}", "folded": f"tag {number}"}
        tag_id = conn.execute(insert(Tag).values(row).returning(Tag.id)).scalar_one()
        carrying = share(number, first=0.28, shrinking=0.91)
        _join(conn, "contact_tags (tag_id, contact_id)", tag_id, carrying, people, PROJECTS)


def _join(
    conn: Connection, into: str, group_id: int, members: float, people: int, earlier: int = 0
) -> None:
    """Put that share of people into a group, nobody twice: a multiplier of its own scatters them."""
    statement = (
        f"INSERT INTO {into} {RUNNING} SELECT :group, contact_id FROM"
        " (SELECT (i * :factor) % :people + 1 AS contact_id FROM running) AS scattered"
        " ORDER BY contact_id"
    )
    values = {
        "upto": round(people * members),
        "group": group_id,
        "factor": pow(PRIMES[0], earlier + group_id, people),
        "people": people,
    }
    conn.execute(text(statement), values)


def _stored(conn: Connection) -> object:
    """A time as each database keeps it, past the types that would see to it."""
    return JOINED if conn.dialect.name != "sqlite" else "2026-01-05 00:00:00.000000"
