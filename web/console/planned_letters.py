"""Letters and texts about planned emails, also of series: somebody is asked to approve one, reminded of it, or told that theirs came back."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_skeleton, format_time
from sqlalchemy import Connection, select

from campaigns import approval_asks
from campaigns.approval_asks import Back, Goes, Letter
from contacts.models import Project
from database.jobs import Jobs
from messages.zone_names import zone_name
from organizers.access import names
from organizers.members import Member, members
from organizers.roles import NETWORKS
from web.console import posting
from web.console.posting import Post, titled, words_in
from web.keys import Site
from web.translations import Translator

ASKED = "%(author)s asks you to approve a planned email: %(title)s"
REMINDED = "It still waits for your approval: %(title)s"
QUESTION = (
    "Hello %(name)s, %(author)s asks you to approve a planned email of %(project)s: %(title)s. %(goes)s Read"
    " exactly what would be sent, then approve it or send it back: %(link)s Opening the link approves"
    " nothing. It is yours alone; please do not pass it on."
)
GOES = "It first goes on %(time)s, %(zone)s; what is not approved by then is held."
WAITS = "None of its dates is ahead; what is held goes once it is approved."
COMES = "It first comes to somebody on %(time)s, where they live; whoever it comes to before it is approved waits."
COMES_TO_NOBODY = "Whoever it comes to before it is approved waits."
IN_SERIES = "%(project)s, in its series %(series)s"
# To a phone that is proved to be theirs.
BY_TEXT = (
    "%(network)s: %(author)s asks you to approve a planned email: %(title)s. Read it, then approve it or send"
    " it back: %(link)s The link is yours alone."
)

CAME_BACK = "%(who)s sent your planned email back: %(title)s"
CAME_BACK_WORDS = (
    "Hello %(name)s, %(who)s has read your planned email of %(project)s, %(title)s, and asks for a change:"
    " “%(note)s” Until it is changed, or asked about again, and approved, none of it leaves: %(link)s"
)
CAME_BACK_BY_TEXT = (
    "%(network)s: %(who)s sent your planned email back with a note: %(title)s. %(link)s"
)


def any_waiting(conn: Connection, now: datetime) -> bool:
    """Whether a letter is to be written."""
    return approval_asks.any_due(conn, now)


def write_letters(conn: Connection, jobs: Jobs, site: Site, now: datetime) -> int:
    """Write them, and the texts beside them; return how many people were written to."""
    asked = approval_asks.letters_due(conn, now)
    for letter in asked:
        _ask(conn, jobs, site, letter, now)
    return len(asked) + sum(
        _tell(conn, jobs, site, each, now) for each in approval_asks.back_due(conn)
    )


def when(goes: Goes, zone: str, words: Translator) -> dict[str, str]:
    """A date on the wall and whose wall it is, as a letter says them."""
    local = datetime.fromisoformat(goes.local_time)
    day = format_skeleton("yMMMEd", local, locale=words.locale)
    return {
        "time": f"{day}, {format_time(local, 'short', locale=words.locale)}",
        "zone": zone_name(zone, words.locale, year=local.year),
    }


def _ask(conn: Connection, jobs: Jobs, site: Site, letter: Letter, now: datetime) -> None:
    words, token = (
        words_in(site, letter.language),
        approval_asks.issue(conn, letter.ask_id, now=now),
    )
    told = {
        "name": letter.name,
        "network": site.network_name,
        "author": names(conn).get(letter.asked_by, letter.asked_by),
        "project": _whose(conn, site, letter, words),
        "title": titled(letter.subject.subjects, words),
        "goes": _goes(letter, words),
        "link": f"{site.public_url}/console/approve-email/{token}",
    }
    turn = "again" if letter.reminds else "first"
    purpose = f"planned:{letter.ask_id}:{letter.asked_at:%y%m%d%H%M%S}:{turn}"
    if letter.phone:
        text = Post(purpose, letter.phone, words.language, words(BY_TEXT, **told))
        posting.text(conn, jobs, text, now)
    subject = words(REMINDED if letter.reminds else ASKED, **told)
    post = Post(purpose, letter.email, words.language, words(QUESTION, **told), subject)
    posting.email(conn, jobs, post, now)


def _goes(letter: Letter, words: Translator) -> str:
    """By when it is wanted."""
    dated, undated = (COMES, COMES_TO_NOBODY) if letter.series else (GOES, WAITS)
    if letter.goes is None:
        return words(undated)
    return words(dated, **when(letter.goes, letter.subject.zone, words))


def _tell(conn: Connection, jobs: Jobs, site: Site, back: Back, now: datetime) -> int:
    """Tell its authors, those who still work there."""
    places = (back.subject.project_id or NETWORKS, NETWORKS)
    authors = [
        each
        for each in members(conn, places)
        if not each.disabled and f"organizer:{each.id}" in back.subject.writers
    ]
    for each in authors:
        _tell_one(conn, jobs, site, back, each, now)
    return len(authors)


def _tell_one(
    conn: Connection, jobs: Jobs, site: Site, back: Back, author: Member, now: datetime
) -> None:
    words = words_in(site, author.language)
    told = {
        "name": author.name,
        "network": site.network_name,
        "who": back.by,
        "project": _whose(conn, site, back, words),
        "title": titled(back.subject.subjects, words),
        "note": back.note,
        "link": f"{site.public_url}/console/{_page(back)}",
    }
    purpose = f"back:{back.note_id}:{author.id}"
    said, subject = words(CAME_BACK_WORDS, **told), words(CAME_BACK, **told)
    posting.email(conn, jobs, Post(purpose, author.email, words.language, said, subject), now)
    if author.phone:
        by_text = words(CAME_BACK_BY_TEXT, **told)
        posting.text(conn, jobs, Post(purpose, author.phone, words.language, by_text), now)


def _page(back: Back) -> str:
    if back.series_id is not None:
        return f"series/{back.series_id}"
    return f"emails/{back.subject.about.email_id}"


def _whose(conn: Connection, site: Site, it: Letter | Back, words: Translator) -> str:
    name = conn.scalar(select(Project.name).where(Project.id == it.subject.project_id))
    project = name or site.network_name
    return words(IN_SERIES, project=project, series=it.series) if it.series else project
