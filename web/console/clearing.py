"""Whose second steps an admin takes away is told so at once, and so are the other admins: nobody does it unseen."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection

from database.jobs import Jobs
from organizers.members import Member, admins_of, members
from organizers.roles import NETWORKS
from organizers.sessions import Viewer
from web.console import posting
from web.console.posting import Post, words_in
from web.keys import Site

CLEARED = "The second steps of %(whose)s were taken away"
TO_THEM = (
    "Hello %(name)s, %(who)s has taken away the second steps of your account at %(network)s: passkeys, the"
    " codes of your app, and the codes you wrote down. Add a new one when you sign in next. If you did not"
    " ask for this, somebody may be trying to get in as you: call an admin at once, and choose another"
    " password."
)
TO_ADMINS = (
    "Hello %(name)s, %(who)s has taken away the second steps of %(whose)s (%(email)s) at %(network)s. If"
    " you do not know why, call both of them now; until you have, you can lock that account here: %(link)s"
)
BY_TEXT = (
    "%(network)s: %(who)s has taken away your account's second steps. If you did not ask for it, call an"
    " admin at once."
)


def tell(
    conn: Connection, jobs: Jobs, site: Site, organizer_id: int, viewer: Viewer, now: datetime
) -> None:
    """Tell the person, and every other admin of wherever they serve and of the network."""
    person = next(each for each in members(conn, None) if each.id == organizer_id)
    once = secrets.token_hex(8)  # the second time in a day is told as well
    told = {"who": viewer.name, "whose": person.name, "email": person.email}
    told |= {"network": site.network_name, "link": f"{site.public_url}/console/members"}
    _write(conn, jobs, site, person, TO_THEM, told, once, now)
    if person.phone:
        words = words_in(site, person.language)
        said = words(BY_TEXT, **told)
        post = Post(f"cleared:{once}:{person.id}", person.phone, words.language, said)
        posting.text(conn, jobs, post, now)
    for each in admins_of(conn, [*person.grants, NETWORKS]):
        if each.id not in (person.id, viewer.organizer_id):
            _write(conn, jobs, site, each, TO_ADMINS, told, once, now)


def _write(
    conn: Connection,
    jobs: Jobs,
    site: Site,
    to: Member,
    sentence: str,
    told: dict[str, str],
    once: str,
    now: datetime,
) -> None:
    words = words_in(site, to.language)
    said, subject = words(sentence, **told, name=to.name), words(CLEARED, **told)
    post = Post(f"cleared:{once}:{to.id}", to.email, words.language, said, subject)
    posting.email(conn, jobs, post, now)
