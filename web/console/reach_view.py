"""What the page on deliverability shows: each sender domain, what holds it, and what providers hold back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from contacts.models import Address, Channel, Project
from messages import complaints, mail_gates, suppression_lists, unproven_stops, volumes
from messages.complaints import Hold, Rate
from messages.mail_gates import Gate
from messages.mailboxes import primary_domain
from messages.models import Message
from messages.providers.sendgrid_lists import LISTS
from messages.reach_models import ListDifference, ListPull
from messages.sender_checks import Checked, known, senders
from messages.sender_records import Verdict
from messages.unproven_stops import Wave
from messages.volumes import Gmail, Today, WarmUp
from organizers.roles import NETWORKS
from organizers.sessions import Viewer

MOST = 100  # differences shown


@dataclass(frozen=True)
class Sender:
    """A domain that emails come from."""

    domain: str
    projects: Sequence[str]  # who writes from it; "" = the network
    checked: Checked | None
    today: Today
    rate: Rate
    hold: Hold | None
    may_go_on: bool  # whether the viewer may end the hold: it is of a message of theirs
    gmail: Gmail | None  # of its registered domain


@dataclass(frozen=True)
class HeldBack:
    """Somebody who said yes again, whom the provider's list keeps our mail from."""

    name: str
    contact_id: int | None
    found_at: datetime
    asked: bool
    failed: str


@dataclass(frozen=True)
class Reach:
    """The page."""

    senders: Sequence[Sender]
    gates: Sequence[Gate]
    pulls: Mapping[str, ListPull | None]  # by list; empty where there are none
    waves: Sequence[Wave]
    held_back: Sequence[HeldBack]
    more_held_back: int


def reach(
    conn: Connection, viewer: Viewer, *, sender: str, rule: WarmUp, lists: bool, now: datetime
) -> Reach:
    """What somebody may see of it: their projects' senders; the network's office all there is."""
    network = NETWORKS in viewer.within
    gates = mail_gates.in_force(conn, now=now) if network else []
    pulled = suppression_lists.pulls(conn) if network and lists else {}
    differences = suppression_lists.differences(conn) if pulled else []
    return Reach(
        senders=_senders(conn, viewer, sender, rule, now),
        gates=gates,
        pulls={name: pulled.get(name) for name in LISTS} if network and lists else {},
        waves=unproven_stops.waves(conn, now=now) if network else [],
        held_back=_held_back(conn, differences[:MOST]),
        more_held_back=max(0, len(differences) - MOST),
    )


def _senders(
    conn: Connection, viewer: Viewer, sender: str, rule: WarmUp, now: datetime
) -> list[Sender]:
    names = {row.id: row.name for row in conn.execute(select(Project.id, Project.name))}
    seen = {
        domain: [
            names.get(each or 0, "") for each in projects if (each or NETWORKS) in viewer.within
        ]
        for domain, projects in senders(conn, sender).items()
    }
    ours = {domain: projects for domain, projects in seen.items() if projects}
    checked, rates = known(conn, ours), complaints.rates_by_domain(conn, now=now)
    holds = {each.domain: each for each in complaints.held(conn, list(ours))}
    theirs = {each.domain for each in holds.values() if _owner(conn, each) in viewer.within}
    gmail = volumes.to_gmail(conn, now=now)
    return [
        Sender(
            domain,
            projects,
            checked.get(domain),
            volumes.today(conn, f"x@{domain}", rule, now=now),
            rates.get(domain, Rate()),
            holds.get(domain),
            domain in theirs,
            gmail.get(primary_domain(domain)),
        )
        for domain, projects in sorted(ours.items())
    ]


def _owner(conn: Connection, hold: Hold) -> int:
    """Whose message brought a hold about."""
    return conn.scalar(select(Message.project_id).where(Message.id == hold.message_id)) or NETWORKS


def _held_back(conn: Connection, differences: Sequence[ListDifference]) -> list[HeldBack]:
    addresses = [each.address for each in differences]
    mine = select(Address.address, Address.contact_id).where(
        Address.channel == Channel.EMAIL, Address.address.in_(addresses)
    )
    people = {row.address: row.contact_id for row in conn.execute(mine)}
    return [
        HeldBack(
            each.name, people.get(each.address), each.found_at, bool(each.clearing_by), each.failed
        )
        for each in differences
    ]


def told(conn: Connection, viewer: Viewer, *, sender: str) -> list[tuple[str, bool]]:
    """The domains among a viewer's that need somebody, and whether their planned mail is held."""
    ours = [
        domain
        for domain, projects in senders(conn, sender).items()
        if any((each or NETWORKS) in viewer.within for each in projects)
    ]
    holds = {each.domain for each in complaints.held(conn, ours)}
    bad = {each.domain for each in known(conn, ours).values() if each.verdict is Verdict.BAD}
    return [(domain, domain in holds) for domain in sorted(holds | bad)]
