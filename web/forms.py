"""Read a form somebody sent. Whatever is wrong with its bytes is their mistake, not our failure."""

from __future__ import annotations

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

# What aiohttp lets out of its parsers: broken parts, bad encodings, unknown character sets.
UNREADABLE = (AssertionError, ValueError, LookupError, HttpProcessingError)


class BadForm(ValueError):
    """This is not a form that can be read."""


async def read_form(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | FileField]:
    """The fields of a form; raises BadForm. One that is too large is aiohttp's to refuse."""
    try:
        return await request.post()
    except UNREADABLE as error:
        raise BadForm(BadForm.__doc__) from error
