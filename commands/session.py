"""What every command shares: its settings, its database, its way of printing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import orjson
import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import Connection

import logs
from database.opening import Opened, opened, prepare
from fitting import site_for
from settings import Settings, load
from web.console.acts import Act, Acting, perform
from web.keys import Site

T = TypeVar("T")

BY = "command line"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def read_settings() -> Settings:
    """The settings of this installation; the log follows them."""
    settings = load(os.environ)
    logs.configure(settings.logs.level)
    return settings


def with_database(work: Callable[[Opened, Site], Awaitable[T]]) -> T:
    """Run something on the open database, beside a service that may be running on it."""
    return asyncio.run(_with_database(read_settings(), work))


def write(unit: Callable[[Connection], T]) -> T:
    """Run one unit of work in a write transaction."""
    return with_database(lambda here, _: here.database.write(unit))


def read(unit: Callable[[Connection], T]) -> T:
    """Run one unit of work that only reads."""
    return with_database(lambda here, _: here.database.read(unit))


def recorded(act: str, number: int, unit: Callable[[Connection], T]) -> Callable[[Connection], T]:
    """A unit of work that goes on the record as an act on an object; 0 for one that it makes."""
    kind = act.partition(".")[0]
    doing = Act(act, kind, makes=not number)

    def run(conn: Connection) -> T:
        acting = Acting(doing, BY, {f"{kind}_id": str(number)}, now())
        return perform(conn, acting, unit)

    return run


def say(markup: str) -> None:
    """Print a line."""
    Console(emoji=False).print(markup, highlight=False, soft_wrap=True)


def require_language(said: str, known: Sequence[str]) -> None:
    """Refuse a ``--language`` that is not one of these."""
    if said not in known:
        raise typer.BadParameter(f"--language {said} is not one of {', '.join(known)}")


def complain(sentence: str) -> None:
    """Print what went wrong, beside the output; a long line stays one, for logs and for copying."""
    line = Text(sentence, style="red")
    Console(stderr=True).print(line, highlight=False, soft_wrap=True)


def print_json(value: Any, *, in_one_line: bool = False) -> None:
    """Print something for a program to read; one of many comes in one line."""
    options = orjson.OPT_NON_STR_KEYS | (0 if in_one_line else orjson.OPT_INDENT_2)
    typer.echo(orjson.dumps(value, option=options, default=str).decode())


async def _with_database(settings: Settings, work: Callable[[Opened, Site], Awaitable[T]]) -> T:
    url = await asyncio.to_thread(prepare, settings.database.url)
    async with opened(url) as here:
        return await work(here, await site_for(settings, here.database))
