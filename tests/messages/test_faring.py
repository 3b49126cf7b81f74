"""What arrives, who complains and who leaves: counted by project, with no share of few copies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from contacts.consent import refuse
from contacts.models import Consent, Standing, project_scope
from contacts.reachable import People, people_of
from messages.faring import (
    COMPLAINTS,
    FEW,
    LAUNCHED,
    Fared,
    Share,
    Verdict,
    faring,
    lately,
    refusals,
    shared_with,
)
from messages.models import MessageCount, MessageKind, Status
from organizers.roles import NETWORKS
from tests.builders import an_email, make_contact, make_message, make_project
from tests.messages.test_audience_plans import plan


def counted(
    conn: Connection, message_id: int, channel: str, status: Status, count: int, reason: str = ""
) -> None:
    row = {"channel": channel, "status": status, "reason": reason, "zone_set_id": 0}
    conn.execute(insert(MessageCount).values(message_id=message_id, count=count, **row))


def leave(conn: Connection, address: str, standing: Standing, now: datetime) -> None:
    refuse(
        conn,
        "email",
        address,
        standing=standing,
        source="provider",
        evidence="x",
        actor="provider:sendgrid",
        now=now,
    )


def test_copies_are_counted_by_project_and_channel(conn: Connection, now: datetime) -> None:
    madison = make_project(conn)
    mine = make_message(conn, project_id=madison, launched_at=now - timedelta(days=3))
    counted(conn, mine, "sms", Status.DELIVERED, 90)
    counted(conn, mine, "sms", Status.UNDELIVERED, 10, "30003")
    counted(conn, mine, "sms", Status.SKIPPED, 5, "no_consent")
    counted(conn, mine, "email", Status.SENT, 7)
    counted(conn, mine, "email", Status.UNKNOWN, 2)
    networks = make_message(conn, launched_at=now - timedelta(days=1))
    counted(conn, networks, "email", Status.FAILED, 4, "bounce")

    found = faring(conn, lately(conn, now=now))

    assert found[madison] == Fared(texts=100, lost_texts=10, emails=7)
    assert found[NETWORKS] == Fared(emails=4, lost_emails=4)
    assert faring(conn, lately(conn, now=now), [madison]).keys() == {madison}


def test_what_is_older_or_an_answer_is_not_counted(conn: Connection, now: datetime) -> None:
    old = make_message(conn, launched_at=now - timedelta(days=31))
    answer = make_message(conn, kind=MessageKind.REPLY, launched_at=now)
    draft = make_message(conn)
    for message_id in (old, answer, draft):
        counted(conn, message_id, "sms", Status.DELIVERED, 50)

    assert faring(conn, lately(conn, now=now)) == {}


def test_a_complaint_counts_once_for_each_project_of_the_person(
    conn: Connection, now: datetime
) -> None:
    madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
    chloe, ben, lone = an_email("chloe"), an_email("ben"), an_email("lone")
    make_contact(conn, "Chloe", email=chloe, projects=[madison, bangor])
    make_contact(conn, "Ben", email=ben, projects=[madison])
    make_contact(conn, "Lone", email=lone)
    leave(conn, chloe, Standing.COMPLAINED, now)
    leave(conn, chloe, Standing.COMPLAINED, now)
    leave(conn, ben, Standing.OPTED_OUT, now)
    leave(conn, lone, Standing.OPTED_OUT, now - timedelta(days=40))

    found = faring(conn, lately(conn, now=now))

    assert found[madison] == Fared(complaints=1, left=1)
    assert found[bangor] == Fared(complaints=1)
    assert NETWORKS not in found


def test_a_no_to_one_project_counts_for_that_one_alone(conn: Connection, now: datetime) -> None:
    madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
    chloe = an_email("chloe")
    make_contact(conn, "Chloe", email=chloe, projects=[madison, bangor])
    said: dict[str, Any] = {"source": "email", "evidence": "x", "actor": "x", "now": now}
    for address in (chloe, an_email("nobody")):
        stop: dict[str, Any] = {"standing": Standing.OPTED_OUT, "scope": project_scope(bangor)}
        refuse(conn, "email", address, **stop, **said)

    assert faring(conn, lately(conn, now=now)) == {bangor: Fared(left=2)}


def test_it_is_known_who_else_may_have_written_to_a_projects_people(conn: Connection) -> None:
    madison, bangor, carasque = (make_project(conn, name) for name in ("M", "B", "C"))
    make_contact(conn, "Chloe", projects=[madison, bangor])
    make_contact(conn, "Ben", projects=[carasque])

    assert shared_with(conn, madison, {madison, bangor})
    assert not shared_with(conn, madison, {madison, carasque})
    assert not shared_with(conn, carasque, {madison, bangor, carasque})


def test_refusals_of_an_imported_list_are_not_ours(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Chloe", email="chloe@example.org")
    row = {"channel": "email", "address": "chloe@example.org", "scope": "network", "at": now}
    said = {"standing": Standing.OPTED_OUT, "source": "import", "evidence": "", "actor": "x"}
    conn.execute(insert(Consent).values(**row, **said))

    assert faring(conn, lately(conn, now=now)) == {}


def test_of_few_copies_there_is_no_share() -> None:
    assert Share(1, FEW - 1, COMPLAINTS).verdict is Verdict.FEW
    assert Share(0, FEW, COMPLAINTS).verdict is Verdict.GOOD


def test_the_bounds_are_those_of_the_mailbox_providers() -> None:
    said = [Share(count, 10_000, COMPLAINTS).verdict for count in (9, 10, 29, 30)]

    assert said == [Verdict.GOOD, Verdict.WARN, Verdict.WARN, Verdict.BAD]
    assert Share(30, 10_000, COMPLAINTS).percent == 0.3


def test_people_are_counted_by_what_can_be_done_for_them(conn: Connection) -> None:
    madison = make_project(conn)
    make_contact(conn, "Amina", projects=[madison])
    make_contact(conn, "Ben", projects=[madison], district=None)
    make_contact(conn, "Chloe", projects=[madison], consent=Standing.OPTED_OUT)
    make_contact(conn, "Dana", projects=[madison], phone=None, email=None)
    make_contact(conn, "Elsewhere", consent=None)
    make_contact(conn, "Ellen", scope=f"project:{madison}", projects=[madison])

    assert people_of(conn, madison, countries=("US",)) == People(all=5, silent=2, placeless=1)
    assert people_of(conn, NETWORKS, countries=("US",)) == People(all=1, silent=1)


def test_refusals_are_found_by_their_index(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Amina", projects=[make_project(conn)])

    found = plan(conn, refusals().params(since=now))

    assert "ix_consents_refusals" in found
    for scanned in ("SCAN addresses", "SCAN memberships", "Seq Scan on consents"):
        assert scanned not in found


def test_kept_counts_are_found_by_their_messages(conn: Connection, now: datetime) -> None:
    make_message(conn, launched_at=now)
    kept = select(MessageCount.count).where(MessageCount.message_id.in_([1, 2, 3]))

    assert "deliveries" not in plan(conn, LAUNCHED.params(since=now))
    for scanned in ("SCAN message_counts", "Seq Scan on message_counts"):
        assert scanned not in plan(conn, kept)
