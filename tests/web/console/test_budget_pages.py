"""What an alert's texts may cost: written in its form, watched on its page, raised with a button."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import insert, select, update

from alerts.launching import message_of
from database.opening import Opened
from messages import budgets
from messages.models import Message, MessageStatus
from messages.sender_models import Spending
from organizers import audit
from tests.builders import make_contact
from tests.web.console.test_alert_pages import ALERT
from tests.web.organizing import Desk, console, desk, words


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[Desk]:
    for name in ("Amina", "Ben"):
        await opened.database.write(partial(make_contact, given_name=name))
    async with console(opened, now, alert_budget_cents=2_500) as client:
        yield await desk(client, opened, now)


async def written(amina: Desk, budget: str) -> str:
    response = await amina.post("/console/alerts/new", {**ALERT, "budget": budget})
    assert response.status == 303, words(await response.text())
    return response.headers["Location"]


async def message_at(opened: Opened, address: str) -> int:
    return int(await opened.database.read(message_of, int(address.rsplit("/", 1)[1])))


async def broke(amina: Desk, opened: Opened) -> str:
    """A launched alert that has spent its dollar."""
    address = await written(amina, "1")
    await amina.post(f"{address}/launch", {"confirmed": "2"})
    message_id = await message_at(opened, address)
    spent = {"account": f"message:{message_id}", "segments": 120}
    paused = {"status": MessageStatus.PAUSED, "paused_because": budgets.because(100)}
    await opened.database.write(lambda conn: conn.execute(insert(Spending).values(spent)))
    await opened.database.write(
        lambda conn: conn.execute(update(Message).where(Message.id == message_id).values(paused))
    )
    return address


async def stored(opened: Opened, address: str) -> tuple[int, str]:
    message_id = await message_at(opened, address)
    columns = select(Message.budget_cents, Message.status).where(Message.id == message_id)
    row = await opened.database.read(lambda conn: conn.execute(columns).one())
    return row.budget_cents, row.status


async def test_the_form_offers_what_the_network_settled(amina: Desk) -> None:
    response = await amina.get("/console/alerts/new")

    assert 'name="budget" type="text" value="25"' in await response.text()


@pytest.mark.parametrize(
    ("typed", "cents"), [("", 0), ("50", 5_000), ("$1,250.50", 125_050), ("0.05", 5)]
)
async def test_a_budget_is_stored_and_stands_in_the_form_again(
    amina: Desk, opened: Opened, typed: str, cents: int
) -> None:
    address = await written(amina, typed)
    form = await (await amina.get(f"{address}/edit")).text()

    assert (await stored(opened, address))[0] == cents
    assert ('name="budget" type="text" value=""' in form) == (cents == 0)


@pytest.mark.parametrize("typed", ["much", "-5", "0", "1e9", "1.234", "٣"])
async def test_what_is_no_sum_of_money_is_told(amina: Desk, typed: str) -> None:
    response = await amina.post("/console/alerts/new", {**ALERT, "budget": typed})

    assert response.status == 422
    assert "a sum in dollars, such as 50 or 12.50" in words(await response.text())


async def test_a_budget_below_the_estimate_is_warned_about(amina: Desk) -> None:
    page = await amina.page(await written(amina, "0.01"))

    assert "but its budget is $0.01: it will pause when that is spent" in page


async def test_the_page_of_an_alert_that_spent_its_budget_asks_to_raise_it(
    amina: Desk, opened: Opened
) -> None:
    page = await amina.page(await broke(amina, opened))

    assert "The budget of $1 for this message is spent" in page
    assert "may cost $1; about $1 of that is spent" in page
    assert "Change it and go on" in page


async def test_raising_it_lets_the_alert_go_on_and_is_on_the_record(
    amina: Desk, opened: Opened
) -> None:
    address = await broke(amina, opened)

    response = await amina.post(f"{address}/budget", {"budget": "40"})

    assert response.status == 303
    assert await stored(opened, address) == (4_000, MessageStatus.SENDING)
    entries = await opened.database.read(lambda conn: list(audit.entries(conn, None)))
    entry = next(each for each in entries if each.act == "alert.budget")
    assert (entry.before["budget_cents"], entry.after["budget_cents"]) == (100, 4_000)


@pytest.mark.parametrize("typed", ["", "none", "0"])
async def test_a_raise_that_is_no_sum_changes_nothing(
    amina: Desk, opened: Opened, typed: str
) -> None:
    address = await broke(amina, opened)

    response = await amina.post(f"{address}/budget", {"budget": typed})

    assert response.status == 422
    assert "a sum in dollars" in words(await response.text())
    assert await stored(opened, address) == (100, MessageStatus.PAUSED)
