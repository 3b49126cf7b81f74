"""Does mail leave, and does what comes back arrive? What ``llamado doctor`` finds out by asking the servers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer
from sqlalchemy import Connection

from commands.doctor_lines import Line, Verdict
from fitting import imap_account, make_maildir, make_relay
from messages.collecting import apart
from messages.mail_sources import lately, sources
from messages.providers.imap import try_folder
from messages.providers.mailboxes import NoMailbox, Position
from messages.providers.smtp import try_relay
from settings import Settings

PATIENCE = 10.0  # seconds for a name server
LONGEST = 60.0  # seconds for a mailbox, however it drags its answer out
LATE = timedelta(hours=1)


async def ask_servers(settings: Settings, *, longest: float = LONGEST) -> list[Line]:
    """Sign in where emails leave and where mail comes back to, without sending or taking anything.

    A mailbox that is asked by IMAP is waited for no longer than ``longest`` seconds.
    """
    lines = []
    if settings.email_by == "smtp":
        lines.append(await _relay(settings))
    if settings.inbound.source in ("imap", "maildir"):
        lines.append(await _mailbox(settings, longest))
    own = settings.inbound.mailbox
    domains = {address.rpartition("@")[2] for address in (own.replies, own.bounces)} - {""}
    return [*lines, *[await _mail_domain(each) for each in sorted(domains)]]


async def _relay(settings: Settings) -> Line:
    problem = await try_relay(make_relay(settings))
    if problem:
        return Line(Verdict.BAD, "mail server", problem)
    return Line(Verdict.GOOD, "mail server", "lets us sign in and would take emails")


async def _mailbox(settings: Settings, longest: float) -> Line:
    try:
        if settings.inbound.source == "imap":
            async with asyncio.timeout(longest):
                count = await apart(partial(try_folder, imap_account(settings)))
            return Line(Verdict.GOOD, "mailbox", f"can be read by IMAP; emails in it: {count:,}")
        found, _ = await asyncio.to_thread(make_maildir(settings).look, Position(), 1)
    except NoMailbox as error:
        return Line(Verdict.BAD, "mailbox", str(error))
    except TimeoutError:
        text = f"has not answered for {longest:.0f} seconds; is its server well?"
        return Line(Verdict.BAD, "mailbox", text)
    waiting = "something waits in it" if found else "nothing waits in it"
    return Line(Verdict.GOOD, "mailbox", f"the Maildir can be read; {waiting}")


async def _mail_domain(domain: str) -> Line:
    """Whether other mail servers know where to bring what is for this domain."""
    resolver = Resolver()
    resolver.lifetime = PATIENCE
    subject = f"mail for {domain}"
    try:
        answer = await resolver.resolve(domain, "MX")
    except (NXDOMAIN, NoAnswer):
        text = "has no MX record, so bounces and replies find no way back; set one in its DNS"
        return Line(Verdict.BAD, subject, text)
    except (DNSException, OSError) as error:
        text = f"its MX record could not be looked up ({type(error).__name__}); try again later"
        return Line(Verdict.THINK, subject, text)
    names = sorted(str(each.exchange).rstrip(".") for each in answer)
    return Line(Verdict.GOOD, subject, f"is brought to {', '.join(names[:3])}")


def come_back(conn: Connection, settings: Settings, now: datetime) -> Iterator[Line]:
    """What came back lately, and what waits for somebody to look at it."""
    for source in sources(conn):
        if source.trouble:
            yield Line(Verdict.BAD, f"mail by {source.name}", source.trouble)
        elif source.name == settings.inbound.source and _is_late(source.looked_at, now):
            text = "nobody has looked for mail for an hour; is a sender running?"
            yield Line(Verdict.BAD, f"mail by {source.name}", text)
        if source.set_aside:
            text = (
                f"{source.set_aside:,} could not be taken in and were set aside; the last one:"
                f" {source.set_aside_because}"
            )
            yield Line(Verdict.THINK, f"mail by {source.name}", text)
    if found := lately(conn, now=now):
        told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.items()))
        yield Line(Verdict.GOOD, "mail of seven days", told)


def _is_late(looked_at: datetime | None, now: datetime) -> bool:
    return looked_at is not None and now - looked_at > LATE
