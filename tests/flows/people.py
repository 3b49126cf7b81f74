"""A file of supporters as Action Network exports it, as messy as such files are; seeded.

Everybody in it is invented: numbers are of the 555-01xx kind where possible, else drawn by chance,
and no address is outside example.org.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

HEADINGS = [
    "first_name",
    "last_name",
    "email",
    "zip_code",
    "can2_user_address",
    "can2_user_city",
    "can2_state_abbreviated",
    "country",
    "can2_user_tags",
    "language",
    "can2_subscription_status",
    "can2_sms_status",
    "can2_phone",
    "source_code",
    "created_at",
    "uuid",
]

GIVEN = [
    "Amina",
    "Ben",
    "Chloe",
    "María José",
    "José",
    "Zoë",
    "Xóchitl",
    "Duc",
    "Renée",
    "ANA",
    "luis",
    "Ñusta",
    "Siân",
    "O'Neill",
    "Jean-Luc",
    "Guadalupe",
    "Óscar",
    "Ruth",
    "Samuel",
    "Ngozi",
]
FAMILY = [
    "Rivas",
    "de la Cruz",
    "Martínez-Lara",
    "Smith",
    "Nguyễn",
    "O’Brien",
    "van der Berg",
    "Menjívar",
    "Guardado",
    "Alas",
    "Serrano",
    "Müller",
    "Johnson Jr.",
    "Peña",
    "LÓPEZ",
    "chen",
    "Flores",
    "Ayala",
    "Brown",
    "Romero",
]
AREAS = [
    "202",
    "207",
    "212",
    "215",
    "312",
    "415",
    "512",
    "607",
    "608",
    "617",
    "785",
    "787",
    "808",
    "907",
    "915",
]
ENGLISH, SPANISH = (
    ("en", "EN", "English", "english ", "en-US", ""),
    ("es", "ES", "Español", "Spanish", "es-SV"),
)
BAD_PHONES = (
    "n/a",
    "call me",
    "555-0101",
    "000-000-0000",
    "12345",
    "(608) 555-01",
    "+99 1",
    "same",
)
BAD_EMAILS = (
    "n/a",
    "none",
    "amina@",
    "@example.org",
    "ben at example.org",
    "a b@example.org",
    "x@y",
)
REMEMBERED = 10_000  # of those who may be in the file again
ODD_ZIPS = ("", "", "K1A 0B1", "unknown", "9", "00000", "99999-9999")


@dataclass
class Crowd:
    """Who is in the file, as far as the test must know."""

    rows: int = 0
    stopped: set[str] = field(default_factory=set)  # addresses the file says not to write to


def write_export(path: Path, *, zips: Sequence[str], rows: int = 5000, seed: int = 7) -> Crowd:
    """Write the file, of whatever length; the same seed writes the same people."""
    chance = random.Random(seed)
    crowd, earlier = Crowd(), list[list[str]]()
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(HEADINGS)
        for number in range(rows):
            row = _again(chance, earlier) or _person(chance, number, zips, crowd)
            if number < REMEMBERED:
                earlier.append(row)
            else:  # so that everybody so far is as likely to come again
                place = chance.randrange(number + 1)
                if place < REMEMBERED:
                    earlier[place] = row
            writer.writerow(row)
            if chance.random() < 0.003:
                target.write("\r\n")  # a blank line
            crowd.rows += 1
    return crowd


def _again(chance: random.Random, earlier: Sequence[list[str]]) -> list[str] | None:
    """Now and then somebody is in the file twice, spelled a little differently."""
    if not earlier or chance.random() > 0.04:
        return None
    row = list(chance.choice(earlier))
    row[0], row[2] = row[0].upper(), f" {row[2].upper()} "
    row[8] = "again"
    return row


def _person(chance: random.Random, number: int, zips: Sequence[str], crowd: Crowd) -> list[str]:
    stopped = chance.random() < 0.03
    unsubscribed = chance.random() < 0.03
    phone, email = _phone(chance, number), _email(chance, number)
    crowd.stopped |= {phone[0]} if stopped and phone[0] else set()
    crowd.stopped |= {email.strip().lower()} if unsubscribed else set()
    spoken = SPANISH if chance.random() < 0.35 else ENGLISH
    return [
        chance.choice(GIVEN) if chance.random() > 0.04 else "",
        chance.choice(FAMILY) if chance.random() > 0.08 else "",
        email,
        _zip(chance, zips),
        chance.choice(["", "12 Main St, Apt 3", '5 "Old" Mill Rd', "PO Box 9\nRural Route 2"]),
        chance.choice(["Madison", "BANGOR", " Cambridge ", "", "Nueva York", "Chicago, IL"]),
        chance.choice(["WI", "ME", "", "Mass."]),
        chance.choice(["US", "United States", ""]),
        chance.choice(["", "assembly 2025, agua", "Agua; minería", "donor", "vigilia 🕯️"]),
        chance.choice(spoken),
        "unsubscribed" if unsubscribed else chance.choice(["subscribed", "subscribed", ""]),
        "unsubscribed" if stopped else chance.choice(["subscribed", ""]),
        phone[1],
        chance.choice(["", "table", "web"]),
        "2026-05-01 18:22:03 UTC",
        f"{chance.getrandbits(64):016x}",
    ]


def _phone(chance: random.Random, number: int) -> tuple[str, str]:
    """A number in E.164 ("" if there is none), and as somebody typed it."""
    if chance.random() < 0.06:
        return "", chance.choice(BAD_PHONES)
    if chance.random() < 0.12:
        return "", ""
    if chance.random() < 0.01:
        return "", f"+503 7{number % 1000:03}-{chance.randrange(10_000):04}"
    # A hundred people to an exchange; when all exchanges are through, other lines of them.
    area, exchange = chance.choice(AREAS), 200 + number // 100 % 800
    line = f"{(2000 + number + 100 * (number // 80_000)) % 10_000:04}"
    shapes = (
        "({0}) {1}-{2}",
        "{0}.{1}.{2}",
        "+1{0}{1}{2}",
        "1-{0}-{1}-{2}",
        "{0} {1} {2}",
        " {0}{1}{2} ",
    )
    return f"+1{area}{exchange}{line}", chance.choice(shapes).format(area, exchange, line)


def _email(chance: random.Random, number: int) -> str:
    if chance.random() < 0.05:
        return chance.choice(BAD_EMAILS)
    if chance.random() < 0.06:
        return ""
    name = chance.choice(["amina.rivas", "Ben.Smith", "CHLOE", "zoe+llamado", "peña", "o'neill"])
    return chance.choice(["{}{}@example.org", " {}{}@Example.ORG"]).format(name, number)


def _zip(chance: random.Random, zips: Sequence[str]) -> str:
    if chance.random() < 0.08:
        return chance.choice(ODD_ZIPS)
    code = chance.choice(zips)
    shape = chance.random()
    if shape < 0.1:
        return f"{code}-{chance.randrange(1, 10_000):04}"
    return code.lstrip("0") if shape < 0.3 else code  # as spreadsheets eat leading zeros
