"""Is everything in place? What ``llamado doctor`` looks at, in sentences."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, make_url, select

import settings as all_settings
from commands import mail_checks
from commands.doctor_lines import Line, Verdict
from contacts.models import Project
from database.clock import database_now
from database.engine import Database, DatabaseUnusable, driver_url, is_sqlite
from database.migrating import missing_migrations
from database.opening import opened
from fitting import make_records, make_wanted
from messages import runs, sender_records
from messages.budgets import dollars
from messages.models import Event, Message, MessageStatus
from messages.record_words import words
from messages.retention import Keep, foreseen, oldest
from messages.sender_checks import senders
from organizers.models import Organizer
from representatives import turnover
from representatives.status import Status, status
from settings import Settings

LEAST_DISK = 0.10  # of the disk that the database lies on
MOST_SKEW = timedelta(seconds=30)
LATE_RECEIPTS = timedelta(seconds=60)
RETENTION_GRACE = timedelta(days=1)


async def examine(settings: Settings, *, now: datetime) -> list[Line]:
    """Look at everything that can be looked at without sending anything.

    Raises DatabaseUnusable where even the URL cannot be read.
    """
    lines = [*_settings_lines(settings), *await mail_checks.ask_servers(settings)]
    url = driver_url(settings.database.url)
    if is_sqlite(url):
        lines += _disk(url)
    if not _is_there(url):
        text = "there is none yet; `llamado serve` makes it at its first start"
        return [*lines, Line(Verdict.THINK, "database", text)]
    try:
        missing = missing_migrations(url)
    except DatabaseUnusable as error:
        return [*lines, Line(Verdict.BAD, "database", str(error))]
    if missing:
        text = f"lacks migration {', '.join(missing)}; run: llamado migrate"
        return [*lines, Line(Verdict.BAD, "database", text)]
    lines.append(Line(Verdict.GOOD, "database", f"{_kind(url)}, migrations are current"))
    async with opened(url) as found:
        rows = await _rows(found.database, settings, now)
        return [*lines, *rows, *await _records(found.database, settings)]


async def _rows(database: Database, settings: Settings, now: datetime) -> list[Line]:
    return await database.read(_look, settings, now)


async def _records(database: Database, settings: Settings) -> list[Line]:
    """What the records of our senders' domains say now."""
    if settings.email_by == "outbox":
        return []
    sender = (
        settings.smtp.from_email if settings.email_by == "smtp" else settings.sendgrid.from_email
    )
    records, wanted = make_records(settings), make_wanted(settings)
    lines = []
    for domain in sorted(await database.read(senders, sender)):
        for each in await sender_records.examine(records, domain, wanted):
            record = f" {each.name} {each.kind}: {each.record}" if each.record else ""
            text = f"{words(each, 'en')}{record or (f' ({each.name})' if each.name else '')}"
            lines.append(Line(Verdict(each.verdict.value), domain, text))
    return lines


def _look(conn: Connection, settings: Settings, now: datetime) -> list[Line]:
    return [
        *_clock(conn, now),
        *_dataset(conn, settings.representatives.stale_days, now),
        *(Line(Verdict.THINK, "representatives", each) for each in turnover.warnings(conn, now)),
        *_people(conn),
        *_sending(conn, now),
        *mail_checks.come_back(conn, settings, now),
        *_retention(conn, settings.retention.keep, now),
    ]


def _retention(conn: Connection, keep: Keep, now: datetime) -> Iterator[Line]:
    since = oldest(conn)
    if since is None:
        return
    over = sum(foreseen(conn, keep, now=now - RETENTION_GRACE).values())
    text = f"the oldest detail on people is {(now - since).days:,} days old"
    if over:
        advice = (
            f"{text}; {over:,} rows should be gone: is a sender running? Or run: llamado retention"
        )
        yield Line(Verdict.THINK, "retention", advice)
    else:
        yield Line(Verdict.GOOD, "retention", text)


def _settings_lines(settings: Settings) -> Iterator[Line]:
    for channel, provider in (("texts", settings.sms_by), ("emails", settings.email_by)):
        if provider == "outbox":
            text = "stay in the outbox; no account is set up, so nothing leaves"
            yield Line(Verdict.THINK, channel, text)
        else:
            yield Line(Verdict.GOOD, channel, f"leave by {provider}")
    yield _calls_line(settings)
    if settings.network.postal_address:
        yield Line(Verdict.GOOD, "postal address", "is set")
    else:
        text = "is not set; the law wants one under every email (network.postal_address)"
        yield Line(Verdict.THINK, "postal address", text)
    for sentence in all_settings.warnings(settings):
        yield Line(Verdict.THINK, "settings", sentence)


def _calls_line(settings: Settings) -> Line:
    if not settings.connects:
        text = "are not put through; without voice.number pages show the offices' own numbers"
        return Line(Verdict.GOOD, "calls", text)
    cents = settings.voice.daily_budget_cents
    limit = f"for at most {dollars(cents)} a day" if cents else "without a limit on a day's cost"
    return Line(Verdict.GOOD, "calls", f"are put through by twilio, {limit}")


def _disk(url: str) -> Iterator[Line]:
    folder = Path(make_url(url).database or ".").absolute().parent
    if not folder.exists():
        return
    usage = shutil.disk_usage(folder)
    free = usage.free / usage.total
    verdict = Verdict.GOOD if free > LEAST_DISK else Verdict.BAD
    advice = "" if verdict is Verdict.GOOD else "; make room before sending"
    yield Line(verdict, "disk", f"{free:.0%} free where the database lies{advice}")


def _is_there(url: str) -> bool:
    return not is_sqlite(url) or Path(make_url(url).database or "").exists()


def _kind(url: str) -> str:
    return "SQLite" if is_sqlite(url) else "PostgreSQL"


def _clock(conn: Connection, now: datetime) -> Iterator[Line]:
    skew = abs(database_now(conn) - now)
    if skew > MOST_SKEW:
        text = f"differs from the database's by {skew.total_seconds():.0f} seconds; set both by NTP"
        yield Line(Verdict.BAD, "clock", text)
    else:
        yield Line(Verdict.GOOD, "clock", "agrees with the database's")


def _dataset(conn: Connection, stale_days: int, now: datetime) -> Iterator[Line]:
    found = status(conn, now)
    if found is None:
        text = "none is loaded, so nobody knows whom to call; run: llamado representatives update"
        yield Line(Verdict.THINK, "representatives", text)
        return
    age = found.age(now)
    when = {0: "today's", 1: "yesterday's"}.get(age, f"{age} days old")
    text = f"{found.members:,} members, {found.zips:,} ZIPs, {when}"
    if age > stale_days:
        advice = f"{text}; run: llamado representatives update"
        yield Line(Verdict.THINK, "representatives", advice)
    else:
        yield Line(Verdict.GOOD, "representatives", text)
    yield from _open_seats(found)


def _open_seats(found: Status) -> Iterator[Line]:
    """What the data leaves open, and what organizers say against it."""
    if found.vacant:
        text = f"{len(found.vacant)} seats are vacant; their people are asked to call senators"
        yield Line(Verdict.GOOD, "representatives", text)
    if found.corrections:
        ends = min(each.expires_on for each in found.corrections)
        text = f"{len(found.corrections)} corrections of yours are in force; the first ends {ends}"
        yield Line(Verdict.GOOD, "representatives", text)


def _people(conn: Connection) -> Iterator[Line]:
    if not conn.scalar(select(func.count()).select_from(Organizer)):
        text = "nobody can sign in yet; run: llamado organizer create"
        yield Line(Verdict.THINK, "organizers", text)
    if not conn.scalar(select(func.count()).select_from(Project)):
        text = "there is none yet; run: llamado project add"
        yield Line(Verdict.THINK, "projects", text)


def _sending(conn: Connection, now: datetime) -> Iterator[Line]:
    alive = runs.alive(conn, now=now)
    if alive:
        yield Line(Verdict.GOOD, "senders", f"{alive} running")
    else:
        yield Line(Verdict.THINK, "senders", "none is running; start one with: llamado serve")
    paused = select(Message.id, Message.paused_because).where(
        Message.status == MessageStatus.PAUSED, Message.paused_because != ""
    )
    for message_id, because in conn.execute(paused):
        yield Line(Verdict.BAD, f"message {message_id}", because)
    oldest = conn.scalar(select(func.min(Event.received_at)).where(Event.applied_at.is_(None)))
    if oldest is not None and now - oldest.replace(tzinfo=oldest.tzinfo or UTC) > LATE_RECEIPTS:
        text = "receipts have waited for more than a minute to be applied; is a sender running?"
        yield Line(Verdict.BAD, "receipts", text)
