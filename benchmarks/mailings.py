"""A year of campaign emails: one every few weeks to everybody, and what people did with them.

Written by the database itself, after ``population``; the counts are those that the service would have kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from benchmarks.history import BATCH, stored
from benchmarks.population import PRIMES, WORD
from campaigns.calendar import create_campaign
from campaigns.models import CampaignEmail, CampaignRun, RunStatus, ScheduleStatus
from campaigns.story_models import CampaignMeasure, CampaignReading
from messages import counts, followed
from messages.models import Delivery, Message, MessageKind, MessageStatus, Reach, Status
from tests.builders import make_action, make_message

EMAILS = 6
APART = timedelta(weeks=8)
CLICKED, SCANNED, ACTED, REFUSED = (
    40,
    90,
    8,
    2,
)  # of a thousand copies; those that machines follow too
ZONE = "America/New_York"


def write_mailings(conn: Connection, project_id: int | None, now: datetime) -> None:
    """A campaign of a committee, or of the network, to all its people."""
    campaign_id = create_campaign(
        conn, name="Water", goal="No mining", project_id=project_id, created_by="x", now=now
    )
    action_id = make_action(conn)
    for number in range(EMAILS):
        at = now - timedelta(hours=20) - APART * (EMAILS - 1 - number)
        message_id = _email(conn, campaign_id, project_id, action_id, at)
        _copies(conn, message_id, project_id, at)
        _deeds(conn, message_id, action_id, at)
        found = counts.counted(conn, message_id)
        counts.apply(conn, counts.Deltas(found))
        total = sum(found.values())
        values = {"expected": total, "confirmed": total, "finished_at": at + timedelta(hours=1)}
        conn.execute(update(Message).where(Message.id == message_id).values(values))
    _measure(conn, campaign_id, now)


def _email(
    conn: Connection, campaign_id: int, project_id: int | None, action_id: int, at: datetime
) -> int:
    local = at.strftime("%Y-%m-%dT%H:%M")
    plan: dict[str, Any] = {
        "campaign_id": campaign_id,
        "status": ScheduleStatus.OVER,
        "local_time": local,
        "zone": ZONE,
        "late_minutes": 60,
        "audience": {},
        "texts": {"en": {"subject": "Water", "body": "x"}},
        "created_by": "x",
        "created_at": at,
        "action_id": action_id,
    }
    email_id = conn.execute(insert(CampaignEmail).values(plan).returning(CampaignEmail.id)).scalar()
    message_id = make_message(
        conn,
        kind=MessageKind.CAMPAIGN,
        status=MessageStatus.FINISHED,
        reach=Reach.EMAIL,
        project_id=project_id,
        action_id=action_id,
        launched_at=at,
        starts_at=at,
        expanded_at=at,
        created_at=at,
    )
    run = {"email_id": email_id, "local_time": local, "message_id": message_id, "fired_at": at}
    conn.execute(insert(CampaignRun).values(**run, planned_at=at, status=RunStatus.FIRED))
    return message_id


def _copies(conn: Connection, message_id: int, project_id: int | None, at: datetime) -> None:
    members = (
        "JOIN memberships ON memberships.contact_id = contacts.id AND project_id = :project"
        if project_id
        else ""
    )
    drawn = f"((contacts.id + :message * 7919) * {PRIMES[0]}) % {WORD} * 1000 / {WORD}"
    conn.execute(
        text(
            "INSERT INTO deliveries (message_id, contact_id, channel, address, zone_set_id, status,"
            " reason, attempt, approved_sends, provider_id, language, segments, changed_at)"
            " SELECT :message, contacts.id, 'email', address, zone_set_id,"
            f" CASE WHEN drawn < 980 THEN {int(Status.DELIVERED)} WHEN drawn < 990"
            f" THEN {int(Status.UNDELIVERED)} ELSE {int(Status.SKIPPED)} END,"
            " CASE WHEN drawn < 980 THEN '' WHEN drawn < 990 THEN '5.1.1' ELSE 'no_consent' END,"
            " 1, 1, 'E' || address, language, 0, :at FROM"
            f" (SELECT contacts.*, address, {drawn} AS drawn FROM contacts JOIN addresses"
            f" ON addresses.contact_id = contacts.id AND channel = 'email' {members}) AS contacts"
            " ORDER BY contacts.id"
        ),
        {
            "message": message_id,
            "at": stored(conn, at),
            **({"project": project_id} if project_id else {}),
        },
    )
    conn.execute(
        text(
            "INSERT INTO batches (message_id, channel, lo_id, hi_id, priority, open, next_at)"
            " SELECT message_id, channel, min(id), max(id) + 1, 50,"
            f" {'0' if conn.dialect.name == 'sqlite' else 'false'}, :at FROM deliveries"
            f" WHERE message_id = :message GROUP BY message_id, channel, id / {BATCH}"
        ),
        {"message": message_id, "at": stored(conn, at)},
    )


def _deeds(conn: Connection, message_id: int, action_id: int, at: datetime) -> None:
    """Clicks, of people and machines, calls, and refusals, two hours after it left."""
    some = (
        "FROM deliveries WHERE message_id = :message AND status = 40"
        f" AND (id * {PRIMES[1]}) % {WORD} * 1000 / {WORD}"
    )
    told = {"message": message_id, "at": stored(conn, at + timedelta(hours=2))}
    for sign, most in (("", CLICKED), ("early", SCANNED)):
        columns = "(delivery_id, at, sign)"
        clicks = f"INSERT INTO clicks {columns} SELECT id, :at, '{sign}' {some}"
        conn.execute(text(f"{clicks} < {most}"), told)
    copies = select(Delivery.id).where(Delivery.message_id == message_id)
    followed.note(conn, conn.scalars(copies).all())
    conn.execute(
        text(
            "INSERT INTO responses (action_id, contact_id, who, target, outcome, channel, note, at)"
            " SELECT :action, contact_id, 'contact:' || contact_id, 'us:' || :message, 'spoke',"
            f" 'web', '', :at {some} < {ACTED}"
        ),
        {**told, "action": action_id},
    )
    conn.execute(
        text(
            "INSERT INTO consents (channel, address, scope, standing, source, evidence, actor, at)"
            " SELECT channel, address, 'network', 'opted_out', 'one_click', 'x', 'supporter', :at"
            f" {some} < {REFUSED}"
        ),
        told,
    )


def _measure(conn: Connection, campaign_id: int, now: datetime) -> None:
    row = {"campaign_id": campaign_id, "words": {"en": "Municipalities"}, "target": 262}
    counted = insert(CampaignMeasure).values(row).returning(CampaignMeasure.id)
    measure_id = conn.execute(counted).scalar_one()
    for month in range(EMAILS):
        reading = {"read_on": (now - APART * month).date(), "value": 100 - month}
        noted = {"measure_id": measure_id, "noted_by": "x", "noted_at": now}
        conn.execute(insert(CampaignReading).values(**reading, **noted))


def latest(conn: Connection, project_id: int | None) -> dict[str, int]:
    """The campaign of a committee, or of the network, and its latest email."""
    rows = (
        select(CampaignEmail.campaign_id, CampaignEmail.id)
        .join(CampaignRun, CampaignRun.email_id == CampaignEmail.id)
        .join(Message, Message.id == CampaignRun.message_id)
        .where(Message.project_id.is_not_distinct_from(project_id))
        .order_by(CampaignRun.fired_at.desc())
    )
    row = conn.execute(rows.limit(1)).one()
    return {"campaign_id": row.campaign_id, "email_id": row.id}
