"""What is done in the console goes on the record, in the transaction in which it is done.

A route that changes something says under what name; the door reads that, and no page can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import hdrs, web
from sqlalchemy import Connection

from organizers import audit
from web.console import states

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a route does to one object."""

    name: str  # alert.launch; {…} is filled in from the route's variables
    kind: str  # of the object: alert
    makes: bool = False  # the unit's result is the number of a new one, or a list of them


@dataclass(frozen=True, slots=True)
class Acting:
    """Who does it, to what, and when."""

    act: Act
    actor: str
    named: Mapping[str, str]  # the route's variables
    now: datetime


ROLE = "role_"  # and a project's number, in an organizer's state
ACTING: web.RequestKey[Acting] = web.RequestKey("acting", Acting)
DECLARED: dict[tuple[str, Any], Act] = {}  # by method and handler


def recorded(handler: Any, act: Act) -> Any:
    """Say that what a handler of POST requests writes goes on the record; return the handler."""
    DECLARED[hdrs.METH_POST, handler] = act
    return handler


def act_of(request: web.Request) -> Act | None:
    """What a request does, if its route says so."""
    return DECLARED.get((request.method, request.match_info.handler))


def perform(conn: Connection, acting: Acting, unit: Callable[[Connection], T]) -> T:
    """Run a unit of work and put it on the record, both or neither."""
    kind, number = acting.act.kind, _number(acting)
    before = states.look(conn, kind, number) if number else {}
    result = unit(conn)
    for each in _made(result) if acting.act.makes else [number]:
        _note(conn, acting, each, before)
    return result


def _note(conn: Connection, acting: Acting, number: int, before: audit.State) -> None:
    """Put on the record what one object was like before, and is like now."""
    kind = acting.act.kind
    after = states.look(conn, kind, number) if number else {}
    was, became = states.told(kind, before, after)
    for project_id in _projects(after) or _projects(before) or [_serves(before, after)]:
        audit.note(
            conn,
            acting.act.name.format_map(acting.named),
            actor=acting.actor,
            about=f"{kind}:{number}",
            project_id=project_id,
            before=was,
            after=became,
            now=acting.now,
        )


def _made(result: object) -> list[int]:
    """The numbers of what a unit made: those of a list, else its result, or the first of what it tells."""
    if isinstance(result, list):
        return [each for each in result if isinstance(each, int)]
    first = result[0] if isinstance(result, tuple) else result
    return [first if isinstance(first, int) else 0]


def _projects(state: audit.State) -> list[int | None]:
    """Whose object it is: each project of a person in several reads of it in its own record."""
    own = state.get("project_id")
    return [own] if own else list(state.get("projects", ()))


def _serves(before: audit.State, after: audit.State) -> int | None:
    """Of an organizer, the project whose role was changed; else the only one they serve."""
    roles = {name for name in {**before, **after} if name.startswith(ROLE)}
    changed = {name for name in roles if before.get(name) != after.get(name)} or roles
    return int(changed.pop().removeprefix(ROLE)) or None if len(changed) == 1 else None


def _number(acting: Acting) -> int:
    """The object's number, from the route; 0 for one that is yet to be made."""
    return 0 if acting.act.makes else int(acting.named[f"{acting.act.kind}_id"])
