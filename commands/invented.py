"""Invented people for the demonstration, in the network's real pairs of sister communities.

Nobody here exists: names are drawn from lists, numbers are of the 555-01xx kind that is kept for
fiction, email addresses end in example.org.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from contacts.people import Person
from contacts.projects import ProjectDraft
from representatives.loading import apply
from representatives.maps import congress_at, map_of
from representatives.reading import read_snapshot

OFFICIALS = Path(__file__).parents[1] / "representatives" / "examples"

LINES = 100  # 555-0100 to 555-0199, per area code


@dataclass(frozen=True)
class Place:
    """A sister-city project and where its people live."""

    project: ProjectDraft
    area_code: str
    zips: tuple[str, ...]


def load_officials(conn: Connection, now: datetime) -> None:
    """Load the invented members as if they were elected to the Congress that sits."""
    snapshot, sits = read_snapshot(OFFICIALS), map_of(congress_at(now))
    ends = sits.valid_to.date()
    snapshot.holders = {
        seat: replace(term, ends_on=max(term.ends_on or ends, ends))
        for seat, term in snapshot.holders.items()
    }
    apply(conn, snapshot, now, source=OFFICIALS.name, congress=sits.congress)


def _place(
    city: str, state: str, community: str, area_code: str, zips: str, since: int | None = None
) -> Place:
    project = ProjectDraft(
        name=f"{city} – {community}",
        us_city=city,
        us_state=state,
        community=community,
        since=since,
    )
    return Place(project, area_code, tuple(zips.split()))


PLACES = (
    _place("Arlington", "MA", "Teosinte", "781", "02474 02476"),
    _place("Austin", "TX", "El Guajoyo", "512", "78701 78702 78703 78704 78741 78745"),
    _place("Bangor", "ME", "Carasque", "207", "04401 04402", 1991),
    _place("Binghamton", "NY", "El Charcón", "607", "13901 13903 13905", 1992),
    _place("Cambridge", "MA", "San José Las Flores", "617", "02138 02139 02140 02141", 1987),
    _place("Chicago", "IL", "Cinquera", "312", "60601 60608 60614 60622 60625 60647"),
    _place("Madison", "WI", "Arcatao", "608", "53703 53704 53711 53713"),
    _place(
        "Philadelphia", "PA", "Las Anonas de Santa Cruz", "215", "19103 19104 19121 19143", 1990
    ),
    _place("Lawrence", "KS", "El Papaturro", "785", "66044 66046 66047 66049", 1993),
)

GIVEN = [
    "Alma",
    "Amina",
    "Ana",
    "Bea",
    "Ben",
    "Carlos",
    "Chloe",
    "Daniel",
    "Diego",
    "Edith",
    "Elena",
    "Esteban",
    "Eva",
    "Felipe",
    "Grace",
    "Hana",
    "Inés",
    "Irene",
    "Iván",
    "Jamal",
    "Joan",
    "José",
    "Juana",
    "Karen",
    "Kofi",
    "Lena",
    "Lucía",
    "Luis",
    "Mabel",
    "Marta",
    "Mateo",
    "Mei",
    "Miriam",
    "Nadia",
    "Noah",
    "Nora",
    "Óscar",
    "Pablo",
    "Paz",
    "Pedro",
    "Priya",
    "Ramón",
    "Rosa",
    "Ruth",
    "Sam",
    "Sara",
    "Tomás",
    "Vera",
    "Walter",
    "Ximena",
    "Yara",
    "Zoe",
]
FAMILY = [
    "Abrego",
    "Alvarado",
    "Baker",
    "Barrera",
    "Castillo",
    "Chen",
    "Cruz",
    "Dubois",
    "Escalante",
    "Flores",
    "Franco",
    "Guardado",
    "Hall",
    "Hernández",
    "Jensen",
    "Kim",
    "Landaverde",
    "López",
    "Martin",
    "Menjívar",
    "Miller",
    "Morales",
    "Nguyen",
    "O'Brien",
    "Orellana",
    "Patel",
    "Peña",
    "Quintanilla",
    "Ramírez",
    "Rivas",
    "Rivera",
    "Romero",
    "Schmidt",
    "Serrano",
    "Smith",
    "Tobar",
    "Vásquez",
    "Wójcik",
    "Young",
    "Zelaya",
]

# How the invented lists are, as real ones are: not everybody has everything.
SPANISH, NO_PHONE, NO_EMAIL, NO_CITY, NO_NAME, SHARED = 0.38, 0.10, 0.08, 0.12, 0.03, 0.03


@dataclass(frozen=True)
class Invented:
    """An invented person, and whether they agreed, or said stop."""

    person: Person
    place: Place
    agreed: bool = True
    said_stop: bool = False


def people(count: int, *, seed: int = 2007) -> Iterator[Invented]:
    """So many invented people, the same ones each time, spread over all places."""
    chance = random.Random(seed)  # noqa: S311 - invents people, guards nothing
    phones: dict[str, list[str]] = {}
    for number in range(count):
        place = PLACES[number % len(PLACES)]
        known = phones.setdefault(place.area_code, [])
        yield _one(chance, place, known, number)


def _one(chance: random.Random, place: Place, known: list[str], number: int) -> Invented:
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    has_phone = chance.random() >= NO_PHONE
    person = Person(
        given_name="" if chance.random() < NO_NAME else given,
        family_name=family,
        language="es" if chance.random() < SPANISH else "en",
        zip=chance.choice(place.zips),
        city="" if chance.random() < NO_CITY else place.project.us_city,
        phone=_phone(chance, place, known) if has_phone else "",
        email=_email(given, family, number) if not has_phone or chance.random() >= NO_EMAIL else "",
    )
    said = chance.random()
    return Invented(person, place, agreed=said > 0.04, said_stop=0.04 < said < 0.08)  # noqa: PLR2004 - four in a hundred each


def _phone(chance: random.Random, place: Place, known: list[str]) -> str:
    """The place's next fictional number, or a household's that is in use already."""
    if known and (len(known) == LINES or chance.random() < SHARED):
        return chance.choice(known)
    known.append(f"+1{place.area_code}555{len(known) + 100:04d}")
    return known[-1]


def _email(given: str, family: str, number: int) -> str:
    plain = str.maketrans("áéíóúñÓ'ąćłó", "aeiounO_aclo")
    return f"{given}.{family}{number}@example.org".translate(plain).replace("_", "").lower()
