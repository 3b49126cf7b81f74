"""Each open reason has its own next step on the page; a street address is asked for, never kept."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from contacts.models import Contact
from database.opening import Opened
from representatives.models import Zip, ZipDistrict
from tests.builders import Alerted, load_invented_officials, make_alert
from tests.fakes.geocoder import FakeGeocoder, geocoder, match
from tests.web.public.test_acting import PUBLIC_URL, Door
from tests.web.serving import serving
from web.geocoding import Geocoder

TURN = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)
CAMBRIDGE: dict[str, Any] = {"zip": "02139", "city": "Cambridge", "state": "MA", "district": None}
STREET = "77 Massachusetts Ave"


def make_called_alert(conn: Connection) -> Alerted:
    """An alert in the invented geography, with a ZIP across a state line and one of too many districts."""
    load_invented_officials(conn)
    rows = {
        "42223": ("", [("WI", 3), ("KS", 1)]),
        "60690": ("IL", [("IL", number) for number in (3, 4, 5, 7, 9)]),
    }
    for zip_code, (state, districts) in rows.items():
        values = {"zip": zip_code, "state": state, "zone": "America/Chicago", "near_zones": ""}
        conn.execute(insert(Zip).values(**values, kind="z"))
        for rank, (one, number) in enumerate(districts):
            own = {"zip": zip_code, "congress": 119, "state": one, "district": number}
            conn.execute(insert(ZipDistrict).values(**own, rank=rank))
    return make_alert(conn)


@pytest.fixture
async def fake() -> AsyncIterator[FakeGeocoder]:
    async with geocoder() as playing:
        yield playing


@pytest.fixture
async def door(opened: Opened, now: datetime, fake: FakeGeocoder) -> AsyncIterator[Door]:
    """The public pages, with addresses looked up."""
    alert = await opened.database.write(make_called_alert)
    async with serving(
        opened, now, public_url=PUBLIC_URL, geocoder=Geocoder(fake.url, 0.5)
    ) as client:
        yield Door(client, opened, alert)


async def district_of(door: Door, name: str) -> tuple[Any, ...]:
    def read(conn: Connection) -> tuple[Any, ...]:
        columns = select(Contact.state, Contact.district, Contact.district_how)
        return tuple(conn.execute(columns.where(Contact.given_name == name)).one())

    return await door.opened.database.read(read)


@pytest.mark.parametrize(
    ("zip_code", "english", "spanish"),
    [
        ("02139", "lies in more than one district", "toca más de un distrito"),
        ("04402", "Is this the district you live in?", "¿Vive usted en este distrito?"),
        ("60690", "touches too many districts to name one", "toca demasiados distritos"),
        ("09012", "Your home of record counts", "Cuenta su domicilio legal"),
        ("96960", "Nobody in Congress stands for this", "Nadie en el Congreso representa"),
        ("53799", "first digits say that it is in Wisconsin", "están? en Wisconsin"),
        ("99999", "We do not know this ZIP code", "No conocemos este código postal"),
    ],
)
async def test_each_reason_has_its_own_sentence_in_both_languages(
    door: Door, zip_code: str, english: str, spanish: str
) -> None:
    shared = f"/p/{door.alert.slug}?zip={zip_code}"

    page = await door.get(shared)
    assert english in page
    assert spanish.replace("están?", "está") in await door.get(f"{shared}&lang=es")


async def test_box_is_asked_about_and_the_answer_remembered(door: Door) -> None:
    own = await door.make_page(
        "Ben", zip="04402", city="Bangor", state="ME", district=None, district_how="box"
    )
    question = await door.get(own)

    status, where = await door.post(f"{own}/district", district="ME-2")

    assert "Quinn Quince" in question
    assert "tel:" not in question
    assert status == 303
    assert "Rep. Quinn Quince" in await door.get(where)
    assert await district_of(door, "Ben") == ("ME", 2, "picked")


async def test_too_many_districts_lead_to_switchboard_and_senators(door: Door) -> None:
    page = await door.get(f"/p/{door.alert.slug}?zip=60690")

    assert "tel:+12022243121" in page
    assert "Sen. Gingko" in page
    assert "Fig" not in page


async def test_military_mail_may_choose_its_home_state(door: Door) -> None:
    page = await door.get(f"/p/{door.alert.slug}?zip=09012")
    chosen = await door.get(f"/p/{door.alert.slug}?zip=09012&district=unsure-ME")

    assert '<option value="unsure-ME">Maine</option>' in page
    assert "tel:+12022243121" in chosen
    assert "Sen. Roble" in chosen


async def test_zip_across_a_state_line_names_no_senators_before_the_state_is_told(
    door: Door,
) -> None:
    shared = f"/p/{door.alert.slug}?zip=42223"

    page, unsure = await door.get(shared), await door.get(f"{shared}&district=unsure")
    told = await door.get(f"{shared}&district=unsure-KS")
    elsewhere = await door.get(f"{shared}&district=unsure-MA")

    assert "I vote in Kansas" in page
    assert "Sen." not in unsure.replace("Senate", "")
    assert "tel:+12022243121" in unsure
    assert "Sen. Kapok" in told
    assert "Sen. Oak" not in elsewhere


async def test_address_is_remembered_as_a_district_only(
    door: Door, fake: FakeGeocoder, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    fake.matches = [match("25", "05")]
    own = await door.make_page("Chloe", **CAMBRIDGE, district_how="split")
    assert 'name="address"' in await door.get(own)

    with caplog.at_level(logging.DEBUG):
        status, where = await door.post(f"{own}/address", address=STREET)

    assert (status, where) == (303, own)
    assert await district_of(door, "Chloe") == ("MA", 5, "address")
    assert "Rep. Marta Maple" in await door.get(where)
    assert fake.asked[0]["address"] == f"{STREET}, 02139"
    said = "".join(capsys.readouterr()) + caplog.text
    assert "Massachusetts" not in said.replace("Massachusetts, district", "")


@pytest.mark.parametrize(
    ("matches", "status", "sentence"),
    [
        ([], 200, "does not know this address"),
        ([match("25", "05"), match("25", "07")], 200, "may lie in more than one district"),
        ([match("55", "02")], 200, "does not lie where your ZIP code does"),
        ([match("25", "05")], 500, "did not answer"),
        ([{}], 200, "did not answer"),
    ],
)
async def test_address_that_tells_nothing_leaves_the_question_as_it_was(
    door: Door, fake: FakeGeocoder, matches: list[Any], status: int, sentence: str
) -> None:
    fake.matches, fake.status = matches, status
    own = await door.make_page("Chloe", **CAMBRIDGE, district_how="split")

    _, where = await door.post(f"{own}/address", address=STREET)
    page = await door.get(where)

    assert sentence in page
    assert "Nora Nogal" in page
    assert "Marta Maple" in page
    assert STREET.replace(" ", "+") not in where
    assert await district_of(door, "Chloe") == ("MA", None, "split")


async def test_whoever_reads_mail_in_a_box_may_live_in_another_state(
    door: Door, fake: FakeGeocoder
) -> None:
    fake.matches = [match("25", "05")]
    box = {"zip": "04402", "city": "Bangor", "state": "ME", "district": None}
    own = await door.make_page("Ben", **box, district_how="box")

    await door.post(f"{own}/address", address="1 Broadway, Arlington MA")

    assert await district_of(door, "Ben") == ("MA", 5, "address")
    assert fake.asked[0]["address"] == "1 Broadway, Arlington MA"


async def test_slow_geocoder_leaves_the_question_as_it_was(door: Door, fake: FakeGeocoder) -> None:
    fake.seconds = 3.0
    own = await door.make_page("Chloe", **CAMBRIDGE, district_how="split")

    _, where = await door.post(f"{own}/address", address=STREET)

    assert "did not answer" in await door.get(where)


async def test_strangers_address_leaves_only_a_district_in_the_pages_address(
    door: Door, fake: FakeGeocoder
) -> None:
    fake.matches = [match("17", "09")]

    _, where = await door.post(f"/p/{door.alert.slug}/address?zip=60690", address="1 State St")

    assert where == f"/p/{door.alert.slug}?zip=60690&district=address-IL-9"
    assert "Rep. Fern Fig" in await door.get(where)


@pytest.mark.parametrize(
    "district", ["address-WI-7", "address-IL-77", "address-IL", "address-", "address-ZZ-1"]
)
async def test_made_up_address_answer_is_not_believed(door: Door, district: str) -> None:
    page = await door.get(f"/p/{door.alert.slug}?zip=60690&district={district}")

    assert "touches too many districts" in page


async def test_address_is_taken_by_post_only_and_not_from_elsewhere(
    door: Door, fake: FakeGeocoder
) -> None:
    own = await door.make_page("Chloe", **CAMBRIDGE, district_how="split")

    async with door.client.get(f"{own}/address?address=1+Main") as answer:
        assert answer.status == 404
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    async with door.client.post(
        f"{own}/address", data={"address": STREET}, headers=headers
    ) as answer:
        assert answer.status == 403
    status, _ = await door.post(f"{own}/address", address="x" * 201)
    assert status == 400
    assert fake.asked == []


async def test_without_the_setting_no_address_is_asked_for(opened: Opened, now: datetime) -> None:
    alert = await opened.database.write(make_called_alert)
    async with serving(opened, now, public_url=PUBLIC_URL) as client:
        door = Door(client, opened, alert)
        own = await door.make_page("Chloe", **CAMBRIDGE, district_how="split")

        assert 'name="address"' not in await door.get(own)
        status, _ = await door.post(f"{own}/address", address=STREET)

    assert status == 400


@pytest.mark.parametrize("language", ["en", "es"])
async def test_after_the_turn_the_page_says_that_the_lines_have_moved(
    opened: Opened, fake: FakeGeocoder, language: str
) -> None:
    alert = await opened.database.write(make_called_alert)
    later = TURN + timedelta(minutes=1)
    async with serving(
        opened, later, public_url=PUBLIC_URL, geocoder=Geocoder(fake.url, 0.5)
    ) as client:
        door = Door(client, opened, alert)
        austin = await door.get(f"/p/{alert.slug}?zip=78701&lang={language}")
        madison = await door.get(f"/p/{alert.slug}?zip=53703&lang={language}")

    lapsed = {"en": "The districts of Texas have new lines", "es": "tienen límites nuevos"}
    unnamed = {
        "en": "Your representative (newly elected; we do not have the name yet)",
        "es": "Su representante (elección reciente; todavía no tenemos el nombre)",
    }
    assert lapsed[language] in austin
    assert 'name="address"' in austin
    assert "Beech" not in austin
    assert unnamed[language] in madison
    assert "Encina" not in madison
    assert "tel:+12022243121" in madison
