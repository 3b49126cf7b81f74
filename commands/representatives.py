"""Commands about members and districts: what a supporter at a ZIP sees."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy import Connection

from actions.models import TargetRule
from actions.targets import of_congress
from commands.session import AsJson, now, print_json, read, require_language, say
from contacts.addresses import normalise_zip
from representatives.answering import Answer, Directory
from representatives.maps import map_of
from web.public.wording import PlaceWords, place_words

LANGUAGES = ("en", "es")

Seen = tuple[Answer, dict[str, PlaceWords]]


def lookup(
    zips: Annotated[list[str], typer.Argument(metavar="ZIP…", help="ZIP codes, five digits each.")],
    *,
    language: Annotated[str, typer.Option(help="en or es; both if it is not said.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what supporters at these ZIP codes see, in the words of the action page."""
    if language:
        require_language(language, LANGUAGES)
    wanted = [normalise_zip(each) for each in zips]
    languages = (language,) if language else LANGUAGES
    found = read(lambda conn: seen(conn, wanted, languages))
    if as_json:
        print_json([_plain(answer, words) for answer, words in found])
        return
    for answer, words in found:
        _show(answer, words)


def seen(conn: Connection, zips: list[str], languages: tuple[str, ...]) -> list[Seen]:
    """What is known of each ZIP, and what a supporter there is told, by language."""
    at = now()
    found = []
    for answer in Directory().answers(conn, zips, now=at):
        targets = of_congress(conn, TargetRule.CONGRESS, answer.place, now=at)
        words = {each: place_words(answer.zip, targets, each) for each in languages}
        found.append((answer, words))
    return found


def _plain(answer: Answer, words: dict[str, PlaceWords]) -> dict[str, object]:
    """For a program to read; sets in a fixed order."""
    place = {**asdict(answer.place), "zones": sorted(answer.place.zones)}
    seats = [each.seat_id for each in answer.officials]
    lines = asdict(map_of(answer.place.congress))
    told = {language: asdict(each) for language, each in words.items()}
    return {"zip": answer.zip, "place": place, "lines": lines, "seats": seats, "seen": told}


def _show(answer: Answer, words: dict[str, PlaceWords]) -> None:
    place = answer.place
    where = "open" if place.district is None else f"{place.state}-{place.district}"
    zones = ", ".join(sorted(place.zones))
    say(f"[bold]{answer.zip}[/bold]  {where} ({place.how})  {zones}")
    for language, seen_words in words.items():
        for line in _lines(seen_words):
            say(f"  {language}  {escape(line)}")


def _lines(words: PlaceWords) -> list[str]:
    told = [words.told] if words.told else []
    choices = [f"( ) {each}" for each in (*words.choices, *words.states)]
    return [*told, *choices, *(f"☎ {each}" for each in words.offices)]
