"""How will the emails of a draft fare? What warm-up holds, whom Gmail will take us for, what stands against us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from contacts.models import Address, Channel, Contact
from messages import audience as audiences
from messages import complaints, sender_checks, volumes
from messages.audience import Audience
from messages.findings import Finding, finding
from messages.forecast import HELD, NOW, Forecast
from messages.house import HouseRules
from messages.mailboxes import GMAIL, primary_domain, sender_domain
from messages.models import MessageKind
from messages.sender_records import Verdict
from messages.volumes import BULK, NEARLY_BULK, WarmUp


def mail_warnings(
    conn: Connection,
    message: Row[Any],
    audience: Audience,
    seen: Forecast,
    *,
    house: HouseRules,
    now: datetime,
) -> Iterator[Finding]:
    """What deserves a thought about the emails of a draft."""
    emails = seen.total(Channel.EMAIL, NOW, HELD)
    domain = sender_domain(message.email_sender or house.identity.email_sender)
    if not (emails and house.real_email and domain):
        return
    yield from _warm_up(conn, message, emails, house.warm_up, now)
    yield from _gmail(conn, domain, audience, emails, now)
    if message.kind == MessageKind.CAMPAIGN and complaints.held(conn, [domain]):
        yield finding("sender_held", domain=domain)
    known = sender_checks.known(conn, [domain]).get(domain)
    if known is not None and known.verdict is Verdict.BAD:
        yield finding("records_bad", domain=domain)


def _warm_up(
    conn: Connection, message: Row[Any], emails: int, rule: WarmUp, now: datetime
) -> Iterator[Finding]:
    seen = volumes.today(conn, message.email_sender, rule, now=now)
    if seen.most is None or seen.left is None or emails <= seen.left:
        return
    told = {"domain": seen.domain, "emails": emails, "left": seen.left}
    if message.urgent:
        yield finding("warm_up_urgent", **told)
    else:
        yield finding("warm_up_holds", **told, days=days_for(emails - seen.left, seen.most))


def days_for(emails: int, today: int) -> int:
    """In how many days the last of so many leaves, when each day lets through twice what the one before did."""
    days = 0
    while emails > 0:
        days, today = days + 1, today * 2
        emails -= today
    return days


def _gmail(
    conn: Connection, domain: str, audience: Audience, emails: int, now: datetime
) -> Iterator[Finding]:
    """Counted only where it can come to that: who is at Gmail is in no index."""
    sent = volumes.to_gmail(conn, now=now).get(primary_domain(domain))
    today = 0 if sent is None else sent.today
    if (sent is not None and sent.bulk) or today + emails < NEARLY_BULK:
        return
    count = today + min(emails, _at_gmail(conn, audience))
    if count >= BULK:
        yield finding("gmail_bulk", domain=primary_domain(domain), count=count)
    elif count >= NEARLY_BULK:
        yield finding("gmail_near", domain=primary_domain(domain), count=count)


def _at_gmail(conn: Connection, audience: Audience) -> int:
    at = or_(*(Address.address.endswith(f"@{domain}", autoescape=True) for domain in GMAIL))
    found = (
        select(func.count())
        .select_from(Contact)
        .join(Address, Address.contact_id == Contact.id)
        .where(audiences.belongs(audience), Address.channel == Channel.EMAIL, Address.rank == 0, at)
    )
    return conn.scalar(found) or 0
