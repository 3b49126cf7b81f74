"""Pictures for emails: made harmless, small and ours, and kept where a backup finds them.

Whatever comes in is drawn anew, so that nothing of the file survives but what can be seen: no place, no camera,
no name, nothing hidden behind the image. Its address is made of its content, so that it may be kept for ever by
whoever has read it once.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from sqlalchemy import Connection, Row, Select, delete, insert, or_, select

from messages.email_blocks import PICTURE
from messages.email_models import EmailLook, Picture
from messages.models import MessageText
from organizers.roles import NETWORKS, Within, as_key, owned

LARGEST = 12 * 1024 * 1024  # bytes of a file that is taken; phones make some 4 MB
MOST_PIXELS = (
    25_000_000  # a file of a few kilobytes may unpack to gigabytes; these take some 100 MB
)
SIDE = 1200  # pixels: twice the width of an email
HEAVY = 400 * 1024  # bytes; a picture that is more is made smaller
SMALLEST_SIDE = 300
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
FLAT = ("PNG", "GIF")  # drawings and screenshots, which JPEG may make larger and blurred
_SHRINK = 0.8


class BadPicture(ValueError):
    """A file that cannot be a picture of an email; the message says why and what to do."""


class PictureInUse(ValueError):
    """This picture cannot be deleted: an email that was sent or is planned, a draft, a starting text or a letterhead shows it."""


@dataclass(frozen=True)
class Prepared:
    """A picture, drawn anew."""

    content: bytes
    media_type: str
    width: int
    height: int
    told_place: bool  # the file said where it was taken; what we keep does not


def prepare(content: bytes) -> Prepared:
    """Draw a picture anew, upright, without anything but what is seen, at most ``SIDE`` wide and high.

    Takes a moment of processor time and up to some 200 MB: not for the event loop, nor for several at once.
    Raises BadPicture.
    """
    if not content:
        raise BadPicture("Choose a picture first: JPEG, PNG, WebP or GIF.")
    if len(content) > LARGEST:
        raise BadPicture("The file is larger than 12 MB: save it smaller, then upload it again.")
    try:
        _look_at(content).verify()
        opened = _look_at(content)
        told_place = bool(opened.getexif().get_ifd(ExifTags.IFD.GPSInfo))
        drawn = _plain(opened)
    except BadPicture:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise BadPicture(
            "This file is no picture that we can read: save it as JPEG or PNG, then upload it again."
        ) from error
    kept, media_type = _written(drawn, flat=opened.format in FLAT)
    with Image.open(io.BytesIO(kept)) as seen:
        return Prepared(kept, media_type, seen.width, seen.height, told_place)


def keep(
    conn: Connection,
    project_id: int | None,
    picture: Prepared,
    *,
    name: str,
    by: str,
    now: datetime,
) -> str:
    """Keep a picture of a project, once however often it is uploaded; return its address."""
    digest = sha256(b"%d\n" % (project_id or NETWORKS) + picture.content).hexdigest()[:32]
    address = f"/i/{digest}.{'png' if picture.media_type == 'image/png' else 'jpg'}"
    if conn.scalar(select(Picture.id).where(Picture.address == address)) is None:
        values = {
            "project_id": project_id,
            "address": address,
            "name": name[:120],
            "media_type": picture.media_type,
            "width": picture.width,
            "height": picture.height,
            "content": picture.content,
            "uploaded_by": by,
            "uploaded_at": now,
        }
        conn.execute(insert(Picture).values(values))
    return address


def pictures_of(conn: Connection, within: Within) -> Sequence[Row[Any]]:
    """The pictures of these projects without their content, newest first."""
    return conn.execute(_without_content(as_key(within))).all()


@lru_cache
def _without_content(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    columns = [each for each in Picture.__table__.columns if each.name != "content"]
    chosen = select(*columns).where(owned(Picture.project_id, within))
    return chosen.order_by(Picture.id.desc())


def pictures_for(conn: Connection, project_id: int | None) -> Sequence[Row[Any]]:
    """The pictures that a project's emails may show, newest first: its own and the network's."""
    return pictures_of(conn, (NETWORKS, project_id) if project_id else (NETWORKS,))


def content_of(conn: Connection, address: str) -> tuple[str, bytes] | None:
    """A picture's media type and bytes."""
    row = select(Picture.media_type, Picture.content).where(Picture.address == address)
    found = conn.execute(row).one_or_none()
    return (found.media_type, found.content) if found else None


def shown_in(texts: Iterable[str]) -> set[str]:
    """The addresses of pictures that texts show."""
    return {address for text in texts for address in PICTURE.findall(text)}


def missing(conn: Connection, addresses: Collection[str], project_id: int | None) -> set[str]:
    """Those of these pictures that are neither a project's own nor the network's, or are gone."""
    if not addresses:
        return set()
    own = or_(Picture.project_id.is_(None), Picture.project_id == project_id)
    kept = conn.scalars(select(Picture.address).where(Picture.address.in_(addresses), own))
    return set(addresses) - set(kept)


def remove(
    conn: Connection, picture_id: int, *, elsewhere: Callable[[Connection, str], bool]
) -> None:
    """Delete a picture that no email shows; ``elsewhere`` says so of what is no message yet. Raises PictureInUse."""
    address = conn.scalar(select(Picture.address).where(Picture.id == picture_id))
    if address is None:
        return
    shows = MessageText.body.contains(address, autoescape=True)
    texts = select(MessageText.message_id).where(shows).limit(1)
    logo = select(EmailLook.owner).where(EmailLook.logo == address)
    sent_or_logo = conn.scalar(texts) is not None or conn.scalar(logo) is not None
    if sent_or_logo or elsewhere(conn, address):
        raise PictureInUse(PictureInUse.__doc__)
    conn.execute(delete(Picture).where(Picture.id == picture_id))


def _look_at(content: bytes) -> Image.Image:
    """Read a file's head. Raises BadPicture for one that would unpack to more than can be meant."""
    too_large = (
        "The picture has more than 25 million pixels: save it smaller, then upload it again."
    )
    try:
        opened = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPicture(too_large) from error
    if opened.width * opened.height > MOST_PIXELS:
        raise BadPicture(too_large)
    return opened


def _plain(image: Image.Image) -> Image.Image:
    """Pixels and nothing else: in red, green and blue, upright, see-through only where the picture is.

    The file's own picture is made small before it is copied. A JPEG is not even read at its full size.
    """
    image.draft(None, (2 * SIDE, 2 * SIDE))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    plain = image if image.mode == mode else image.convert(mode)
    plain.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    upright = ImageOps.exif_transpose(plain)
    bare = Image.new(mode, upright.size)
    bare.paste(upright)
    return bare


def _written(image: Image.Image, *, flat: bool) -> tuple[bytes, str]:
    """As JPEG, or as PNG where that is see-through or smaller; light enough for a phone."""
    while True:
        made = []
        if flat or image.mode == "RGBA":
            made.append((_saved(image, "PNG", optimize=True), "image/png"))
        if image.mode == "RGB":
            jpeg = _saved(image, "JPEG", quality=85, optimize=True, progressive=True)
            made.append((jpeg, "image/jpeg"))
        kept, media_type = min(made, key=lambda each: len(each[0]))
        if len(kept) <= HEAVY or max(image.size) <= SMALLEST_SIDE:
            return kept, media_type
        smaller = (round(image.width * _SHRINK) or 1, round(image.height * _SHRINK) or 1)
        image = image.resize(smaller, Image.Resampling.LANCZOS)


def _saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()
