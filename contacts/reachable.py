"""How many people has a project, how many of them have no address we may write to, and no known district?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, func, select

from contacts.changes import Kept
from contacts.consent import suppression
from contacts.models import NETWORK, Address, Contact, Membership, project_scope
from organizers.roles import NETWORKS

_KEPT = Kept(256)  # projects; a network has a few dozen


@dataclass(frozen=True, kw_only=True)
class People:
    """People of a project, in numbers."""

    all: int = 0
    silent: int = 0  # have neither a phone nor an email that we may write to
    placeless: int = 0  # nobody knows who represents them in the House

    def __add__(self, other: People) -> People:
        """Both together; who is in two projects counts twice."""
        return People(
            all=self.all + other.all,
            silent=self.silent + other.silent,
            placeless=self.placeless + other.placeless,
        )


def people_of(conn: Connection, project: int, *, countries: Sequence[str]) -> People:
    """Count a project's people; ``NETWORKS`` are those who are in none. From memory where it may be."""
    question = (project, tuple(countries))
    return _KEPT.answer(conn, question, lambda: _counted(conn, project, countries))


def _counted(conn: Connection, project: int, countries: Sequence[str]) -> People:
    scopes = [NETWORK] if project == NETWORKS else [NETWORK, project_scope(project)]
    silent = ~_may_be_written_to(scopes, countries)
    counted = select(
        func.count(),
        func.count().filter(silent),
        func.count().filter(Contact.district.is_(None)),
    ).select_from(Contact)
    if project == NETWORKS:
        anywhere = exists().where(Membership.contact_id == Contact.id)
        counted = counted.where(~anywhere)
    else:
        counted = counted.join(Membership, Membership.contact_id == Contact.id)
        counted = counted.where(Membership.project_id == project)
    all_, quiet, open_ = conn.execute(counted).one()
    return People(all=all_, silent=quiet, placeless=open_)


def _may_be_written_to(scopes: Sequence[str], countries: Sequence[str]) -> ColumnElement[bool]:
    refusal = suppression(Address.channel.expression, Address.address.expression, scopes, countries)
    return exists().where(Address.contact_id == Contact.id, Address.rank == 0, refusal == "")
