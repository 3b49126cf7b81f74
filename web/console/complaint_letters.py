"""Letters about a red alert that too many mark as spam: it goes on, so somebody has to look."""

from __future__ import annotations

from datetime import datetime

from babel.numbers import format_decimal, format_percent
from sqlalchemy import Connection, select

from alerts import complained_of
from alerts.complained_of import ComplainedOf
from contacts.models import Project
from database.jobs import Jobs
from organizers.members import Member, members
from organizers.roles import NETWORKS, May
from web.console import posting
from web.console.posting import Post, titled, words_in
from web.keys import Site
from web.translations import Translator

SUBJECT = "Too many mark a red alert as spam: %(title)s"
WORDS = (
    "Hello %(name)s, of %(delivered)s people of %(project)s who got a red alert by email, %(complaints)s marked"
    " it as spam (%(share)s): %(title)s. Gmail and Yahoo refuse senders of whom 3 in 1,000 say so. A red alert"
    " is not paused for it: what has not left yet still leaves, its texts too."
)
PAUSE = "Find out why; pause or stop it here if its emails do more harm than good: %(link)s"
NOT_YOURS = (
    "It is for whoever may send in %(project)s to pause or stop it; they have this letter, too."
)
HELD = (
    "The planned mail of %(domain)s is held. Once somebody has looked, an admin lets it go on here:"
    " %(deliverability)s"
)


def any_waiting(conn: Connection) -> bool:
    """Whether a letter is to be written."""
    return complained_of.any_due(conn)


def write_letters(conn: Connection, jobs: Jobs, site: Site, now: datetime) -> int:
    """Write them; return how many people were written to."""
    written = 0
    for found in complained_of.letters_due(conn, now):
        for member in _told(conn, found):
            _tell(conn, jobs, site, found, member, now)
            written += 1
    return written


def _told(conn: Connection, found: ComplainedOf) -> list[Member]:
    """The network's admins, or whoever may send to the people who complained, but for those in the office."""
    return [
        each
        for each in members(conn, (found.project_id, NETWORKS))
        if not each.disabled
        and _sends(each, found.told)
        and (found.told == NETWORKS or not _sends(each, NETWORKS))
    ]


def _sends(member: Member, project: int) -> bool:
    held = member.grants.get(project)
    return held is not None and May.SEND in held.allows


def _tell(
    conn: Connection, jobs: Jobs, site: Site, found: ComplainedOf, member: Member, now: datetime
) -> None:
    words, page = words_in(site, member.language), _page(found, member)
    project = conn.scalar(select(Project.name).where(Project.id == found.project_id))
    told = {
        "name": member.name,
        "project": project or site.network_name,
        "title": titled(found.titles, words),
        "domain": found.domain,
        "link": site.public_url + page,
        "deliverability": f"{site.public_url}/console/deliverability",
        **_figures(found, words),
    }
    parts = (WORDS, PAUSE if page else NOT_YOURS, HELD)
    said, subject = " ".join(words(each, **told) for each in parts), words(SUBJECT, **told)
    purpose = f"complaints:{found.alert_id}:{found.told}:{member.id}"
    posting.email(conn, jobs, Post(purpose, member.email, words.language, said, subject), now)


def _page(found: ComplainedOf, member: Member) -> str:
    """Where they see it: a committee has a page of its own for its part; the office sees no project's alert."""
    if found.proposal_id is not None and NETWORKS not in member.grants:
        return f"/console/proposals/{found.proposal_id}"
    if found.proposal_id is not None or found.project_id in member.grants:
        return f"/console/alerts/{found.alert_id}"
    return ""


def _figures(found: ComplainedOf, words: Translator) -> dict[str, str]:
    complaints, delivered = found.rate.complaints, found.rate.delivered
    return {
        "complaints": format_decimal(complaints, locale=words.locale),
        "delivered": format_decimal(delivered, locale=words.locale),
        "share": format_percent(
            round(complaints / delivered, 4), locale=words.locale, decimal_quantization=False
        ),
    }
