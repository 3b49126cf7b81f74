"""``llamado organizer …``: who may sign in to the console, and what they may do there."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from commands.session import (
    BY,
    AsJson,
    now,
    print_json,
    read,
    recorded,
    require_language,
    say,
    with_database,
    write,
)
from contacts.addresses import normalise_email
from contacts.projects import project_by_slug, projects
from organizers import links, members
from organizers.access import create_organizer
from organizers.members import Member
from organizers.roles import NETWORKS, Grant, Role
from web.keys import Site

CONSOLE_LANGUAGES = ("en", "es")
OFFICE = "the network's office"

app = typer.Typer(help="People who use the console.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The address they sign in with.")]
Name = Annotated[str, typer.Option(prompt=True)]
Address = Annotated[str, typer.Option(prompt=True)]
Project = Annotated[str, typer.Option(help="The project they serve, such as madison-arcatao.")]
Network = Annotated[bool, typer.Option("--network", help="They are of the network's office.")]
Language = Annotated[str, typer.Option(help="Of the console they see: en or es.")]
As = Annotated[Role, typer.Option("--role", help="What they are in the project.")]
Exports = Annotated[bool, typer.Option("--exports", help="They may export people's addresses.")]


@app.command()
def create(
    name: Name,
    email: Address,
    *,
    project: Annotated[
        list[str] | None, typer.Option(help="A project they serve; may be given several times.")
    ] = None,
    network: Network = False,
    role: As = Role.ADMIN,
    exports: Exports = False,
    language: Language = "en",
    generate: Annotated[
        bool, typer.Option("--generate", help="Make up a password and print it.")
    ] = False,
) -> None:
    """Add somebody who may sign in to the console, with a password that you choose for them."""
    _require_somewhere(network=network, projects=project or [])
    address = normalise_email(email)
    require_language(language, CONSOLE_LANGUAGES)
    asked = "" if generate else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    password = asked or secrets.token_urlsafe(12)

    def add(conn: Connection) -> int:
        grant = Grant(role, exports)
        serves = {project_by_slug(conn, slug).id: grant for slug in project or []}
        office = {NETWORKS: Grant(Role.ADMIN, exports)} if network else {}
        return create_organizer(
            conn,
            name=name,
            email=address,
            password=password,
            language=language,
            grants={**serves, **office},
            now=now(),
        )

    write(recorded("organizer.add", 0, add))
    say(f"{escape(name)} can sign in as {escape(address)}")
    if generate:
        say(f"password: [bold]{escape(password)}[/bold]  (shown only now)")


@app.command()
def invite(
    name: Name,
    email: Address,
    *,
    project: Project = "",
    network: Network = False,
    role: As = Role.SENDER,
    exports: Exports = False,
    language: Language = "en",
) -> None:
    """Make a link by which somebody joins and chooses their own password; good once, for 24 hours."""
    _require_somewhere(network=network, projects=[project] if project else [])
    address = normalise_email(email)
    require_language(language, CONSOLE_LANGUAGES)

    def add(conn: Connection) -> tuple[int, str]:
        return links.invite(
            conn,
            name=name,
            email=address,
            language=language,
            project=NETWORKS if network else project_by_slug(conn, project).id,
            grant=Grant(Role.ADMIN if network else role, exports),
            by=BY,
            now=now(),
        )

    token = write(recorded("invitation.make", 0, add))[1]
    _say_link("join", token, f"{name} has {links.INVITATION_HOURS} hours for it")


@app.command("list")
def show(*, as_json: AsJson = False) -> None:
    """List the organizers with their roles."""
    found = read(lambda conn: members.members(conn, None))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    known = {each.id: each.slug for each in read(projects)}
    Console().print(_table(found, {**known, NETWORKS: OFFICE}))


@app.command()
def role(
    email: Email,
    *,
    project: Project = "",
    network: Network = False,
    to: Annotated[str, typer.Option("--role", help="A role, or none.")] = Role.VIEWER,
    exports: Exports = False,
) -> None:
    """Give an organizer a role in a project, or none; their sessions end."""
    _require_somewhere(network=network, projects=[project] if project else [])
    if to != "none" and to not in list(Role):
        raise typer.BadParameter(f"--role {to} is not one of {', '.join(Role)}, none")
    grant = None if to == "none" else Grant(Role.ADMIN if network else Role(to), exports)
    number = read(lambda conn: members.organizer_by_email(conn, email))

    def give(conn: Connection) -> None:
        where = NETWORKS if network else project_by_slug(conn, project).id
        members.set_grant(conn, number, where, grant)

    write(recorded("organizer.role", number, give))
    say(f"{escape(email)} is {escape(to)} there now")


@app.command()
def disable(email: Email) -> None:
    """Let an organizer in no more: their sessions end at once."""
    number = read(lambda conn: members.organizer_by_email(conn, email))
    write(recorded("organizer.disable", number, lambda conn: members.disable(conn, number, now())))
    say(f"{escape(email)} cannot sign in any more; llamado organizer enable lets them in again")


@app.command()
def enable(email: Email) -> None:
    """Let an organizer in again."""
    number = read(lambda conn: members.organizer_by_email(conn, email))
    write(recorded("organizer.enable", number, lambda conn: members.enable(conn, number)))
    say(f"{escape(email)} can sign in again")


@app.command("clear-second-step")
def clear_second_step(email: Email) -> None:
    """Take the second steps of somebody who has lost them; be sure that it is they who ask."""
    number = read(lambda conn: members.organizer_by_email(conn, email))
    write(recorded("organizer.clear", number, lambda conn: members.clear_second_step(conn, number)))
    say(f"{escape(email)} signs in by password alone until they add a second step")


@app.command()
def reset(email: Email) -> None:
    """Make a link to a new password, to hand to its organizer; good once, for an hour."""
    number = read(lambda conn: members.organizer_by_email(conn, email))
    token = write(
        recorded(
            "organizer.link", number, lambda conn: links.make_reset(conn, number, by=BY, now=now())
        )
    )
    _say_link("reset", token, f"good for {links.RESET_HOURS} hour")


def _require_somewhere(*, network: bool, projects: list[str]) -> None:
    if not network and not projects:
        raise typer.BadParameter("say whom they serve: --network, or --project madison-arcatao")


def _say_link(door: str, token: str, note: str) -> None:
    async def base(_here: object, site: Site) -> str:
        return site.public_url

    say(f"[bold]{with_database(base)}/console/{door}/{token}[/bold]")
    say(f"shown only now; {escape(note)}, and it works once")


def _table(found: list[Member], where: dict[int, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("name", "address", "serves", "second step"):
        table.add_column(heading)
    for each in found:
        serves = [
            f"{where.get(project, project)}: {grant.role}{', exports' if grant.exports else ''}"
            for project, grant in each.grants.items()
        ]
        state = "disabled" if each.disabled else ("yes" if each.has_second_step else "no")
        table.add_row(each.name, each.email, "\n".join(serves), state)
    return table
