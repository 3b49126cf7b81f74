"""While the page of an alert is closed for a name, no call tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from alerts import calls
from alerts.at_risk import RiskDraft, add_person
from alerts.models import AlertText
from messages.call_limits import CannotConnect, NotTaken, VoiceRules
from messages.call_models import Call
from messages.call_words import said
from messages.models import Message, MessageStatus
from messages.providers.twilio_voice import HangUp, Heard, Verb
from tests.builders import (
    Alerted,
    load_invented_officials,
    make_alert,
    make_contact,
    make_delivery,
)
from tests.doubles import NoJobs

HEARD = Heard(call_sid="CA1", caller="+16085550177")
RULES = VoiceRules(number="+16085550100", sender="+16085550100", network="Red")
MARIA = RiskDraft(given_names="María Guadalupe", family_names="Henríquez de Orellana")


def name_her(conn: Connection, alert: Alerted, now: datetime) -> None:
    """Let an alert name somebody who has come on a list since."""
    titles = update(AlertText).where(AlertText.alert_id == alert.alert_id)
    conn.execute(titles.values(title="Free María Henríquez"))
    add_person(conn, alert.case_id, MARIA, by="Ben", now=now)


def test_whoever_dials_is_led_to_the_latest_alert_whose_page_is_open(
    conn: Connection, now: datetime
) -> None:
    load_invented_officials(conn)
    older = make_alert(conn)
    early = {"starts_at": now, "finished_at": datetime.min.replace(tzinfo=now.tzinfo)}
    undone, named = make_alert(conn), make_alert(conn)
    stopped = update(Message).where(Message.id == undone.message_id)
    conn.execute(stopped.values(status=MessageStatus.STOPPED, **early))
    name_her(conn, named, now)

    calls.dialled(conn, NoJobs(), HEARD, hide=str, rules=RULES, now=now)
    assert conn.scalars(select(Call.action_id)).all() == [older.action_id]

    conn.execute(update(Message).where(Message.id == older.message_id).values(expires_at=now))
    with pytest.raises(NotTaken, match="nothing"):
        calls.dialled(conn, NoJobs(), HEARD, hide=str, rules=RULES, now=now)


def test_nobody_who_dials_is_led_to_an_alert_that_has_not_begun(
    conn: Connection, now: datetime
) -> None:
    load_invented_officials(conn)
    older, ahead = make_alert(conn), make_alert(conn)
    begins = now + timedelta(hours=1)
    conn.execute(update(Message).where(Message.id == ahead.message_id).values(starts_at=begins))

    for caller, at in (("+16085550177", now), ("+16085550178", begins)):
        heard = replace(HEARD, call_sid=caller, caller=caller)
        calls.dialled(conn, NoJobs(), heard, hide=str, rules=RULES, now=at)

    led_to = conn.scalars(select(Call.action_id).order_by(Call.id)).all()
    assert led_to == [older.action_id, ahead.action_id]


@pytest.mark.parametrize("before", [(), ("1",)])
def test_a_call_that_is_under_way_tells_nothing_of_it(
    conn: Connection, now: datetime, before: tuple[str, ...]
) -> None:
    load_invented_officials(conn)
    alert, jobs = make_alert(conn), NoJobs()
    token, _ = calls.dialled(conn, jobs, HEARD, hide=str, rules=RULES, now=now)

    def press(step: int, digits: str) -> list[Verb]:
        heard = replace(HEARD, digits=digits)
        return calls.step(conn, jobs, token, step, heard, rules=RULES, now=now)

    for step, digits in enumerate(before, 1):
        assert HangUp() not in press(step, digits)
    name_her(conn, alert, now)

    verbs = press(len(before) + 1, "53703" if before else "1")

    assert verbs == [said("withheld", "en"), HangUp()]


def test_a_call_that_is_under_way_hears_of_the_end(conn: Connection, now: datetime) -> None:
    load_invented_officials(conn)
    alert, jobs = make_alert(conn), NoJobs()
    token, _ = calls.dialled(conn, jobs, HEARD, hide=str, rules=RULES, now=now)
    conn.execute(update(Message).where(Message.id == alert.message_id).values(expires_at=now))

    heard = replace(HEARD, digits="1")
    verbs = calls.step(conn, jobs, token, 1, heard, rules=RULES, now=now)

    assert verbs == [said("over", "en"), HangUp()]


def test_nobody_is_rung_for_it(conn: Connection, now: datetime) -> None:
    alert = make_alert(conn)
    copy = make_delivery(conn, alert.message_id, make_contact(conn))
    name_her(conn, alert, now)

    with pytest.raises(CannotConnect, match="looking at this action"):
        calls.ask(conn, copy, language="en", address="x", hide=str, rules=RULES, now=now)
