"""A project's form in the console: opened by its own administrators, told on the record, put on paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from contacts.sign_ups import form_of
from database.opening import Opened
from organizers.roles import Role
from tests.builders import make_project
from tests.web.organizing import Desk, console, desk

FORM = {
    "is_open": "yes",
    "slug": "Madison Arcatao",
    "keyword": "arcatao",
    "sites": "www.example.org\nhttps://blog.example.org:8443/page",
    "welcome_en": "Welcome",
    "welcome_es": "Bienvenidas",
}


@pytest.fixture
async def amina(opened: Opened, now: datetime) -> AsyncIterator[tuple[Desk, str]]:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    async with console(opened, now, sms_sender="+16085550100") as client:
        seat = await desk(client, opened, now, projects=[madison], role=Role.ADMIN)
        yield seat, f"/console/projects/{madison}/sign-up"


async def test_a_form_is_opened_and_shown_with_what_to_put_on_a_site(
    amina: tuple[Desk, str],
) -> None:
    seat, path = amina
    assert (await seat.post(path, FORM)).status == 303

    page = await seat.page(path)
    assert "http://localhost/join/madison-arcatao/embed" in page
    assert "Text me. By ticking this box" in page
    assert "Envíenme mensajes de texto" in page
    form = await seat.opened.database.read(form_of, int(path.split("/")[3]))
    assert form.sites == ("https://www.example.org", "https://blog.example.org:8443")
    assert form.keyword == "ARCATAO"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"keyword": "stop"}, "already means something"),
        ({"keyword": "yes"}, "already means something"),
        ({"keyword": "1"}, "already means something"),
        ({"keyword": "two words"}, "one word of 3 to 20"),
        ({"sites": "http://plain.example.org"}, "is not a web address"),
        ({"sites": "https://a.example.org;script-src"}, "is not a web address"),
        ({"sites": "*"}, "is not a web address"),
        ({"sites": "https://u@a.example.org"}, "is not a web address"),
        ({"sites": "https://a.example.org:port"}, "is not a web address"),
    ],
)
async def test_what_cannot_be_published_is_told(
    amina: tuple[Desk, str], change: dict[str, str], says: str
) -> None:
    seat, path = amina

    answer = await seat.post(path, {**FORM, **change})

    assert answer.status == 422
    assert says in await answer.text()


async def test_the_poster_is_a_pdf_with_the_keyword_and_the_terms(amina: tuple[Desk, str]) -> None:
    seat, path = amina
    await seat.post(path, FORM)

    for size, box in (("letter", b"[0 0 612.0 792.0]"), ("a4", b"[0 0 595.28 841.89]")):
        sheet = await (await seat.get(f"{path}/{size}-poster")).read()
        assert sheet.startswith(b"%PDF-1.4")
        assert box in sheet
        for words in (b"ARCATAO", b"\\(608\\) 555-0100", "Únase".encode("cp1252"), b"Reply STOP"):
            assert words in sheet
        start = int(sheet.rsplit(b"startxref", 1)[1].split()[0])
        assert sheet[start:].startswith(b"xref")
    assert (await (await seat.get(f"{path}/png")).read()).startswith(b"\x89PNG")
    assert b"<svg" in await (await seat.get(f"{path}/svg")).read()


async def test_only_administrators_open_forms(opened: Opened, now: datetime) -> None:
    madison = await opened.database.write(lambda conn: make_project(conn, "Madison – Arcatao"))
    async with console(opened, now) as client:
        seat = await desk(client, opened, now, projects=[madison], role=Role.SENDER)

        assert (await seat.post(f"/console/projects/{madison}/sign-up", FORM)).status == 403
