"""How do a project's emails look? Its name, its accent and its logo; the network's own where it chose none."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, func, select

from contacts.models import Project
from database.upserts import insert_or
from messages.email_colors import ACCENT, read_color
from messages.email_models import EmailLook
from organizers.roles import NETWORKS

_LOOKS = select(EmailLook.owner, EmailLook.accent, EmailLook.logo, EmailLook.archive).where(
    EmailLook.owner.in_(bindparam("owners", expanding=True))
)
_NAME = select(Project.name).where(Project.id == bindparam("project"))


@dataclass(frozen=True, slots=True)
class Look:
    """What tells a project's emails from others'."""

    project: str = ""  # "" = the network
    accent: str = ACCENT
    logo: str = ""  # the address of a picture of ours
    archive: bool = False  # its emails may be shown to everybody, one by one


PLAIN_LOOK = Look()


def look_of(conn: Connection, project_id: int | None) -> Look:
    """The look of a project, or of the network (None)."""
    owners = {NETWORKS, project_id or NETWORKS}
    rows = {row.owner: row for row in conn.execute(_LOOKS, {"owners": list(owners)})}
    name = conn.scalar(_NAME, {"project": project_id}) if project_id else ""
    own = rows.get(project_id or NETWORKS)
    shown = own or rows.get(NETWORKS)
    return Look(
        project=name or "",
        accent=shown.accent if shown else ACCENT,
        logo=shown.logo if shown else "",
        archive=own.archive if own else False,
    )


def worn(project_id: ColumnElement[int | None]) -> ScalarSelect[str]:
    """The color and the logo that emails of a project wear, as one text; NULL where nobody chose any."""
    owners = (NETWORKS, func.coalesce(project_id, NETWORKS))
    chosen = select(EmailLook.accent + " " + EmailLook.logo).where(EmailLook.owner.in_(owners))
    return chosen.order_by(EmailLook.owner.desc()).limit(1).scalar_subquery()  # its own before 0


def save_look(
    conn: Connection, project_id: int | None, *, accent: str, logo: str, archive: bool
) -> None:
    """Keep a look, of the network's where there is no project. Raises BadColor."""
    values = {"accent": read_color(accent), "logo": logo, "archive": archive}
    row = insert_or(conn, EmailLook).values(owner=project_id or NETWORKS, **values)
    conn.execute(row.on_conflict_do_update(index_elements=["owner"], set_=values))
