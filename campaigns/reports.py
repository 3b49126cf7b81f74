"""What became of the emails of a campaign: each date that left, with all its ways of writing, as one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from campaigns import results
from campaigns.models import CampaignEmail, CampaignRun
from campaigns.results import K, Part, Parts, Result
from messages.control import NotNow
from messages.eligibility import families_of
from messages.models import MessageText
from messages.progress import Equation, copies_taken, progress_of

HOURS = 48  # after it left, that are told one by one
HOUR = timedelta(hours=1)


NOTHING = "nothing of this email has left on that date; there is nothing to report yet"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A date of an email that left: the first of its messages, and all of them."""

    email_id: int
    local_time: str  # what the date is known by
    shown: str  # the wall time it went at
    at: datetime
    message_id: int
    messages: Sequence[int]
    subjects: Mapping[str, str]  # as they were sent, by language


@dataclass(frozen=True, kw_only=True)
class Brief:
    """The main figures of a date, for lists."""

    sent: Sent
    left: int  # copies that left, and did not come back
    result: Result | None  # None: it is not counted here, or not known any more


@dataclass(frozen=True, kw_only=True)
class Way:
    """One message of a date: a way of writing, or what the others got when that was decided."""

    message_id: int
    subjects: Mapping[str, str]
    result: Result


@dataclass(frozen=True)
class Hour:
    """How many people followed a link first, and acted first, in an hour; ``start`` None: later than all told."""

    start: datetime | None
    clicked: int
    acted: int


@dataclass(frozen=True, kw_only=True)
class EmailReport:
    """What became of one date of an email."""

    sent: Sent
    equation: Equation
    result: Result
    forgotten: bool  # who got it is not kept any more, so what they did is not known either
    ways: Sequence[Way]  # more than one, where several were tried
    parts: Parts
    hours: Sequence[Hour]


_SENT = (
    select(
        CampaignRun.email_id,
        CampaignRun.local_time,
        CampaignRun.moved_to,
        CampaignRun.fired_at,
        CampaignRun.message_id,
    )
    .join(CampaignEmail, CampaignEmail.id == CampaignRun.email_id)
    .where(CampaignRun.message_id.is_not(None), CampaignRun.fired_at.is_not(None))
    .order_by(CampaignRun.fired_at.desc(), CampaignRun.id.desc())
)
_SENT_OF_CAMPAIGN = _SENT.where(CampaignEmail.campaign_id == bindparam("campaign"))
_SENT_OF_EMAILS = _SENT.where(CampaignRun.email_id.in_(bindparam("emails", expanding=True)))


def sent_of(
    conn: Connection, *, campaign_id: int | None = None, email_ids: Collection[int] = ()
) -> list[Sent]:
    """The dates that left of a campaign, or of these emails; the latest first."""
    if campaign_id is None:
        rows = conn.execute(_SENT_OF_EMAILS, {"emails": list(email_ids)}).all()
    else:
        rows = conn.execute(_SENT_OF_CAMPAIGN, {"campaign": campaign_id}).all()
    roots = [row.message_id for row in rows]
    families, subjects = families_of(conn, roots), subjects_of(conn, roots)
    return [
        Sent(
            email_id=row.email_id,
            local_time=row.local_time,
            shown=row.moved_to or row.local_time,
            at=row.fired_at,
            message_id=row.message_id,
            messages=families[row.message_id],
            subjects=subjects.get(row.message_id, {}),
        )
        for row in rows
    ]


def brief(conn: Connection, sent: Sequence[Sent], *, deeds: int = 0) -> dict[int, Brief]:
    """The main figures of each of these dates, by its message; what people did only of the first ``deeds``.

    How many got it is kept, what they did is counted: a list of many tells only the former.
    """
    left = copies_taken(conn, [each.message_id for each in sent])
    known = [each for one in sent[:deeds] for each in one.messages]
    found = results.read(conn, known)
    return {
        one.message_id: Brief(
            sent=one,
            left=left.get(one.message_id, 0),
            result=sum((found.results[each] for each in one.messages), Result())
            if at < deeds and one.message_id not in found.forgotten
            else None,
        )
        for at, one in enumerate(sent)
    }


def find_sent(conn: Connection, email_id: int, local_time: str = "") -> Sent:
    """A date of an email that left, the latest if none is named. Raises NotNow."""
    found = sent_of(conn, email_ids=[email_id])
    chosen = [each for each in found if not local_time or each.local_time == local_time]
    if not chosen:
        raise NotNow(NOTHING)
    return chosen[0]


def email_report(
    conn: Connection, email_id: int, local_time: str = "", *, projects: bool, now: datetime
) -> EmailReport:
    """Report on a date of an email, by ``projects`` too if that is asked. Raises NotNow."""
    sent = find_sent(conn, email_id, local_time)
    ids = sent.messages
    starts = _starts(sent, now)
    ends = [each + HOUR for each in starts]
    found = results.read(conn, ids, projects=projects, ends=ends)
    subjects = subjects_of(conn, ids)
    return EmailReport(
        sent=sent,
        equation=equation_of(conn, ids, now=now),
        result=sum(found.results.values(), Result()),
        forgotten=sent.message_id in found.forgotten,
        ways=[
            Way(message_id=each, subjects=subjects.get(each, {}), result=found.results[each])
            for each in ids
        ],
        parts=merged(found.parts),
        hours=[
            Hour(start, span.clicked, span.acted)
            for start, span in zip([*starts, None], found.spans, strict=True)
        ],
    )


def equation_of(conn: Connection, message_ids: Collection[int], *, now: datetime) -> Equation:
    """The account of every copy of these messages together."""
    return sum((each.equation for each in progress_of(conn, message_ids, now=now)), Equation())


def merged(parts: Mapping[int, Parts]) -> Parts:
    """The parts of several messages as those of one."""
    return Parts(
        languages=added([each.languages for each in parts.values()]),
        projects=added([each.projects for each in parts.values()]),
    )


def added(tables: Sequence[Mapping[K, Part]]) -> dict[K, Part]:
    """The lines of several tables, those of one key together."""
    found: dict[K, Part] = {}
    for table in tables:
        for key, part in table.items():
            found[key] = found.get(key, Part()) + part
    return found


_SUBJECTS = (
    select(MessageText.message_id, MessageText.language, MessageText.subject)
    .where(MessageText.message_id.in_(bindparam("messages", expanding=True)))
    .order_by(MessageText.language)
)


def subjects_of(conn: Connection, message_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Under which subjects messages were sent, by language."""
    found: dict[int, dict[str, str]] = {}
    for message_id, language, subject in conn.execute(_SUBJECTS, {"messages": list(message_ids)}):
        found.setdefault(message_id, {})[language] = subject
    return found


def _starts(sent: Sent, now: datetime) -> list[datetime]:
    """Hour by hour from when it left, as far as there are any yet."""
    over = min(HOURS, max(1, -((sent.at - now) // HOUR)))
    return [sent.at + nth * HOUR for nth in range(over)]
