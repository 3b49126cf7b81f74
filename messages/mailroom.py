"""What becomes of an email that came in: a report moves its copy, a person's words go where a text's would.

Anybody can write to us and sign with any name. A report counts only with a token that we gave to the copy it
is about; a reply is the person's who has the token, else of whoever it says it is from. What a machine answers
is counted and no more. Each email is taken in once: its key is kept in the transaction in which it has its effect.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from contacts.models import Channel
from database.upserts import insert_or
from messages import links, receipts
from messages.mail_addresses import (
    Mark,
    Proven,
    proven_by_address,
    proven_by_message_id,
    read_token,
)
from messages.mail_models import MailTally
from messages.models import Delivery
from messages.providers.mail_reading import Mail
from messages.providers.mail_reports import Act, Report, read_event
from messages.providers.provider import Harm, Inbound, Trouble
from messages.receipts import INBOUND, RawEvent, mark_applied, store

NAME = "mail"  # whose events these are
REPORT = "report"  # the kind of an event that is one
MOST_TOKENS = 40  # that are tried in what a report quotes
LONGEST_KEPT = 20_000

# Also after the space of an address that a form has encoded.
_TOKENS = re.compile(r"(?:(?<![0-9a-z])|(?<=%20))[bmru][0-9a-z]{17,28}(?![0-9a-z])", re.IGNORECASE)
_PAGES = re.compile(r"/u/([0-9A-Za-z]{10,21})(?![0-9A-Za-z])")

Hear = Callable[[Connection, Inbound, datetime], None]
"""Who acts on what a person wrote."""


class Kind(StrEnum):
    """What an email was taken for."""

    REPLY = "reply"
    LEAVE = "leave"  # it was sent to the address that unsubscribes
    AUTOMATIC = "automatic"  # a machine answered
    BOUNCE = "bounce"
    DELAY = "delay"
    COMPLAINT = "complaint"
    ARRIVAL = "arrival"  # a mail server confirms it
    UNPROVEN = "unproven"  # a report of no copy of ours that it can prove
    STRAY = "stray_complaint"  # such a one, in which somebody calls our email spam
    OWN = "own"  # our own email came back to us
    UNREADABLE = "unreadable"  # set aside for a person


_OF_ACTS = {
    Act.FAILED: Kind.BOUNCE,
    Act.DELAYED: Kind.DELAY,
    Act.COMPLAINT: Kind.COMPLAINT,
    Act.OPT_OUT: Kind.LEAVE,
    Act.DELIVERED: Kind.ARRIVAL,
    Act.RELAYED: Kind.ARRIVAL,
    Act.NOTHING: Kind.UNPROVEN,
}


@dataclass(frozen=True)
class Desk:
    """What taking mail in needs."""

    secret: str = field(repr=False)  # of the tokens in our addresses
    own: frozenset[str]  # the addresses our emails are from, and come back to
    hear: Hear
    tagged: bool = True  # each copy has a return path of its own
    authserv_id: str = ""  # under which name our own mail server vouches for senders


@dataclass(frozen=True)
class _Sorted:
    """A new email, and the copy it is about."""

    mail: Mail
    kind: Kind
    about: Proven | None = None
    redacted: bool = False  # a complaint without its return path


def take_in(conn: Connection, mails: Sequence[Mail], desk: Desk, *, now: datetime) -> Counter[Kind]:
    """Take in emails, each once, and act on those that are new; return how many of them were what."""
    new = [_sorted(mail, desk) for mail in mails]
    rows = _copies(conn, [each.about for each in new if each.about])
    kept = [each for each in new if _keep(conn, each, rows, now)]
    _apply_reports(conn, kept, rows, desk, now)
    for each in kept:
        if each.kind in (Kind.REPLY, Kind.LEAVE) and each.mail.report is None:
            _hear(conn, each, rows, desk, now)
    counted = Counter(each.kind for each in kept)
    tally(conn, counted, now=now)
    return counted


def tally(conn: Connection, counted: Mapping[Kind, int], *, now: datetime) -> None:
    """Add to the numbers of the day, in the order of kinds."""
    for kind, count in sorted(counted.items()):
        row = insert_or(conn, MailTally).values(day=now.date(), kind=kind.value, count=count)
        more = {"count": MailTally.count + count}
        conn.execute(row.on_conflict_do_update(index_elements=["day", "kind"], set_=more))


def _sorted(mail: Mail, desk: Desk) -> _Sorted:
    """What an email is, by its address first: a token there is what a forger cannot write."""
    if mail.report is not None:
        return _sorted_report(mail, mail.report, desk)
    about = proven_by_address(desk.secret, mail.recipients)
    leaves = about if about and about.mark is Mark.LEAVE else _leaving(desk.secret, mail.subject)
    if leaves:
        return _Sorted(mail, Kind.LEAVE, leaves)
    if mail.automatic or (about and about.mark is Mark.BOUNCE):
        return _Sorted(mail, Kind.AUTOMATIC)
    if mail.sender in desk.own:
        return _Sorted(mail, Kind.OWN)
    return _Sorted(mail, Kind.REPLY, about or proven_by_message_id(desk.secret, mail.thread))


def _sorted_report(mail: Mail, report: Report, desk: Desk) -> _Sorted:
    """A report of a copy that it proves."""
    about = _reported(desk, mail.recipients, report.quoted)
    returned = about is not None and about.mark is Mark.BOUNCE
    if report.act in (Act.COMPLAINT, Act.OPT_OUT) and not returned:
        return _sorted_redacted(mail, report, desk)
    return _Sorted(mail, Kind.UNPROVEN if about is None else _OF_ACTS[report.act], about)


def _sorted_redacted(mail: Mail, report: Report, desk: Desk) -> _Sorted:
    """A complaint without our return path, which its provider's redacting took, or which copies never had.

    The way off the list that it quotes takes that person off, as it does by itself. The Message-ID stands in
    every answer to our email: such a complaint is told of, and neither takes anybody off nor stops our mail.
    """
    if about := _unsubscribing(desk.secret, report.quoted):
        return _Sorted(mail, _OF_ACTS[report.act], about, redacted=True)
    if report.act is Act.OPT_OUT:
        return _Sorted(mail, Kind.UNPROVEN)
    about = _quoted(desk.secret, report.quoted, Mark.ID)
    return _Sorted(mail, Kind.COMPLAINT if about else Kind.STRAY, about, redacted=True)


def _unsubscribing(secret: str, quoted: str) -> Proven | None:
    """The copy whose way off the list stands in what a report quotes: its address, or its web page."""
    if found := _quoted(secret, quoted, Mark.LEAVE):
        return found
    for number, each in enumerate(_PAGES.finditer(quoted)):
        if number < MOST_TOKENS:
            with suppress(links.BadToken):
                return Proven(Mark.LEAVE, links.read_person_token(secret, each[1]))
    return None


def _leaving(secret: str, subject: str) -> Proven | None:
    """The copy that the subject of an email to an untagged address names."""
    found = read_token(secret, subject.rpartition(" ")[2])
    return found if found is not None and found.mark is Mark.LEAVE else None


def _reported(desk: Desk, recipients: Sequence[str], quoted: str) -> Proven | None:
    """The copy a report is about: by its return path, which only mail servers see.

    An address for replies stands in every email that somebody passes on, and a Message-ID in every answer
    to it, so neither proves a report. Only where copies have no return path of their own does the
    Message-ID.
    """
    if not desk.tagged:
        return _quoted(desk.secret, quoted, Mark.ID)
    about = proven_by_address(desk.secret, recipients, {Mark.BOUNCE})
    return about or _quoted(desk.secret, quoted, Mark.BOUNCE)


def _quoted(secret: str, quoted: str, mark: Mark) -> Proven | None:
    """The copy whose token of this kind stands in what a report quotes of our email."""
    for number, each in enumerate(_TOKENS.finditer(quoted)):
        found = read_token(secret, each[0]) if number < MOST_TOKENS else None
        if found is not None and found.mark is mark:
            return found
    return None


def _copies(conn: Connection, proven: Sequence[Proven]) -> dict[int, Any]:
    named = sorted({each.delivery_id for each in proven})
    columns = select(Delivery.id, Delivery.attempt, Delivery.address)
    found = conn.execute(columns.where(Delivery.id.in_(named), Delivery.channel == Channel.EMAIL))
    return {row.id: row for row in found}


def _copy(each: _Sorted, rows: Mapping[int, Any]) -> Any:
    return rows.get(each.about.delivery_id) if each.about else None


def _keep(conn: Connection, each: _Sorted, rows: Mapping[int, Any], now: datetime) -> bool:
    """Keep what came, raw enough to tell what it was; whether it is new."""
    mail, copy = each.mail, _copy(each, rows)
    payload: dict[str, Any] = {"kind": each.kind.value, "delivery": copy.id if copy else None}
    if mail.report is not None:
        payload |= {"act": mail.report.act.value, "status": mail.report.status}
    elif each.kind in (Kind.REPLY, Kind.LEAVE):
        payload |= {"from": mail.sender, "subject": mail.subject, "text": mail.text[:LONGEST_KEPT]}
        payload["address"] = copy.address if copy else mail.sender
    kind = INBOUND if mail.report is None else REPORT
    new = store(conn, [RawEvent(NAME, mail.key, kind, _clean(payload))], now=now)
    mark_applied(conn, new, now=now)
    return bool(new)


def _clean(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Without what JSON or PostgreSQL do not take."""
    return {
        name: _storable(value) if isinstance(value, str) else value
        for name, value in payload.items()
    }


def _storable(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()


def _apply_reports(
    conn: Connection, kept: Sequence[_Sorted], rows: Mapping[int, Any], desk: Desk, now: datetime
) -> None:
    """Move copies, and suppress addresses, by the rules that SendGrid's events follow."""
    told = []
    for each in kept:
        report, copy = each.mail.report, _copy(each, rows)
        if report is None or copy is None or report.act is Act.NOTHING or not copy.attempt:
            continue
        proof = links.receipt_token(desk.secret, copy.id, copy.attempt)
        told_of = {"act": report.act.value, "status": report.status}
        marks = {"d": copy.id, "a": copy.attempt, "k": proof, "address": copy.address or ""}
        receipt = read_event({**told_of, **marks})
        if each.redacted:
            leaves = each.about is not None and each.about.mark is Mark.LEAVE
            receipt = replace(receipt, harm=Harm.OPTED_OUT if leaves else None)
            receipt = receipt if leaves else replace(receipt, trouble=Trouble.HEARSAY)
        told.append((Channel.EMAIL, receipt))
    if told:
        receipts.apply(conn, told, secret=desk.secret, now=now)


def _hear(
    conn: Connection, each: _Sorted, rows: Mapping[int, Any], desk: Desk, now: datetime
) -> None:
    """Let somebody act on what a person wrote: as the one whose copy it is, wherever they wrote from."""
    copy, leaves = _copy(each, rows), each.kind is Kind.LEAVE
    about = copy.id if copy is not None and copy.address else None
    if leaves and about is None:
        return  # the copy is forgotten, and with it whom it went to
    mail, passed_on = each.mail, each.about is not None and each.about.mark is Mark.ID
    address = copy.address if about else mail.sender
    # Whom a server vouches for is the sender: that says nothing of somebody else's copy.
    vouched = mail.vouched and mail.sender == address
    inbound = replace(mail, vouched=vouched).inbound(
        about=about, leaves=leaves, passed_on=passed_on
    )
    desk.hear(conn, replace(inbound, address=address, body=_storable(inbound.body)), now)
