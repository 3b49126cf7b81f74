"""Letters to organizers, sent like answers, before any bulk: a link to a new password, a question."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from alerts.models import Answer
from alerts.proposals import Offer, any_letters_due, letters_due
from database.jobs import Jobs
from organizers import links, phones
from organizers.links import RESET_HOURS, Letter
from organizers.members import Member, members
from organizers.roles import May
from web.console import approval_letters, complaint_letters, planned_letters, posting
from web.console.own_phone import forget_codes
from web.console.posting import Post, titled, words_in
from web.keys import Site

SUBJECT = "A new password for Llamado"
WORDS = (
    "Hello %(name)s, somebody asked for a new password for you at %(network)s. If it was you, choose"
    " one here within %(hours)s hour: %(link)s If it was not you, do nothing: your password stays as"
    " it is, and nobody learns from this that you have an account."
)

ASKED = "%(network)s asks your committee to join an alert"
QUESTION = (
    "Hello %(name)s, %(network)s proposes an alert: %(title)s. See how many people of %(project)s it"
    " would reach, and answer yes or no here: %(link)s Nobody on your list is written to before you do."
)

LAUNCHED = "%(network)s has launched an alert, and your committee's part of it"
STANDING = (
    "Hello %(name)s, %(network)s has launched a red alert: %(title)s. %(project)s joins red alerts"
    " without being asked, so its part leaves now. See how it is doing, pause it or stop it here:"
    " %(link)s"
)


def any_waiting(conn: Connection, now: datetime) -> bool:
    """Whether a letter is to be written, or a code in one to be forgotten."""
    waiting = links.any_waiting(conn) or any_letters_due(conn)
    return (
        waiting
        or approval_letters.any_waiting(conn)
        or complaint_letters.any_waiting(conn)
        or planned_letters.any_waiting(conn, now)
        or phones.any_over(conn, now)
    )


def write_letters(conn: Connection, jobs: Jobs, site: Site, now: datetime) -> int:
    """Write the letters that were asked for; return how many. Codes that are over are read by nobody any more."""
    forget_codes(conn, now=now)
    waiting = links.letters(conn, now)
    for letter in waiting:
        _write(conn, jobs, site, letter, now)
    others = approval_letters.write_letters(conn, jobs, site, now)
    others += planned_letters.write_letters(conn, jobs, site, now)
    others += complaint_letters.write_letters(conn, jobs, site, now)
    return len(waiting) + _tell_of_proposals(conn, jobs, site, now) + others


def _tell_of_proposals(conn: Connection, jobs: Jobs, site: Site, now: datetime) -> int:
    """Tell whoever may send for a project that the network proposes an alert to it."""
    written = 0
    for found in letters_due(conn):
        for member in members(conn, [found.project_id]):
            if May.SEND in member.grants[found.project_id].allows and not member.disabled:
                _tell_of(conn, jobs, site, found, member, now)
                written += 1
    return written


def _tell_of(
    conn: Connection, jobs: Jobs, site: Site, found: Offer, member: Member, now: datetime
) -> None:
    words = words_in(site, member.language)
    told = {
        "name": member.name,
        "network": site.network_name,
        "project": found.project,
        "title": titled(found.titles, words),
        "link": f"{site.public_url}/console/proposals/{found.id}",
    }
    unasked = found.answer is Answer.STANDING
    post = Post(
        f"proposal:{found.id}:{member.id}:{found.answer}:{found.words}",
        member.email,
        words.language,
        words(STANDING if unasked else QUESTION, **told),
        words(LAUNCHED if unasked else ASKED, **told),
    )
    posting.email(conn, jobs, post, now)


def _write(conn: Connection, jobs: Jobs, site: Site, letter: Letter, now: datetime) -> None:
    words = words_in(site, letter.language)
    token = links.issue(conn, letter.link_id)
    link = f"{site.public_url}/console/reset/{token}"
    told = {"name": letter.name, "network": site.network_name, "hours": RESET_HOURS, "link": link}
    purpose = f"reset:{sha256(token.encode()).hexdigest()[:16]}"  # every letter is one of its own
    post = Post(purpose, letter.email, words.language, words(WORDS, **told), words(SUBJECT))
    posting.email(conn, jobs, post, now)
