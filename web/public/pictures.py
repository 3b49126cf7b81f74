"""The pictures of our emails, as mail programs fetch them: for everybody, for ever, without a cookie."""

from __future__ import annotations

from aiohttp import web

from messages.pictures import content_of
from messages.shown_emails import NoSuchEmail
from web.keys import DATABASE
from web.pages import CACHED
from web.security import FOR_OTHER_SITES


async def show(request: web.Request) -> web.Response:
    """A picture; its address is made of its content, so it never changes."""
    found = await request.app[DATABASE].read(content_of, request.path)
    if found is None:
        raise NoSuchEmail(NoSuchEmail.__doc__)
    media_type, content = found
    answer = web.Response(body=content, content_type=media_type, headers={"Cache-Control": CACHED})
    answer[FOR_OTHER_SITES] = True
    return answer
