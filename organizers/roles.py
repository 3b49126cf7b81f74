"""Who may do what: roles by project, and what each of them allows.

To write is not to send, and to send is not to take people's addresses out of the house: whoever
exports has been given that apart from any role.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, or_, true

NETWORKS = 0  # stands for the network itself wherever projects are listed

# Projects, ``NETWORKS`` among them for what is the network's own; None for everything there is.
Within = Sequence[int] | None


class May(StrEnum):
    """What somebody may do with what belongs to a project."""

    SEE = "see"
    WRITE = "write"  # drafts, people, imports, an answer to one person who wrote
    SEND = "send"  # launch, pause, stop
    EXPORT = "export"  # take people's addresses out of the house
    ADMIN = "admin"  # members, settings, the record


class Role(StrEnum):
    """What somebody is in a project."""

    VIEWER = "viewer"
    DRAFTER = "drafter"
    SENDER = "sender"
    ADMIN = "admin"


ALLOWS: Mapping[Role, frozenset[May]] = {
    Role.VIEWER: frozenset({May.SEE}),
    Role.DRAFTER: frozenset({May.SEE, May.WRITE}),
    Role.SENDER: frozenset({May.SEE, May.WRITE, May.SEND}),
    Role.ADMIN: frozenset({May.SEE, May.WRITE, May.SEND, May.ADMIN}),
}
# What nobody does on the strength of a password alone (ASVS 5.0, 6.3.3).
GUARDED = frozenset({May.SEND, May.EXPORT, May.ADMIN})


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in one project, and whether its people's addresses may be exported."""

    role: Role
    exports: bool = False

    @property
    def allows(self) -> frozenset[May]:
        """All that it allows."""
        return ALLOWS[self.role] | ({May.EXPORT} if self.exports else frozenset())


# What somebody is, by project; ``NETWORKS`` for the network's office.
Grants = Mapping[int, Grant]


def allowed(grants: Grants, may: May) -> tuple[int, ...]:
    """The projects in which these grants allow something."""
    return tuple(sorted(project for project, grant in grants.items() if may in grant.allows))


def is_guarded(grants: Grants) -> bool:
    """Whether these grants allow something for which a password alone is too little."""
    return any(grant.allows & GUARDED for grant in grants.values())


def as_key(within: Within) -> tuple[int, ...] | None:
    """Projects as a key by which a statement about them may be kept, as to put it together takes time."""
    return None if within is None else tuple(within)


def owned(project: SQLColumnExpression[Any], within: Within) -> ColumnElement[bool]:
    """That something belongs to these projects; ``project`` is NULL for what is the network's."""
    if within is None:
        return true()
    theirs = project.in_([each for each in within if each != NETWORKS])
    return or_(theirs, project.is_(None)) if NETWORKS in within else theirs
