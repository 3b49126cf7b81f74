"""The inbox as an organizer uses it under stress: two at once, second presses, words that are refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from actions.models import Outcome, Response
from contacts.models import Standing
from database.opening import Opened
from messages.inbox_models import CannedReply, Care, WrittenAnswer
from messages.models import Delivery, MessageText, Reply, ReplyVerdict, Status
from messages.prompt_models import Suggestion
from organizers.models import AuditEntry
from organizers.roles import Role
from tests.builders import (
    make_alert,
    make_contact,
    make_delivery,
    make_project,
    make_standing,
)
from tests.messages.test_answering import PHONE, make_chloe, make_reply
from tests.web.organizing import Desk, console, desk

WORDS = "We are Sister Cities, {{ first_name }}."


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    async with console(opened, now) as client:
        yield await desk(client, opened, now)


async def ben(amina: Desk, now: datetime, **values: Any) -> Desk:
    return await desk(amina.client, amina.opened, now, **{"name": "Ben", **values})


async def chloes(opened: Opened, at: datetime, body: str = "Who is this?", **values: Any) -> int:
    def add(conn: Connection) -> int:
        return make_reply(conn, at, make_chloe(conn, **values), body=body)

    return await opened.database.write(add)


def hidden(page: str) -> dict[str, str]:
    """What the form of an answer carries unseen."""
    form = re.search(r'<form class="in" id="answer".*?</form>', page, re.DOTALL)
    assert form is not None
    found = re.findall(r'<input type="hidden" name="(key|seen)" value="([^"]*)"', form[0])
    return {name: unescape(value) for name, value in found}


async def form(amina: Desk, reply_id: int, words: str = WORDS) -> dict[str, str]:
    page = await (await amina.get(f"/console/inbox/{reply_id}")).text()
    return {**hidden(page), "channel": "sms", "words": words}


async def count(opened: Opened, table: Any) -> int:
    counted = select(func.count()).select_from(table)
    return await opened.database.read(lambda conn: conn.scalar(counted) or 0)


async def test_a_reply_opens_as_the_whole_conversation(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    def fill(conn: Connection) -> int:
        project = make_project(conn)
        chloe = make_chloe(conn, language="es", projects=[project])
        alert = make_alert(conn)
        make_delivery(
            conn, alert.message_id, chloe, status=Status.DELIVERED,
            changed_at=now - timedelta(hours=2),
        )  # fmt: skip
        told = {"action_id": alert.action_id, "contact_id": chloe, "who": f"contact:{chloe}"}
        call = {
            "target": "",
            "outcome": Outcome.SPOKE,
            "channel": "web",
            "note": "an aide listened",
        }
        conn.execute(insert(Response).values(**told, **call, at=now - timedelta(hours=1)))
        return make_reply(conn, now, chloe, body="¿Quién es?", message_id=alert.message_id)

    reply = await opened.database.write(fill)

    page = await amina.page(f"/console/inbox/{reply}")

    order = [
        "Chloe, arrestaron a 14 personas",
        "an aide listened",
        "¿Quién es?",
        "Answer in Spanish",
    ]
    assert sorted(order, key=page.index) == order
    assert "Madison – Arcatao" in page
    assert "Somos Network" in page or "Somos " in page
    assert "/a/…" in page
    assert PHONE not in page


async def test_an_answer_is_sent_and_may_be_called_back(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)

    sent = await amina.post(f"/console/inbox/{reply}/answer", await form(amina, reply))
    page = await amina.page(sent.headers["Location"])
    back = await amina.post(f"/console/inbox/{reply}/undo")
    again = await (await amina.get(back.headers["Location"])).text()

    assert sent.status == 303
    assert "Amina answered" in page
    assert "We are Sister Cities, Chloe." in page
    assert "Your answer is on its way: Chloe Rivas" in page
    assert "We are Sister Cities, Chloe.</textarea>" in again
    assert (
        await opened.database.read(lambda conn: conn.scalar(select(Delivery.status)))
        == Status.STOPPED
    )


async def test_two_posts_of_one_form_at_once_send_one_answer(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    typed = await form(amina, reply)

    came = await asyncio.gather(
        *(amina.post(f"/console/inbox/{reply}/answer", typed) for _ in range(2))
    )

    assert [each.status for each in came] == [303, 303]
    assert (await count(opened, Delivery), await count(opened, WrittenAnswer)) == (1, 1)


async def test_a_stale_answer_is_refused_with_the_new_words_and_keeps_what_was_typed(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    other = await ben(amina, now, network=True)
    first, second = await form(amina, reply, "From Amina"), await form(other, reply, "From Ben")
    await amina.post(f"/console/inbox/{reply}/answer", first)

    refused = await other.post(f"/console/inbox/{reply}/answer", second)
    page = await refused.text()
    sent = await other.post(f"/console/inbox/{reply}/answer", {**second, **hidden(page)})

    assert refused.status == 422
    assert "Somebody answered, or they wrote again" in page
    assert "From Amina" in page
    assert "From Ben</textarea>" in page
    assert sent.status == 303
    assert await count(opened, WrittenAnswer) == 2


async def test_an_answer_to_who_said_stop_is_refused_and_its_words_stay(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now, email=None)
    typed = await form(amina, reply, "Please stay")
    await opened.database.write(make_standing, "sms", PHONE, Standing.OPTED_OUT)

    refused = await amina.post(f"/console/inbox/{reply}/answer", typed)

    page = await refused.text()
    assert refused.status == 422
    assert "Said stop" in page
    assert "Please stay</textarea>" in page
    assert await count(opened, Delivery) == 0


async def test_an_empty_answer_says_so(amina: Desk, opened: Opened, now: datetime) -> None:
    reply = await chloes(opened, now)

    refused = await amina.post(f"/console/inbox/{reply}/answer", await form(amina, reply, " "))

    assert refused.status == 422
    assert "There is nothing to send yet" in await refused.text()


async def test_at_night_the_page_says_until_when_an_answer_waits(opened: Opened) -> None:
    night = datetime.fromisoformat("2026-11-20T08:00+00:00")
    reply = await chloes(opened, night - timedelta(hours=3))
    async with console(opened, night) as client:
        amina = await desk(client, opened, night)

        page = await amina.page(f"/console/inbox/{reply}")
        await amina.post(f"/console/inbox/{reply}/answer", await form(amina, reply))
        sent = await amina.page(f"/console/inbox/{reply}")

    said = "Waits until Nov 20, 2026, 11:00 AM ET"
    assert page.replace("\u202f", " ").count(said) == 1
    assert sent.replace("\u202f", " ").count(said) == 2


async def test_suggestions_and_plain_twins_go_into_the_box_without_scripts(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    typed = await form(amina, reply, "Está aquí “ya”")
    path = f"/console/inbox/{reply}/draft"

    checked = await (await amina.post(path, {**typed, "use": "check"})).text()
    plain = await (await amina.post(path, {**typed, "use": "plain"})).text()
    begun = await (await amina.post(path, {**typed, "use": "suggest:who"})).text()
    unknown = await (await amina.post(path, {**typed, "use": "canned:77"})).text()

    assert "Unicode" in checked
    assert "Está aquí “ya”</textarea>" in checked
    assert "Esta aqui &#34;ya&#34;</textarea>" in plain
    assert (
        "ask people to call Congress" in re.findall(r"<textarea.*?</textarea>", begun, re.DOTALL)[0]
    )
    assert "Está aquí “ya”</textarea>" in unknown


async def test_another_organizer_sees_who_is_answering(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    other = await ben(amina, now, network=True)
    await amina.post(f"/console/inbox/{reply}/measure", await form(amina, reply, "So"))

    listed = await other.page("/console/inbox")
    opened_page = await other.page(f"/console/inbox/{reply}")
    own = await amina.page(f"/console/inbox/{reply}")

    said = "Amina is answering since 4:30 PM ET"
    assert said in listed.replace("\u202f", " ")
    assert said in opened_page.replace("\u202f", " ")
    assert opened_page.count("is answering since") > own.count("is answering since")


async def test_possible_stops_come_first_then_the_oldest(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    def fill(conn: Connection) -> None:
        for minutes, name in ((30, "Walter"), (20, "Ellen"), (10, "Guadalupe")):
            contact = make_contact(conn, name, phone=f"+160855501{minutes}")
            at = now - timedelta(minutes=minutes)
            make_reply(conn, at, contact, address=f"+160855501{minutes}", body="Hm")
        make_standing(conn, "sms", "+16085550110", Standing.REVIEW)

    await opened.database.write(fill)

    page = await amina.page("/console/inbox")

    order = ["decide these first", "Guadalupe", "the oldest first", "Walter", "Ellen"]
    assert sorted(order, key=page.index) == order


async def test_filters_and_counts(amina: Desk, opened: Opened, now: datetime) -> None:
    def fill(conn: Connection) -> list[int]:
        people = [make_contact(conn, name) for name in ("Walter", "Ellen", "Guadalupe", "Rosa")]
        return [
            make_reply(conn, now, each, address=f"+1608555010{each}", body="Hm") for each in people
        ]

    mine, snoozed, done, _left = await opened.database.write(fill)
    await amina.post(f"/console/inbox/{mine}/assign", {"to": str(amina.organizer_id)})
    await amina.post(f"/console/inbox/{snoozed}/snooze", {"until": "hour"})
    await amina.post(f"/console/inbox/{done}/handled")

    pages = {
        each: await amina.page(f"/console/inbox?show={each}")
        for each in ("waiting", "mine", "unassigned", "snoozed", "done", "understood")
    }

    names = ("Walter", "Ellen", "Guadalupe", "Rosa")
    shown = {which: [name for name in names if name in page] for which, page in pages.items()}
    assert shown == {
        "waiting": ["Walter", "Rosa"],
        "mine": ["Walter"],
        "unassigned": ["Rosa"],
        "snoozed": ["Ellen"],
        "done": ["Guadalupe"],
        "understood": [],
    }
    assert "Waiting 2 Mine 1 Nobody's 1 Put off 1" in pages["waiting"]


async def test_a_snoozed_reply_comes_back_by_itself(opened: Opened, now: datetime) -> None:
    reply = await chloes(opened, now)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        await amina.post(f"/console/inbox/{reply}/snooze", {"until": "hour"})
        before = await amina.page("/console/inbox")
    later = now + timedelta(minutes=61)
    async with console(opened, later) as client:
        amina = await desk(client, opened, later, name="Berta")
        after = await amina.page("/console/inbox")

    assert "Nothing waits" in before
    assert "Chloe Rivas" in after


async def test_names_are_searched_and_numbers_are_not(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    await chloes(opened, now)

    found = await amina.page("/console/inbox?q=chlo rivas")
    by_number = await amina.page(f"/console/inbox?q={PHONE[-4:]}")

    assert "Who is this?" in found
    assert "Nobody of that name" in by_number


async def test_each_act_is_followed_by_a_line_that_undoes_it(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    came = await amina.post(f"/console/inbox/{reply}/handled")
    page = await amina.page(came.headers["Location"])

    await amina.post(f"/console/inbox/{reply}/undo")
    again = await amina.post(f"/console/inbox/{reply}/undo")

    assert "Done: Chloe Rivas Undo" in page
    assert "Chloe Rivas" in await amina.page("/console/inbox")
    assert again.status == 409
    assert "Something else was done with this reply" in await again.text()


async def test_an_undone_note_takes_the_call_back(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    def fill(conn: Connection) -> int:
        alert = make_alert(conn)
        reply = make_reply(conn, now, make_chloe(conn), message_id=alert.message_id)
        row = {"reply_id": reply, "action_id": alert.action_id, "target": ""}
        conn.execute(insert(Suggestion).values(**row, outcome=Outcome.SPOKE))
        return reply

    reply = await opened.database.write(fill)
    await amina.post(f"/console/inbox/{reply}/note")
    noted = await count(opened, Response)
    await amina.post(f"/console/inbox/{reply}/undo")

    assert (noted, await count(opened, Response)) == (1, 0)
    assert "Seems to tell of a call" in await amina.page("/console/inbox")


async def test_an_opt_out_has_no_undo(amina: Desk, opened: Opened, now: datetime) -> None:
    reply = await chloes(opened, now)
    await amina.post(f"/console/inbox/{reply}/snooze", {"until": "hour"})
    await amina.post(f"/console/inbox/{reply}/opt-out")

    undone = await amina.post(f"/console/inbox/{reply}/undo")

    assert undone.status == 409


async def test_what_does_not_mean_stop_is_still_to_be_answered(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now, "stop the war!")
    await opened.database.write(make_standing, "sms", PHONE, Standing.REVIEW)

    came = await amina.post(f"/console/inbox/{reply}/settle", {"opted_out": "no"})

    assert came.headers["Location"] == f"/console/inbox/{reply}"
    assert "Send the answer" in await amina.page(f"/console/inbox/{reply}")
    assert "stop the war!" in await amina.page("/console/inbox")


async def of_a_project(opened: Opened, now: datetime) -> tuple[int, int]:
    """A project of Madison's, and a reply to its alert."""

    def fill(conn: Connection) -> tuple[int, int]:
        madison = make_project(conn)
        alert = make_alert(conn, project_id=madison)
        return madison, make_reply(conn, now, make_chloe(conn), message_id=alert.message_id)

    return await opened.database.write(fill)


async def test_only_organizers_of_its_project_may_look_after_it(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    madison, reply = await of_a_project(opened, now)
    bangor = await opened.database.write(lambda conn: make_project(conn, "Bangor – Carasque"))
    benita = await ben(amina, now, name="Benita", projects=[bangor])
    marta = await ben(amina, now, name="Marta", projects=[madison])
    path = f"/console/inbox/{reply}/assign"

    refused = await marta.post(path, {"to": str(benita.organizer_id)})
    taken = await marta.post(path, {"to": str(marta.organizer_id)})

    assert (refused.status, taken.status) == (409, 303)
    assert "With Marta" in await marta.page("/console/inbox")
    assert "Benita" not in await marta.page(f"/console/inbox/{reply}")


async def test_a_viewer_reads_and_changes_nothing(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    madison, reply = await of_a_project(opened, now)
    vera = await ben(amina, now, name="Vera", projects=[madison], role=Role.VIEWER)

    page = await vera.page(f"/console/inbox/{reply}")
    said = [
        (await vera.post(f"/console/inbox/{reply}/{act}", {"until": "hour"})).status
        for act in ("answer", "draft", "measure", "handled", "snooze", "assign", "undo", "reopen")
    ]

    assert "Who is this?" in page
    assert "Send the answer" not in page
    assert set(said) == {403}


async def test_answers_kept_ready_are_added_changed_used_and_removed(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now, language="es")
    typed = {
        "title": "Vigil",
        "words_en": "Friday at six",
        "words_es": "El viernes, {{ first_name }}",
    }
    await amina.post("/console/inbox/ready", {**typed, "project": "0"})
    kept = await opened.database.read(lambda conn: conn.scalar(select(CannedReply.id)))
    path = f"/console/inbox/{reply}/draft"
    used = await (
        await amina.post(path, {**await form(amina, reply), "use": f"canned:{kept}"})
    ).text()
    await amina.post(f"/console/inbox/ready/{kept}", {**typed, "title": "The vigil"})
    changed = await (await amina.get("/console/inbox/ready")).text()
    await amina.post(f"/console/inbox/ready/{kept}/remove", typed)

    assert "El viernes, Chloe</textarea>" in used
    assert 'value="The vigil"' in changed
    assert "Nothing is kept ready yet" in await amina.page("/console/inbox/ready")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"title": "", "words_en": "x"}, "Give it a short name"),
        ({"title": "x", "words_en": " "}, "Write the answer in at least one language"),
        ({"title": "x", "words_en": "{{ link }}"}, "one merge field only"),
    ],
)
async def test_an_answer_that_could_not_be_used_is_not_kept(
    amina: Desk, opened: Opened, typed: dict[str, str], said: str
) -> None:
    refused = await amina.post("/console/inbox/ready", {**typed, "project": "0"})

    page = await refused.text()
    assert refused.status == 422
    assert said in page
    assert await count(opened, CannedReply) == 0


async def test_answers_of_another_project_are_not_there(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    madison, bangor = await opened.database.write(
        lambda conn: [make_project(conn, name) for name in ("Madison", "Bangor")]
    )
    marta = await ben(amina, now, name="Marta", projects=[madison])
    benita = await ben(amina, now, name="Benita", projects=[bangor])
    await benita.post(
        "/console/inbox/ready", {"title": "Ours", "words_en": "x", "project": str(bangor)}
    )
    foreign = await marta.post(
        "/console/inbox/ready", {"title": "Theirs", "words_en": "x", "project": str(bangor)}
    )

    assert "Ours" not in await marta.page("/console/inbox/ready")
    assert foreign.status == 404


async def test_an_answer_is_on_the_record_without_words(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    await amina.post(f"/console/inbox/{reply}/answer", await form(amina, reply, "Secret words"))

    def told(conn: Connection) -> list[Any]:
        mine = select(AuditEntry).where(AuditEntry.act == "reply.answer")
        return list(conn.execute(mine).mappings())

    [entry] = await opened.database.read(told)
    assert entry["object"] == f"reply:{reply}"
    assert "Secret" not in str(dict(entry))
    assert "Chloe" not in str(dict(entry))


async def test_the_words_of_an_answer_are_kept_where_the_message_is(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    reply = await chloes(opened, now)
    await amina.post(f"/console/inbox/{reply}/answer", await form(amina, reply))

    said = select(MessageText.sms)
    assert await opened.database.read(lambda conn: list(conn.scalars(said))) == [
        "We are Sister Cities, Chloe."
    ]
    assert await count(opened, Care) == 1


async def test_the_office_opens_what_it_lists(opened: Opened, now: datetime) -> None:
    """A reply to the network's own message, from somebody of a project that shares its list."""

    def fill(conn: Connection) -> tuple[int, int]:
        found = []
        for shares in (True, False):
            project = make_project(conn, shares_list=shares)
            alert = make_alert(conn)
            contact = make_contact(conn, f"Rosa{shares}", projects=[project])
            values = {"message_id": alert.message_id, "address": f"+1608555010{int(shares)}"}
            found.append(make_reply(conn, now, contact, **values))
        return found[0], found[1]

    shared, kept = await opened.database.write(fill)
    async with console(opened, now) as client:
        amina = await desk(client, opened, now)
        listed = await amina.page("/console/inbox")
        codes = [(await amina.get(f"/console/inbox/{each}")).status for each in (shared, kept)]

    assert "RosaTrue" in listed
    assert "RosaFalse" not in listed
    assert codes == [200, 404]


async def test_what_was_understood_by_rule_is_folded_away(
    amina: Desk, opened: Opened, now: datetime
) -> None:
    def fill(conn: Connection) -> None:
        row = {"verdict": ReplyVerdict.OUTCOME, "handled_at": now, "handled_by": "automatic"}
        make_reply(conn, now, make_chloe(conn), body="1", **row)

    await opened.database.write(fill)

    assert "Nothing waits" in await amina.page("/console/inbox")
    assert "Understood by itself" in await amina.page("/console/inbox?show=understood")
    assert await count(opened, Reply) == 1
