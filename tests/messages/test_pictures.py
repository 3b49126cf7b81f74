"""Pictures of emails: what is drawn anew, what is refused, and who may delete what."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from PIL import ExifTags, Image
from sqlalchemy import Connection, insert

from messages.looks import look_of, save_look
from messages.models import MessageText
from messages.pictures import (
    HEAVY,
    LARGEST,
    BadPicture,
    PictureInUse,
    content_of,
    keep,
    missing,
    pictures_of,
    prepare,
    remove,
    shown_in,
)
from tests.builders import make_message, make_project

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def make_file(
    kind: str = "JPEG", size: tuple[int, int] = (64, 48), *, mode: str = "RGB", place: bool = False
) -> bytes:
    image = Image.linear_gradient("L").resize(size).convert(mode)
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Rosa"
    if place:
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"exif": exif} if kind == "JPEG" else {}))
    return buffer.getvalue()


def nowhere(_conn: Connection, _address: str) -> bool:
    return False


@pytest.mark.parametrize("place", [True, False])
def test_a_photo_loses_what_it_says_besides_what_it_shows(place: bool) -> None:
    file = make_file(place=place)
    assert b"Rosa" in file

    kept = prepare(file)

    assert kept.told_place == place
    assert b"Rosa" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (64, 48), {})


def test_a_large_photo_is_made_small_enough_for_a_phone() -> None:
    kept = prepare(make_file(size=(3000, 2000)))

    assert (kept.width, kept.height) == (1200, 800)
    assert len(kept.content) <= HEAVY


def test_a_photo_is_turned_as_its_camera_was_held() -> None:
    image = Image.new("RGB", (40, 20))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)

    kept = prepare(buffer.getvalue())

    assert (kept.width, kept.height) == (20, 40)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_a_see_through_picture_stays_so(kind: str) -> None:
    image = Image.new("RGBA", (30, 30), (255, 0, 0, 0))
    buffer = io.BytesIO()
    image.save(buffer, kind)

    kept = prepare(buffer.getvalue())

    assert kept.media_type == "image/png"


def test_a_photo_in_colors_of_print_is_turned_too() -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("CMYK", (3000, 1500)).save(file, "JPEG", exif=exif)

    kept = prepare(file.getvalue())

    assert (kept.width, kept.height, kept.media_type) == (600, 1200, "image/jpeg")


def many_pixels(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", size).save(buffer, "PNG")
    return buffer.getvalue()


def bomb() -> bytes:
    return many_pixels((20_000, 9_000))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "Choose a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that we can read"),
        (make_file()[:200], "no picture that we can read"),
        (make_file("BMP"), "no picture that we can read"),
        (b"\xff" * (LARGEST + 1), "larger than 12 MB"),
        (bomb(), "more than 25 million pixels"),
        (many_pixels((5_001, 5_000)), "more than 25 million pixels"),
    ],
)
def test_what_is_no_picture_or_too_much_of_one_is_refused(file: bytes, said: str) -> None:
    with pytest.raises(BadPicture, match=said):
        prepare(file)


def test_a_picture_is_kept_once_for_each_project(conn: Connection) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    picture = prepare(make_file())

    one, same, other = (
        keep(conn, project, picture, name="a.jpg", by="ana", now=NOW)
        for project in (madison, madison, bangor)
    )

    assert one == same != other
    assert shown_in([f"x\n\n![a]({one})"]) == {one}
    assert content_of(conn, one) == ("image/jpeg", picture.content)
    assert [row.address for row in pictures_of(conn, [madison])] == [one]
    assert missing(conn, {one, other}, madison) == {other}


def test_a_picture_that_an_email_or_a_letterhead_shows_stays(conn: Connection) -> None:
    madison = make_project(conn, "Madison")
    shown, logo, free = (
        keep(conn, madison, prepare(make_file(size=(n, n))), name="a", by="ana", now=NOW)
        for n in (10, 11, 12)
    )
    ids = {row.address: row.id for row in pictures_of(conn, [madison])}
    message_id = make_message(conn)
    text = {"message_id": message_id, "sms": "", "subject": "x", "body": f"![a]({shown})"}
    conn.execute(insert(MessageText).values(language="xx", **text))
    save_look(conn, madison, accent="#fa0", logo=logo, archive=False)

    for address in (shown, logo):
        with pytest.raises(PictureInUse):
            remove(conn, ids[address], elsewhere=nowhere)
    remove(conn, ids[free], elsewhere=nowhere)

    assert {row.address for row in pictures_of(conn, [madison])} == {shown, logo}


def test_a_project_without_a_look_wears_the_networks(conn: Connection) -> None:
    madison = make_project(conn, "Madison")
    assert look_of(conn, madison).accent == "#27357e"

    save_look(conn, None, accent="#112233", logo="", archive=True)
    inherited = look_of(conn, madison)
    save_look(conn, madison, accent="#445566", logo="", archive=False)

    assert (inherited.accent, inherited.archive) == ("#112233", False)
    assert inherited.project.startswith("Madison")
    assert look_of(conn, madison).accent == "#445566"
    assert look_of(conn, None).accent == "#112233"
