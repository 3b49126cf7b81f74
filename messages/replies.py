"""What follows from an incoming text or email: consent, a response, an answer, or a person's attention.

Runs in the transaction that applies the provider's event, so that a STOP that we have stored also
holds. Unknown senders are heard too: somebody may ask to leave from a second phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from actions import responses
from actions.models import Outcome
from contacts import consent, sign_ups
from contacts.countries import AT_HOME
from contacts.models import NETWORK, Channel, Standing
from database.jobs import Jobs
from messages import accounts, attributing, joining, threads, unproven_stops, wording
from messages.answers import answer, given_since, given_today
from messages.attributing import Meant
from messages.calling_off import cancel_pending
from messages.correspondents import Correspondent, correspondent
from messages.models import Reply, ReplyVerdict
from messages.prompt_models import Suggestion
from messages.proofs import proof_url
from messages.providers.provider import Inbound
from messages.wording import Purpose
from messages.words import CODES, Understood, understand

SUPPORTER = "supporter"  # who acted, in the ledger of consent
AUTOMATIC = "automatic"  # who handled a reply that nobody needs to read
REST = timedelta(days=7)  # between two emails that tell somebody who we are
MOST_HELPED = 200  # by email a day: whoever a HELP says it is from may never have written it
MOST_DOUBTED = 200  # by email a day who are asked whether it was them who asked to leave
MOST_STRANGERS = 100  # by email a day who are held for having asked to leave
LONGEST_BODY = 10_000
LONGEST_EVIDENCE = 500

_BY_PROVIDER = {
    "STOP": ReplyVerdict.OPT_OUT,
    "START": ReplyVerdict.OPT_IN,
    "HELP": ReplyVerdict.HELP,
}


@dataclass(frozen=True, slots=True)
class _Desk:
    """What handling one reply needs."""

    conn: Connection
    jobs: Jobs
    inbound: Inbound
    writer: Correspondent
    understood: Understood
    language: str
    network: str
    public_url: str
    countries: Sequence[str]
    now: datetime


def receive(
    conn: Connection,
    jobs: Jobs,
    inbound: Inbound,
    *,
    network: str,
    public_url: str,
    default_language: str,
    countries: Sequence[str] = AT_HOME,
    now: datetime,
) -> ReplyVerdict:
    """Act on what somebody sent us and keep it; whatever no rule settles waits in the inbox.

    ``network`` is the name our answers are signed with, ``public_url`` where the links in them lead; numbers
    of ``countries`` may be texted.
    """
    about = inbound.letter.about if inbound.letter else None
    writer = correspondent(conn, inbound.channel, inbound.address, about=about)
    understood = _understood(inbound, writer.standing)
    desk = _Desk(
        conn=conn,
        jobs=jobs,
        inbound=inbound,
        writer=writer,
        understood=understood,
        language=_language(understood, writer.language, default_language),
        network=network,
        public_url=public_url,
        countries=countries,
        now=now,
    )
    settled = _act(desk)
    _keep(desk, settled=settled)
    return understood.verdict


def _act(desk: _Desk) -> bool:
    """Do what the verdict asks; tell whether nobody needs to read the reply any more."""
    match desk.understood.verdict:
        case ReplyVerdict.OPT_OUT:
            return _opt_out(desk) if _is_known(desk) else _hold(desk)
        case ReplyVerdict.MAYBE_OPT_OUT:
            return _hold(desk)
        case ReplyVerdict.OPT_IN:
            return _opt_in(desk)
        case ReplyVerdict.HELP:
            return _help(desk)
        case ReplyVerdict.OUTCOME:
            return _record_outcome(desk, desk.understood.outcome)
        case ReplyVerdict.OTHER:
            return _join(desk) or _told(desk)


def _is_known(desk: _Desk) -> bool:
    """Whether an email is provably about an address, or comes from one on file: else a person has to find
    whom it means. A text comes from the phone itself.
    """
    letter = desk.inbound.letter
    return letter is None or letter.about is not None or desk.writer.contact_id is not None


def _opt_out(desk: _Desk) -> bool:
    """The person leaves; one confirmation, unless the carrier gave it or they had left before.

    Whoever may have been another person leaves as well: see ``unproven_stops``.
    """
    line = _refuse(desk, Standing.OPTED_OUT)
    sign_ups.forget(desk.conn, desk.inbound.channel, desk.inbound.address)
    cancel_pending(
        desk.conn,
        channel=desk.inbound.channel,
        address=desk.inbound.address,
        reason=Standing.OPTED_OUT.value,
        now=desk.now,
    )
    if not _is_proven(desk):
        _doubt(desk, line)
    elif desk.writer.standing is not Standing.OPTED_OUT:
        _answer(desk, Purpose.OPTED_OUT)
    else:
        unproven_stops.prove(
            desk.conn, desk.inbound.channel, desk.inbound.address, by=SUPPORTER, now=desk.now
        )
    return True


def _is_proven(desk: _Desk) -> bool:
    """Whether only the owner of the address can have sent this: by text, with a token of ours (a Message-ID is none), or vouched for."""
    letter = desk.inbound.letter
    return letter is None or letter.vouched or (letter.about is not None and not letter.passed_on)


def _doubt(desk: _Desk, line: int | None) -> None:
    """Note it, and tell the owner of an address, who may not have written, unless they were off before.

    ``line`` is that of the ledger, None of an erased address. Once a week, and only so many a day: whoever forges
    senders must not have us write to them all.
    """
    channel, address = desk.inbound.channel, desk.inbound.address
    origin = desk.inbound.letter.origin if desk.inbound.letter else ""
    if line is not None:
        unproven_stops.note(desk.conn, line, origin=origin, now=desk.now)
    told = [Purpose.OPTED_OUT, Purpose.DOUBTED]
    if desk.writer.standing is Standing.OPTED_OUT:
        return
    if given_since(desk.conn, channel, address, told, desk.now - REST):
        return
    if given_today(desk.conn, channel, Purpose.DOUBTED, now=desk.now) < MOST_DOUBTED:
        _answer(desk, Purpose.DOUBTED)


def _hold(desk: _Desk) -> bool:
    """Nothing more goes to this address until a person has read what it said.

    Of strangers' addresses, which anybody can make up, a day writes only so many down; the person
    reads all.
    """
    if _is_known(desk) or not _too_many_strangers(desk):
        _refuse(desk, Standing.REVIEW)
    return False


def _too_many_strangers(desk: _Desk) -> bool:
    today = desk.now.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = [ReplyVerdict.OPT_OUT.value, ReplyVerdict.MAYBE_OPT_OUT.value]
    waiting = select(func.count()).select_from(Reply).where(Reply.handled_at.is_(None))
    strangers = waiting.where(Reply.channel == Channel.EMAIL, Reply.contact_id.is_(None))
    counted = strangers.where(Reply.received_at >= today, Reply.verdict.in_(asked))
    return (desk.conn.scalar(counted) or 0) >= MOST_STRANGERS


def _opt_in(desk: _Desk) -> bool:
    """The person comes back; by email a person has to see to it, as anybody can write any sender."""
    if desk.inbound.channel == Channel.EMAIL:
        return False
    consent.grant(
        desk.conn,
        desk.inbound.channel,
        desk.inbound.address,
        scope=NETWORK,
        source=desk.inbound.channel,
        evidence=_evidence(desk.inbound),
        actor=SUPPORTER,
        now=desk.now,
    )
    clear = joining.came_back(desk.conn, desk.inbound, language=desk.language, now=desk.now)
    if desk.writer.standing is not Standing.GRANTED:
        _answer(desk, Purpose.OPTED_IN)
    return clear


def _join(desk: _Desk) -> bool:
    """A project's keyword, or the yes to a sign-up; whatever else it is, a person reads it."""
    return joining.heard(
        desk.conn,
        desk.jobs,
        desk.inbound,
        contact_id=desk.writer.contact_id,
        latest_message=desk.writer.message_id,
        language=desk.writer.language,
        default_language=desk.language,
        network=desk.network,
        public_url=desk.public_url,
        countries=desk.countries,
        now=desk.now,
    )


def _help(desk: _Desk) -> bool:
    """Tell who we are: once a day, and an email once a week, for a machine asks for ever.

    By email only whom we know, and only so many a day, for any sender can be written; who else asks
    waits for a person.
    """
    channel, address, since = desk.inbound.channel, desk.inbound.address, desk.now - REST
    if channel == Channel.EMAIL:
        if given_since(desk.conn, channel, address, [Purpose.HELP], since):
            return True
        helped = given_today(desk.conn, channel, Purpose.HELP, now=desk.now)
        if not _is_known(desk) or helped >= MOST_HELPED:
            return False
    _answer(desk, Purpose.HELP)
    return True


def _record_outcome(desk: _Desk, outcome: Outcome | None) -> bool:
    """Record a call; a code from nobody we know, or about no action, is for a person to read."""
    understood = desk.understood
    meant = attributing.meant(
        desk.conn,
        desk.writer,
        said=understood.rest,
        corrects=understood.corrects,
        now=desk.now,
    )
    if outcome is None or meant is None or meant.is_open:
        return False
    _write_response(desk, meant, outcome)
    return True


def _told(desk: _Desk) -> bool:
    """A name and a code after it: "Markey 2". Anything else is for a person to read."""
    found = accounts.office_then_code(desk.inbound.body)
    if found is None:
        return False
    meant = attributing.meant(desk.conn, desk.writer, said=found[0], now=desk.now)
    if meant is None or meant.is_open or not meant.by_name:
        return False
    _write_response(desk, meant, CODES[found[1]])
    return True


def _write_response(desk: _Desk, meant: Meant, outcome: Outcome) -> None:
    said = desk.inbound.body.strip()
    responses.record(
        desk.conn,
        meant.action_id,
        contact_id=desk.writer.contact_id,
        target=meant.target,
        outcome=outcome,
        channel=desk.inbound.channel,
        note=said if len(said) > len("1.") else "",
        now=desk.now,
    )
    if (
        desk.writer.standing is not Standing.OPTED_OUT
        and meant.prompt_id is not None
        and attributing.first_thanks(desk.conn, meant.prompt_id, now=desk.now)
    ):
        _answer(desk, Purpose.NOTED)


def _suggest(desk: _Desk, reply_id: int) -> None:
    """Beside a reply that waits: what it seems to tell, and of which office."""
    body = desk.inbound.body
    outcome = desk.understood.outcome or accounts.outcome_told(body)
    meant = attributing.meant(desk.conn, desk.writer, said=body, now=desk.now)
    if outcome is None or meant is None:
        return
    row = {"reply_id": reply_id, "action_id": meant.action_id, "target": meant.target}
    desk.conn.execute(insert(Suggestion).values(**row, outcome=outcome))


def _refuse(desk: _Desk, standing: Standing) -> int | None:
    return consent.refuse(
        desk.conn,
        desk.inbound.channel,
        desk.inbound.address,
        standing=standing,
        source=desk.inbound.channel,
        evidence=_evidence(desk.inbound),
        actor=SUPPORTER,
        now=desk.now,
    )


def _answer(desk: _Desk, purpose: Purpose) -> None:
    """Queue our answer, unless the carrier or the provider has given its own.

    Nor does a mail program get one that pressed "unsubscribe" for its person.
    """
    letter = desk.inbound.letter
    if desk.inbound.handled or (letter is not None and letter.leaves):
        return
    say, link = wording.answer, ""
    if purpose is Purpose.DOUBTED:
        say, link = wording.letter, proof_url(desk.public_url, purpose)
    said = say(purpose, desk.language, network=desk.network, link=link)
    answer(
        desk.conn,
        desk.jobs,
        purpose=purpose.value,
        channel=desk.inbound.channel,
        address=desk.inbound.address,
        contact_id=desk.writer.contact_id,
        language=desk.language,
        words=said.words,
        subject=said.subject,
        now=desk.now,
    )


def _keep(desk: _Desk, *, settled: bool) -> None:
    kept = (
        insert(Reply)
        .values(
            channel=desk.inbound.channel,
            address=desk.inbound.address,
            contact_id=desk.writer.contact_id,
            message_id=desk.writer.message_id,
            body=_storable(desk.inbound.body)[:LONGEST_BODY],
            verdict=desk.understood.verdict.value,
            received_at=desk.now,
            handled_at=desk.now if settled else None,
            handled_by=AUTOMATIC if settled else "",
        )
        .returning(Reply.id)
    )
    reply_id = desk.conn.execute(kept).scalar_one()
    if desk.inbound.letter is not None:
        threads.keep(desk.conn, reply_id, desk.inbound.letter)
    if not settled:
        _suggest(desk, reply_id)


def _understood(inbound: Inbound, standing: Standing | None) -> Understood:
    """What the provider made of it stands: it may know words that its customer configured there.

    But for its START from somebody who never left: to Twilio each YES is one, and to us an answer.
    """
    if inbound.letter is not None and inbound.letter.leaves:
        return Understood(ReplyVerdict.OPT_OUT)
    understood = understand(inbound.body, opted_out=standing is Standing.OPTED_OUT)
    known = _BY_PROVIDER.get(inbound.handled)
    if known in {None, understood.verdict}:
        return understood
    if known is ReplyVerdict.OPT_IN and standing is Standing.GRANTED:
        return understood
    return Understood(known)


def _language(understood: Understood, known: str, default: str) -> str:
    """A Spanish word asks for Spanish; STOP is every language's, so there the person's own counts."""
    if understood.language not in {"", "en"}:
        return understood.language
    return known or default


def _evidence(inbound: Inbound) -> str:
    return _storable(inbound.body)[:LONGEST_EVIDENCE]


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL in a text."""
    return text.replace("\0", "")
