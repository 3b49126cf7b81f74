"""The outbox: what is kept is what a person would have seen."""

from __future__ import annotations

from collections.abc import Sequence

from messages.providers.outbox import Kept, Outbox
from messages.providers.provider import Accepted, Outgoing, Unknown
from tests.fakes.outgoing import PUBLIC_URL, make_email, make_text, soon


async def kept_of(items: Sequence[Outgoing]) -> list[Kept]:
    shelf: list[Kept] = []

    async def keep(kept: Sequence[Kept]) -> None:
        shelf.extend(kept)

    await Outbox(keep).send(items, deadline=soon())
    return shelf


async def test_a_text_is_kept_as_it_would_arrive() -> None:
    text = make_text(3, body="Llame hoy ✊")

    (kept,) = await kept_of([text])

    assert (kept.channel, kept.address, kept.text) == ("sms", text.address, "Llame hoy ✊")
    assert kept.ticket == text.ticket


async def test_an_email_is_kept_as_it_would_arrive() -> None:
    email = make_email(4, values={"first_name": "Ana <3", "link": "https://x/?a&b"}, language="es")

    (kept,) = await kept_of([email])

    assert kept.subject == "Call today, Ana <3"
    assert kept.text == "Dear Ana <3,\nplease call: https://x/?a&b\n"
    assert kept.html == ('<p>Dear Ana &lt;3,</p><p><a href="https://x/?a&amp;b">Call</a></p>')
    assert kept.headers == {
        "Content-Language": "es",
        "List-Unsubscribe": f"<{PUBLIC_URL}/u/x4>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


async def test_it_says_accepted_only_after_everything_is_kept() -> None:
    order: list[str] = []

    async def keep(kept: Sequence[Kept]) -> None:
        order.append(f"kept {len(kept)}")

    outcomes = await Outbox(keep).send([make_text(1), make_email(2)], deadline=soon())
    order.append("answered")

    assert order == ["kept 2", "answered"]
    assert outcomes == [Accepted("OB1.1"), Accepted("OB2.1")]


async def test_storage_that_fails_leaves_everything_unknown_and_tells_no_secret() -> None:
    async def keep(kept: Sequence[Kept]) -> None:
        raise RuntimeError(f"no room for {kept[0].address}")

    outcomes = await Outbox(keep).send([make_text(1), make_text(2)], deadline=soon())

    assert outcomes == [Unknown("the outbox could not be written (RuntimeError)")] * 2
