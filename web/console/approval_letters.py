"""Letters and texts about approvals: somebody is asked, an answer by text is answered, one person launched alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from alerts import alone, approval_asks
from alerts.alone import Alone
from alerts.approval_asks import Heard, Letter
from alerts.approvers import project_of
from contacts import consent
from contacts.models import Channel, Project
from database.jobs import Jobs
from messages.answers import answer
from messages.providers.provider import Inbound
from organizers.access import names
from organizers.members import Member, members
from organizers.roles import NETWORKS, May
from web.keys import Site
from web.translations import Translator, translators

ASKED = "%(author)s asks you to approve an alert: %(title)s"
QUESTION = (
    "Hello %(name)s, %(author)s asks you to approve an alert of %(project)s: %(title)s. Read exactly what"
    " would be sent, then approve it or send it back: %(link)s Opening the link approves nothing. It is"
    " yours alone and works for 24 hours; please do not pass it on."
)
BY_REPLY = "If our text has reached your phone, you may also answer that with YES %(code)s."
# Nobody has proved whose phone an account names: what approves goes to the address alone.
WAITS = "%(network)s: Something waits for your approval. Our letter in your email says what, and how to answer."

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
    words = _words(site, heard.language)
    told = {
        "network": site.network_name,
        "title": _title(heard.titles, words),
        "languages": ", ".join(heard.approved),
    }
    said = NOTHING_DONE.get(heard.why, APPROVED)
    _text(conn, jobs, inbound.address, f"approval:{heard.key}", words, words(said, **told), now=now)


def _ask(conn: Connection, jobs: Jobs, site: Site, letter: Letter, now: datetime) -> None:
    words, token = _words(site, letter.language), approval_asks.issue(conn, letter.ask_id)
    told = {
        "name": letter.name,
        "network": site.network_name,
        "author": names(conn).get(letter.asked_by, letter.asked_by),
        "project": _project(conn, site, letter.alert_id),
        "title": _title(letter.titles, words),
        "link": f"{site.public_url}/console/approve/{token}",
        "code": letter.code,
    }
    purpose = f"approval:{letter.ask_id}:{letter.code}"  # every letter is one of its own
    said, subject = words(QUESTION, **told), words(ASKED, **told)
    if letter.phone:
        said = f"{said} {words(BY_REPLY, **told)}"
        _text(conn, jobs, letter.phone, purpose, words, words(WAITS, **told), now=now)
    _email(conn, jobs, letter.email, purpose, words, subject, said, now=now)


def _tell_all(conn: Connection, jobs: Jobs, site: Site, left: Alone, now: datetime) -> int:
    """Every admin of the project, and all of the network's office; not whoever launched it."""
    people = {each.id: each for each in _admins(conn, {left.project_id, NETWORKS})}
    told = [each for each in people.values() if f"organizer:{each.id}" != left.launched_by]
    for each in told:
        _tell(conn, jobs, site, left, each, now)
    return len(told)


def _admins(conn: Connection, projects: Iterable[int]) -> Iterable[Member]:
    for project in sorted(projects):
        for each in members(conn, [project]):
            if May.ADMIN in each.grants[project].allows and not each.disabled:
                yield each


def _tell(
    conn: Connection, jobs: Jobs, site: Site, left: Alone, member: Member, now: datetime
) -> None:
    words = _words(site, member.language)
    told = {
        "name": member.name,
        "network": site.network_name,
        "who": names(conn).get(left.launched_by) or words(OPERATOR),
        "project": _project(conn, site, left.alert_id),
        "title": _title(left.titles, words),
        "why": left.why.rstrip("."),
        "link": f"{site.public_url}/console/approvals",
    }
    purpose = f"alone:{left.alert_id}:{member.id}"
    said, subject = words(LEFT_ALONE_WORDS, **told), words(LEFT_ALONE, **told)
    _email(conn, jobs, member.email, purpose, words, subject, said, now=now)
    if member.phone:
        _text(conn, jobs, member.phone, purpose, words, words(LEFT_ALONE_BY_TEXT, **told), now=now)


def _email(
    conn: Connection,
    jobs: Jobs,
    address: str,
    purpose: str,
    words: Translator,
    subject: str,
    said: str,
    *,
    now: datetime,
) -> None:
    answer(
        conn,
        jobs,
        purpose=purpose,
        channel=Channel.EMAIL,
        address=address,
        contact_id=None,
        language=words.language,
        subject=subject,
        words=said,
        now=now,
    )


def _text(
    conn: Connection,
    jobs: Jobs,
    phone: str,
    purpose: str,
    words: Translator,
    said: str,
    *,
    now: datetime,
) -> None:
    """A text to an organizer's phone, unless that phone has said stop to us."""
    if consent.standings(conn, [(Channel.SMS, phone)]).refused:
        return
    answer(
        conn,
        jobs,
        purpose=purpose,
        channel=Channel.SMS,
        address=phone,
        contact_id=None,
        language=words.language,
        words=said,
        now=now,
    )


def _project(conn: Connection, site: Site, alert_id: int) -> str:
    mine = select(Project.name).where(Project.id == project_of(conn, alert_id))
    return conn.scalar(mine) or site.network_name


def _title(titles: dict[str, str], words: Translator) -> str:
    return titles.get(words.language) or next(iter(titles.values()), "")


def _words(site: Site, language: str) -> Translator:
    known = translators(site.languages)
    return known.get(language) or known[site.default_language]
