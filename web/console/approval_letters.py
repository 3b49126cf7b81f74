"""Letters and texts about approvals: somebody is asked, an answer by text is answered, one person launched alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from alerts import alone, approval_asks
from alerts.alone import Alone
from alerts.approval_asks import Heard, Letter
from alerts.approvers import project_of
from contacts.models import Project
from database.jobs import Jobs
from messages.house import HouseRules
from messages.providers.provider import Inbound
from organizers.access import names
from organizers.members import Member, admins_among, members
from organizers.roles import NETWORKS
from web.console import posting
from web.console.posting import Post, titled, words_in
from web.keys import Site
from web.translations import Translator

ASKED = "%(author)s asks you to approve an alert: %(title)s"
QUESTION = (
    "Hello %(name)s, %(author)s asks you to approve an alert of %(project)s: %(title)s. Read exactly what"
    " would be sent, then approve it or send it back: %(link)s Opening the link approves nothing. It is"
    " yours alone and works for 24 hours; please do not pass it on."
)
BY_REPLY = "If our text has reached your phone, you may also answer that with YES %(code)s."
# To a phone that is proved to be theirs. The code stands in the letter alone.
WAITS = (
    "%(network)s: %(author)s asks you to approve an alert: %(title)s. Read it, then approve it or send it"
    " back: %(link)s The link is yours alone."
)

LEFT_ALONE = "Launched without a second person: %(title)s"
LEFT_ALONE_WORDS = (
    "Hello %(name)s, %(who)s has launched an alert of %(project)s that nobody else had approved:"
    " %(title)s. The reason given: %(why)s. Look at it now, stop it if you must, and note what you think of"
    " it: %(link)s"
)
LEFT_ALONE_BY_TEXT = (
    "%(network)s: %(who)s launched “%(title)s” without anybody's approval. Look at it now: %(link)s"
)
OPERATOR = "The operator of the machine"

APPROVED = "%(network)s: Thank you. “%(title)s” is approved (%(languages)s)."
NOTHING_DONE = {
    "code": (
        "%(network)s: That code is not open for this phone: it is spent, older than a day, or another one."
        " Nothing was approved. See the link in your email."
    ),
    "tries": (
        "%(network)s: Too many codes from this phone. Nothing was approved. Wait 15 minutes, or see the link"
        " in your email."
    ),
    "unconfirmed": (
        "%(network)s: Codes are taken from a confirmed phone only, so nothing was approved. Sign in, confirm"
        " this phone under Your account, then answer again; or use the link in your email."
    ),
    "changed": (
        "%(network)s: “%(title)s” has changed since you were asked. Nothing was approved. Its author asks"
        " you anew."
    ),
    "not_yours": (
        "%(network)s: “%(title)s” is not yours to approve: it is launched already, or you wrote some of it."
        " Nothing was approved."
    ),
}


def any_waiting(conn: Connection) -> bool:
    """Whether a letter is to be written."""
    return approval_asks.any_due(conn) or alone.any_due(conn)


def write_letters(conn: Connection, jobs: Jobs, site: Site, now: datetime) -> int:
    """Write them, and the texts beside them; return how many people were written to."""
    asked, left = approval_asks.letters_due(conn, now), alone.letters_due(conn)
    for letter in asked:
        _ask(conn, jobs, site, letter, now)
    return len(asked) + sum(_tell_all(conn, jobs, site, each, now) for each in left)


def answer_text(
    conn: Connection, jobs: Jobs, site: Site, inbound: Inbound, heard: Heard, now: datetime
) -> None:
    """Tell whoever answered by text what came of it."""
    words = words_in(site, heard.language)
    told = {
        "network": site.network_name,
        "title": titled(heard.titles, words),
        "languages": ", ".join(heard.approved),
    }
    said = NOTHING_DONE.get(heard.why, APPROVED)
    post = Post(f"approval:{heard.key}", inbound.address, words.language, words(said, **told))
    posting.text(conn, jobs, post, now)


def _ask(conn: Connection, jobs: Jobs, site: Site, letter: Letter, now: datetime) -> None:
    words, token = words_in(site, letter.language), approval_asks.issue(conn, letter.ask_id)
    told = {
        "name": letter.name,
        "network": site.network_name,
        "author": names(conn).get(letter.asked_by, letter.asked_by),
        "project": _project(conn, site, letter.alert_id),
        "title": titled(letter.titles, words),
        "link": f"{site.public_url}/console/approve/{token}",
        "code": letter.code,
    }
    purpose = f"approval:{letter.ask_id}:{letter.code}"  # every letter is one of its own
    said, subject = words(QUESTION, **told), words(ASKED, **told)
    if letter.phone:
        said = f"{said} {words(BY_REPLY, **told)}"
        post = Post(purpose, letter.phone, words.language, words(WAITS, **told))
        posting.text(conn, jobs, post, now)
    posting.email(conn, jobs, Post(purpose, letter.email, words.language, said, subject), now)


def told_alone(conn: Connection, project_id: int, launcher: str) -> list[Member]:
    """Whom a letter tells that somebody launches without a second person: every other admin of the project, and
    all of the network's office; where there is none, everybody else who serves there.
    """
    places = (project_id, NETWORKS)
    found = [each for each in members(conn, places) if not each.disabled]
    for people in (admins_among(found), found):
        if told := [each for each in people if f"organizer:{each.id}" != launcher]:
            return told
    return []


def mailbox_of(house: HouseRules) -> str:
    """The network's own mailbox, told where nobody else is; "" while no email leaves the house."""
    return house.identity.email_sender if house.real_email else ""


def _tell_all(conn: Connection, jobs: Jobs, site: Site, left: Alone, now: datetime) -> int:
    told = told_alone(conn, left.project_id, left.launched_by)
    for each in told:
        _tell(conn, jobs, site, left, each, now)
    mailbox = mailbox_of(site.house)
    if not told and mailbox:
        words = words_in(site, site.default_language)
        said = _of_alone(conn, site, left, words, site.network_name)
        post = Post(f"alone:{left.alert_id}:network", mailbox, words.language, *said)
        posting.email(conn, jobs, post, now)
    return len(told) or bool(mailbox)


def _tell(
    conn: Connection, jobs: Jobs, site: Site, left: Alone, member: Member, now: datetime
) -> None:
    words = words_in(site, member.language)
    purpose = f"alone:{left.alert_id}:{member.id}"
    said = _of_alone(conn, site, left, words, member.name)
    posting.email(conn, jobs, Post(purpose, member.email, words.language, *said), now)
    if member.phone:
        by_text = words(LEFT_ALONE_BY_TEXT, **_told(conn, site, left, words))
        posting.text(conn, jobs, Post(purpose, member.phone, words.language, by_text), now)


def _of_alone(
    conn: Connection, site: Site, left: Alone, words: Translator, name: str
) -> tuple[str, str]:
    """Words and subject of the letter about a launch without a second person."""
    told = {**_told(conn, site, left, words), "name": name}
    return words(LEFT_ALONE_WORDS, **told), words(LEFT_ALONE, **told)


def _told(conn: Connection, site: Site, left: Alone, words: Translator) -> dict[str, str]:
    return {
        "network": site.network_name,
        "who": names(conn).get(left.launched_by) or words(OPERATOR),
        "project": _project(conn, site, left.alert_id),
        "title": titled(left.titles, words),
        "why": left.why.rstrip("."),
        "link": f"{site.public_url}/console/approvals",
    }


def _project(conn: Connection, site: Site, alert_id: int) -> str:
    mine = select(Project.name).where(Project.id == project_of(conn, alert_id))
    return conn.scalar(mine) or site.network_name
