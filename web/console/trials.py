"""Send an alert's words to oneself before they leave for everybody, and see how that went."""

from __future__ import annotations

import re
from typing import NoReturn

from aiohttp import web

from alerts.trials import NowhereToSend, TooManyTests, send_test, tried
from messages.templates import BadTemplate
from web.console.alert_forms import BadForm
from web.console.viewing import VIEWER, now, read, write
from web.keys import JOBS, SITE
from web.pages import render

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
NO_KEY = "This form came back incomplete. Open the alert again, then send the test."


async def send(request: web.Request) -> NoReturn:
    """Send a test; a second press of the same button sends none."""
    alert_id, form = int(request.match_info["alert_id"]), await request.post()
    key = str(form.get("key", ""))
    if not KEY.fullmatch(key):
        raise BadForm([NO_KEY])
    try:
        await write(
            request,
            send_test,
            request.config_dict[JOBS],
            alert_id,
            request[VIEWER].organizer_id,
            key=key,
            house=request.config_dict[SITE].house,
            now=now(request),
        )
    except (TooManyTests, NowhereToSend, BadTemplate) as error:
        raise BadForm([str(error)]) from error
    back = "h-launch" if form.get("back") == "launch" else "h-test"
    raise web.HTTPSeeOther(f"/console/alerts/{alert_id}?notice=tested#{back}")


async def state(request: web.Request) -> web.Response:
    """How the latest test is doing: the piece of the page that changes."""
    alert_id = int(request.match_info["alert_id"])
    found = await read(request, tried, alert_id, request[VIEWER].organizer_id, now=now(request))
    return render(request, "console/trial_copies.html", {"tried": found})
