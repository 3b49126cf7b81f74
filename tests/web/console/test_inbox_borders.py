"""The pages of the inbox where something else happened meanwhile, or something did not leave."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from actions.models import Outcome
from contacts.models import Standing
from database.opening import Opened
from messages import caring
from messages.inbox_models import WrittenAnswer
from messages.models import Delivery, Message, MessageKind, MessageStatus, Reply, Status
from messages.prompt_models import Suggestion
from organizers.models import AuditEntry
from tests.builders import make_alert, make_message, make_project, make_standing
from tests.messages.test_answering import PHONE, make_chloe, make_reply
from tests.web.console.test_inbox_pages import amina, ben, chloes, count, form, hidden, of_a_project
from tests.web.organizing import Desk

__all__ = ["amina"]


async def test_while_they_may_mean_stop_there_is_only_that_to_decide(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    def fill(conn: Connection) -> int:
        alert = make_alert(conn)
        reply = make_reply(conn, now, make_chloe(conn), message_id=alert.message_id)
        row = {"reply_id": reply, "action_id": alert.action_id, "target": ""}
        conn.execute(insert(Suggestion).values(**row, outcome=Outcome.SPOKE))
        make_standing(conn, "sms", PHONE, Standing.REVIEW)
        return reply

    reply = await opened.database.write(fill)
    page = await (await amina.get(f"/console/inbox/{reply}")).text()
    acts = ("handled", "snooze", "note")
    said = [await amina.post(f"/console/inbox/{reply}/{act}", {"until": "hour"}) for act in acts]
    settled = await amina.post(f"/console/inbox/{reply}/settle", {"opted_out": "yes"})

    assert [act for act in acts if f"/console/inbox/{reply}/{act}" in page] == []
    assert [each.status for each in said] == [409, 409, 409]
    assert "decide that first" in await said[0].text()
    assert settled.headers["Location"] == "/console/inbox"
    handled = select(Reply.handled_at).where(Reply.id == reply)
    assert await opened.database.read(lambda conn: conn.scalar(handled)) is not None


async def test_colleagues_see_what_was_answered_to_a_reply_they_see(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    """Also where the answer was charged to another project of that person."""

    def fill(conn: Connection) -> tuple[int, int, int]:
        madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
        return madison, bangor, make_reply(conn, now, make_chloe(conn, projects=[madison, bangor]))

    madison, bangor, reply = await opened.database.write(fill)
    marta = await ben(amina, now, name="Marta", projects=[madison])
    benita = await ben(amina, now, name="Benita", projects=[bangor])

    await benita.post(f"/console/inbox/{reply}/answer", await form(benita, reply, "Word of Bangor"))

    assert "Word of Bangor" in await benita.page(f"/console/inbox/{reply}")
    assert "Word of Bangor" in await marta.page(f"/console/inbox/{reply}")
    owner = select(Message.project_id).where(Message.kind == MessageKind.ANSWER)
    assert await opened.database.read(lambda conn: conn.scalar(owner)) == bangor


async def test_a_used_form_with_other_words_comes_back_as_a_new_one(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    first = await form(amina, reply, "One")
    await amina.post(f"/console/inbox/{reply}/answer", first)

    again = await amina.post(f"/console/inbox/{reply}/answer", {**first, "words": "Two"})
    page = await again.text()
    sent = await amina.post(
        f"/console/inbox/{reply}/answer", {**first, "words": "Two", **hidden(page)}
    )

    assert again.status == 422
    assert "Two</textarea>" in page
    assert hidden(page)["key"] != first["key"]
    assert sent.status == 303
    assert await count(opened, WrittenAnswer) == 2


async def test_a_called_back_answer_may_be_sent_by_going_back_in_the_browser(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    first = await form(amina, reply, "One")
    await amina.post(f"/console/inbox/{reply}/answer", first)
    await amina.post(f"/console/inbox/{reply}/undo")

    again = await amina.post(f"/console/inbox/{reply}/answer", first)
    sent = await amina.post(
        f"/console/inbox/{reply}/answer", {**first, **hidden(await again.text())}
    )

    assert (again.status, sent.status) == (422, 303)
    assert await count(opened, WrittenAnswer) == 2


async def test_a_form_without_a_key_comes_back_with_one(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)

    refused = await amina.post(
        f"/console/inbox/{reply}/answer", {**await form(amina, reply, "One"), "key": ""}
    )

    assert refused.status == 422
    assert hidden(await refused.text())["key"]
    assert await count(opened, WrittenAnswer) == 0


async def test_nobody_is_offered_who_may_not_open_it(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    madison, reply = await of_a_project(opened, now)
    nobodys = await opened.database.write(
        lambda conn: make_reply(conn, now, address="+16085550199")
    )
    marta = await ben(amina, now, name="Marta", projects=[madison])

    page = await (await marta.get(f"/console/inbox/{reply}")).text()
    refused = await marta.post(f"/console/inbox/{reply}/assign", {"to": str(amina.organizer_id)})
    hers = await amina.post(f"/console/inbox/{nobodys}/assign", {"to": str(amina.organizer_id)})

    assert f'<option value="{amina.organizer_id}"' not in page
    assert (refused.status, hers.status) == (409, 303)


async def test_a_line_end_is_one_character(amina: Desk, opened: Opened, now: datetime) -> None:
    """As the box counts it: what it let in whole is not cut."""
    reply = await chloes(opened, now)
    typed = await form(amina, reply, "a\r\n" * 4_998 + "end")

    kept = await amina.post(f"/console/inbox/{reply}/draft", {**typed, "use": "check"})

    assert "a\nend</textarea>" in await kept.text()


async def test_the_record_names_who_looks_after_a_reply(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    await amina.post(f"/console/inbox/{reply}/assign", {"to": str(amina.organizer_id)})

    def told(conn: Connection) -> Any:
        return conn.scalar(select(AuditEntry.after).where(AuditEntry.act == "reply.assign"))

    assert (
        json.loads(await opened.database.read(told))["assigned_to"]
        == f"organizer:{amina.organizer_id}"
    )
    assert "looked after by: – → Amina" in await amina.page("/console/record")


STUCK = [
    (Message, {"status": MessageStatus.PAUSED}),
    (Delivery, {"status": int(Status.FAILED), "reason": "failed"}),
    (Delivery, {"status": int(Status.SKIPPED), "reason": "opted_out"}),
    (Delivery, {"status": int(Status.EXPIRED), "reason": "expired"}),
]


@pytest.mark.parametrize(("table", "values"), STUCK)
async def test_an_answer_that_did_not_leave_is_told_of_until_somebody_has_seen_to_it(
    amina: Desk, opened: Opened, now: datetime, table: Any, values: dict[str, Any]
) -> None:
    reply = await chloes(opened, now)
    await amina.post(f"/console/inbox/{reply}/answer", await form(amina, reply, "One"))
    told = "1 answer of yours did not leave"
    before = await amina.page("/console/")
    on_its_way = await amina.page(f"/console/inbox/{reply}")
    await opened.database.write(lambda conn: conn.execute(update(table).values(values)) and None)

    stuck = await (await amina.get("/console/")).text()
    page = await amina.page(f"/console/inbox/{reply}")
    later = now + timedelta(seconds=5)
    await opened.database.write(caring.reopen, reply, by=amina_as(amina), now=later)
    put_back = await amina.page("/console/")
    await opened.database.write(caring.handle, reply, by=amina_as(amina), now=later)
    done = await amina.page("/console/")

    assert told not in before
    assert "Your answer is on its way" in on_its_way
    assert told in stuck
    assert f'href="/console/inbox/{reply}"' in stuck
    assert "Your answer is on its way" not in page
    assert "Your answer has not left: Chloe Rivas" in page
    assert told not in put_back
    assert told not in done


def amina_as(amina: Desk) -> str:
    return f"organizer:{amina.organizer_id}"


async def test_an_answer_that_was_given_again_is_told_of_no_more(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    await amina.post(f"/console/inbox/{reply}/answer", await form(amina, reply, "One"))
    failed = {"status": int(Status.FAILED), "reason": "failed"}
    await opened.database.write(lambda conn: conn.execute(update(Delivery).values(failed)) and None)
    await amina.post(f"/console/inbox/{reply}/answer", await form(amina, reply, "Two"))

    assert "did not leave" not in await amina.page("/console/")


async def test_an_unsent_answer_of_another_project_is_not_told_of(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    def fill(conn: Connection) -> tuple[int, int, int]:
        madison, bangor = make_project(conn), make_project(conn, "Bangor – Carasque")
        alert = make_message(conn, project_id=madison)
        return madison, bangor, make_reply(conn, now, make_chloe(conn), message_id=alert)

    madison, bangor, reply = await opened.database.write(fill)
    marta = await ben(amina, now, name="Marta", projects=[madison])
    benita = await ben(amina, now, name="Benita", projects=[bangor])
    await marta.post(f"/console/inbox/{reply}/answer", await form(marta, reply, "One"))
    failed = {"status": int(Status.FAILED), "reason": "failed"}
    await opened.database.write(lambda conn: conn.execute(update(Delivery).values(failed)) and None)

    assert "did not leave" in await marta.page("/console/")
    assert "did not leave" not in await benita.page("/console/")
