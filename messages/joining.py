"""Somebody wants to join: ask the address itself, once, and let nothing but its answer count.

The double opt-in: a form, which anybody can fill in with anybody's address, leads to one question to that
address, to no second one while it is unanswered, and to nothing else. By email a link leads to a button; by
text only a YES from the phone itself counts. A project's keyword is the same, begun by text. A question
names the project, and its answer settles that alone.

Where a number said STOP, the carrier lets nothing of ours through: there we do not ask, and its owner's
START is the way back. Where people complained, or were erased, we do not ask either; an email address that
said stop is asked once a month at most. Nothing of that shows on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from actions.flooding import Most, TooOften, count_answer
from contacts import consent_wordings, erased, pairing, sign_ups
from contacts.addresses import BadPhone, persons_phone
from contacts.consent import standings
from contacts.consent_wordings import BY_KEYWORD, Wording
from contacts.countries import AT_HOME, textable
from contacts.models import Channel, Standing
from contacts.people import Person, contacts_at
from contacts.sign_ups import FormRow, Wish, form_by_keyword, form_of, waiting
from database.jobs import Jobs
from messages import wording
from messages.answers import answer, given_since
from messages.models import Message
from messages.proofs import proof_url
from messages.providers.provider import Inbound
from messages.vocabulary import YES
from messages.wording import Purpose, Said
from messages.words import bare

FROM_ONE_NETWORK = Most(an_hour=60, a_day=200)  # people at a table sign up over one line
ONE_ADDRESS = Most(an_hour=1, a_day=1)  # questions to it, whoever asks for them
ALIKE = Most(an_hour=20, a_day=60)  # numbers of one exchange: who pumps texts has them in rows
ALL_TOGETHER = Most(an_hour=100, a_day=200)  # questions of this installation, on a channel
REST = timedelta(days=30)  # between two of our emails to an address that said stop
A_DAY = timedelta(days=1)
SAID_BEFORE_KEYWORD = ("join ", "unirse ", "unirme ")

_QUESTIONS = (Purpose.CONFIRM, Purpose.NEW_ADDRESS)
_NOT_ASKED = {
    Channel.SMS: {Standing.OPTED_OUT, Standing.REVIEW, Standing.NOT_TEXTABLE, Standing.BLOCKED},
    Channel.EMAIL: {Standing.REVIEW, Standing.BLOCKED, Standing.BOUNCED},
}


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks, and what may be counted against it."""

    network: str  # our name
    public_url: str
    networks: Mapping[str, Most]  # where the form came from; too many are told so
    # What a question to an address (of a channel) counts as; one too many is not asked, silently.
    questions: Callable[[str, str], Mapping[str, Most]]


@dataclass(frozen=True)
class Signing:
    """How what we answer is signed, where its links lead ("" = it has none), and in which language."""

    network: str
    public_url: str
    language: str


def ask(
    conn: Connection,
    jobs: Jobs,
    wish: Wish,
    *,
    asking: Asking,
    purpose: Purpose = Purpose.CONFIRM,
    contact_id: int | None = None,
    now: datetime,
) -> None:
    """Keep what somebody typed and ask its addresses whether it was them. Raises TooOften.

    Whoever typed learns nothing of whether we know an address, or asked it.
    """
    count_answer(conn, asking.networks, now=now)
    about = form_of(conn, wish.project_id) if wish.project_id else None
    pair = pairing.new_pair(wish.addresses) if about else None
    for channel, address in wish.addresses.items():
        pending = sign_ups.asked(waiting(conn, channel, address, now=now))
        pairing.doubt(conn, pending, wish.addresses)
        if (
            erased.recognised(conn, [(channel, address)])
            or not _may_be_asked(conn, channel, address)
            or not _rested(conn, channel, address, _QUESTIONS, now)
            or pending
            or not _within(conn, asking.questions(channel, address), now)
        ):
            continue
        language = wish.person.language
        asks = Purpose.CONFIRM_BESIDE if pair and channel == Channel.SMS else purpose
        said = _question(asks, channel, language, asking, about.project if about else "")
        left = answer(
            conn,
            jobs,
            purpose=f"{asks.value}:{about.project_id}" if about else asks.value,
            channel=channel,
            address=address,
            contact_id=None,
            language=language,
            words=said.words,
            subject=said.subject,
            now=now,
        )
        if left:
            sign_ups.remember(
                conn, wish, channel, contact_id=contact_id, pair=pair, asked=True, now=now
            )


def send_private_link(
    conn: Connection,
    jobs: Jobs,
    *,
    contact_id: int,
    channel: str,
    address: str,
    language: str,
    asking: Asking,
    now: datetime,
) -> bool:
    """Send somebody the way to what we hold on them, to their own address, once a day. Raises TooOften.

    False where nothing of ours may go there: they have to write to us.
    """
    count_answer(conn, asking.networks, now=now)
    if not _may_be_asked(conn, channel, address):
        return False
    if given_since(conn, channel, address, [Purpose.PRIVATE], now - A_DAY):
        return True  # it still works, in whichever language it was
    if not _rested(conn, channel, address, [Purpose.PRIVATE], now):
        return False
    said = _question(Purpose.PRIVATE, channel, language, asking)
    answer(
        conn,
        jobs,
        purpose=Purpose.PRIVATE.value,
        channel=channel,
        address=address,
        contact_id=contact_id,
        language=language,
        words=said.words,
        subject=said.subject,
        now=now,
    )
    return True


def heard(
    conn: Connection,
    jobs: Jobs,
    inbound: Inbound,
    *,
    contact_id: int | None,
    latest_message: int | None,
    language: str,
    default_language: str,
    network: str,
    public_url: str = "",
    countries: Sequence[str] = AT_HOME,
    now: datetime,
) -> bool:
    """Act on a text that is a yes to a sign-up or a project's keyword; False where a person has to read it.

    A YES after ``latest_message``, which was launched since, may answer that.
    """
    if inbound.channel != Channel.SMS or not _own_number(inbound.address, countries):
        return False
    said = bare(inbound.body)
    if said in YES:
        meant = sign_ups.meant_by_yes(waiting(conn, inbound.channel, inbound.address, now=now))
        if not meant or _may_answer(conn, latest_message, since=meant[0].asked_at):
            return False
        signing = Signing(network, public_url, meant[0].language or YES[said])
        return _joined(conn, jobs, inbound, meant, signing, contact_id, now)
    for start in SAID_BEFORE_KEYWORD:
        said = said.removeprefix(start)
    form = form_by_keyword(conn, said)
    if form is None:
        return False
    question = (
        wording.answer(Purpose.CONFIRM, language, network=network, project=form.project).words
        if language
        else wording.confirm_in_both(network, form.project)
    )

    def say() -> bool:
        kind = Purpose.CONFIRM.value if language else f"{Purpose.CONFIRM.value}_both"
        purpose, spoken = f"{kind}:{form.project_id}", language or default_language
        return _say(conn, jobs, inbound, purpose, spoken, question, contact_id, now)

    return _ask_back(conn, inbound, form, language, question, say, now)


def came_back(conn: Connection, inbound: Inbound, *, language: str, now: datetime) -> bool:
    """Let START, or a YES that the carrier takes for it, confirm what it can mean; False where a person
    has to read it.
    """
    if inbound.channel != Channel.SMS:
        return True
    rows = waiting(conn, inbound.channel, inbound.address, now=now)
    said_yes = bare(inbound.body) in YES
    meant = sign_ups.meant_by_yes(rows) if said_yes else sign_ups.meant_by_start(rows)
    _confirm(conn, inbound, meant, language, now)
    return not sign_ups.torn(rows)


def _ask_back(
    conn: Connection,
    inbound: Inbound,
    form: FormRow,
    language: str,
    question: str,
    say: Callable[[], bool],
    now: datetime,
) -> bool:
    """Keep a keyword, which came from the phone itself, and ask; False where we may not, or have today."""
    rows = sign_ups.asked(waiting(conn, inbound.channel, inbound.address, now=now))
    before = any(row.project_id == form.project_id for row in rows)
    may = _may_be_asked(conn, inbound.channel, inbound.address)
    left = (may and say()) or before
    agreed = Wording(Channel.SMS.value, language or "en es", question, BY_KEYWORD)
    wish = Wish(
        person=Person(language=language, phone=inbound.address),
        project_id=form.project_id,
        wordings={Channel.SMS.value: consent_wordings.keep(conn, agreed, now=now)},
        source=sign_ups.BY_TEXT,
    )
    sign_ups.remember(conn, wish, Channel.SMS.value, asked=left, now=now)
    return may and left


def _confirm(
    conn: Connection, inbound: Inbound, rows: Iterable[Row[Any]], language: str, now: datetime
) -> int | None:
    """Let a text from a phone itself confirm these; return whose it is, None where none was.

    That is all it says: whose the email of the form is, they are asked with that email before them.
    """
    said = inbound.body.replace("\0", "")[:200]
    return sign_ups.confirm(
        conn, rows, evidence=f"answered by text: {said}", language=language, now=now
    )


def _joined(
    conn: Connection,
    jobs: Jobs,
    inbound: Inbound,
    meant: Sequence[Row[Any]],
    signing: Signing,
    contact_id: int | None,
    now: datetime,
) -> bool:
    """Tell somebody that they have joined by text, and ask about the form's email where that is open.

    False where today's rules refuse what we held.
    """
    [row] = meant
    shared = len(contacts_at(conn, row.channel, row.address)) > 1
    owner = _confirm(conn, inbound, meant, signing.language, now)
    if owner is None:
        return False
    purpose, key, link = Purpose.JOINED, Purpose.JOINED.value, ""
    open_still = pairing.still_open(conn, owner, row.channel, row.project_id, now=now)
    if signing.public_url and open_still and not shared:
        purpose, contact_id = Purpose.JOINED_BESIDE, owner
        key, link = f"{purpose.value}:{row.project_id}", proof_url(signing.public_url, purpose)
    said = wording.answer(purpose, signing.language, network=signing.network, link=link)
    _say(conn, jobs, inbound, key, signing.language, said.words, contact_id, now)
    return True


def _own_number(phone: str, countries: Sequence[str]) -> bool:
    """Whether a number can be a supporter's, and be texted."""
    try:
        return textable(persons_phone(phone), countries)
    except BadPhone:
        return False


def _may_answer(conn: Connection, message_id: int | None, *, since: datetime) -> bool:
    """Whether this message went out after a moment, so that a yes may be about what it asks."""
    launched = conn.scalar(select(Message.launched_at).where(Message.id == message_id))
    return launched is not None and launched > since


def _say(
    conn: Connection,
    jobs: Jobs,
    inbound: Inbound,
    purpose: str,
    language: str,
    words: str,
    contact_id: int | None,
    now: datetime,
) -> bool:
    return answer(
        conn,
        jobs,
        purpose=purpose,
        channel=inbound.channel,
        address=inbound.address,
        contact_id=contact_id,
        language=language,
        words=words,
        now=now,
    )


def _question(
    purpose: Purpose, channel: str, language: str, asking: Asking, project: str = ""
) -> Said:
    link = proof_url(asking.public_url, purpose)
    say = wording.letter if channel == Channel.EMAIL else wording.answer
    return say(purpose, language, network=asking.network, project=project, link=link)


def _may_be_asked(conn: Connection, channel: str, address: str) -> bool:
    standing = standings(conn, [(channel, address)]).refused.get((channel, address))
    return standing is not Standing.COMPLAINED and standing not in _NOT_ASKED[Channel(channel)]


def _rested(
    conn: Connection, channel: str, address: str, purposes: Sequence[Purpose], now: datetime
) -> bool:
    """Whether we have let an email address be for a while, if it said stop."""
    standing = standings(conn, [(channel, address)]).refused.get((channel, address))
    if channel != Channel.EMAIL or standing is not Standing.OPTED_OUT:
        return True
    return not given_since(conn, channel, address, purposes, now - REST)


def _within(conn: Connection, sources: Mapping[str, Most], now: datetime) -> bool:
    """Count one question; whether it is one that may still be asked."""
    try:
        with conn.begin_nested():
            count_answer(conn, sources, now=now)
    except TooOften:
        return False
    return True
