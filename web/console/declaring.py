"""What stands in an address of the console, and how a route says what it asks for and what it does.

Each ``{…_id}`` is checked by ``guard`` before its page runs.
"""

from __future__ import annotations

from aiohttp import web

from organizers.roles import May
from web.console.acts import Act, recorded
from web.console.needs import Need, asking
from web.keys import Handler

ALERT = "{alert_id:[0-9]{1,15}}"
CANNED = "{canned_id:[0-9]{1,15}}"
CASE = "{case_id:[0-9]{1,15}}"
CAMPAIGN = "{campaign_id:[0-9]{1,15}}"
CORRECTION = "{correction_id:[0-9]{1,15}}"
CONTACT = "{contact_id:[0-9]{1,15}}"
DELIVERY = "{delivery_id:[0-9]{1,15}}"
EMAIL = "{email_id:[0-9]{1,15}}"
MEASURE = "{measure_id:[0-9]{1,15}}"
MOMENT = "{moment_id:[0-9]{1,15}}"
FACT = "{fact_id:[0-9]{1,15}}"
STOP = "{stop_id:[0-9]{1,15}}"  # an opt-out by email that nobody vouches for
HOLD = "{hold_id:[0-9]{1,15}}"  # of a sender whose mail too many marked as spam
GUEST = "{guest_id:[0-9]{1,15}}"
IMPORT = "{import_id:[0-9]{1,15}}"
ORGANIZER = "{organizer_id:[0-9]{1,15}}"
LAUNCH = "{launch_id:[0-9]{1,15}}"  # of an alert that left without a second person
KEY = "{office:[A-Za-z0-9:_-]{1,80}}"  # as responses keep it
PICTURE = "{picture_id:[0-9]{1,15}}"
PROJECT = "{project_id:[0-9]{1,15}}"
POSTER = "{kind:png|svg|letter-poster|a4-poster}"
PROPOSAL = "{proposal_id:[0-9]{1,15}}"
RECESS = "{recess_id:[0-9]{1,15}}"
REPLY = "{reply_id:[0-9]{1,15}}"
RISK = "{risk_id:[0-9]{1,15}}"  # somebody whom a case keeps as a person at risk
REPORT = "{report_id:[0-9]{1,15}}"
START = "{start_id:[0-9]{1,15}}"  # a starting text of the network's own
SERIES = "{series_id:[0-9]{1,15}}"
STEP = "{step_id:[0-9]{1,15}}"  # of a series
STAFFER = "{staffer_id:[0-9]{1,15}}"
ACT = "{act:undo|pause|resume|stop}"
STEER = "{steer:pause|resume|stop}"
FOLLOW_UP = "follow-up/{follow_up:nudge|thanks|rest|reached|outcome|news}"
TARGET = "{target_id:[0-9]{1,15}}"
TOKEN = "{token:[A-Za-z0-9_-]{43}}"  # noqa: S105 - the form of one
OFF = "{off:strike|put-back}"
LINE = "{line:texts|held|emails|several}"
FATE = "{channel:sms|email}/{reason:[a-z0-9_]{1,64}}"


SEE, WRITE, SEND, EXPORT, ADMIN = (
    Need(may=May.SEE),
    Need(may=May.WRITE),
    Need(may=May.SEND),
    Need(may=May.EXPORT, sure=True),
    Need(may=May.ADMIN),
)
SURE = Need(sure=True)
LOCK = Need(may=May.ADMIN, urgent=True)
SEND_SURELY, ADMIN_SURELY = Need(may=May.SEND, sure=True), Need(may=May.ADMIN, sure=True)


def get(path: str, handler: Handler, need: Need) -> web.RouteDef:
    """A page."""
    return web.get(path, asking("GET", handler, need))


def post(path: str, handler: Handler, need: Need) -> web.RouteDef:
    """A form that is not an act of its own on the record; the tests know why."""
    return web.post(path, asking("POST", handler, need))


def act(path: str, handler: Handler, need: Need, name: str, *, makes: bool = False) -> web.RouteDef:
    """A route that does something, and puts it on the record under a name."""
    kind = name.partition(".")[0]
    return post(path, recorded(handler, Act(name, kind, makes)), need)
