"""Every address of the console; each ``{…_id}`` is checked by ``guard`` before its page runs."""

from __future__ import annotations

from aiohttp import web

from web.console import (
    alert_writing,
    alerts,
    campaigns,
    contacts,
    home,
    imports,
    inbox,
    projects,
    record,
    signing,
    streaming,
    unknowns,
)
from web.console.acts import Act, recorded
from web.keys import Handler

ALERT = "{alert_id:[0-9]{1,15}}"
CAMPAIGN = "{campaign_id:[0-9]{1,15}}"
CONTACT = "{contact_id:[0-9]{1,15}}"
DELIVERY = "{delivery_id:[0-9]{1,15}}"
EMAIL = "{email_id:[0-9]{1,15}}"
IMPORT = "{import_id:[0-9]{1,15}}"
REPLY = "{reply_id:[0-9]{1,15}}"
ACT = "{act:undo|pause|resume|stop}"
FATE = "{channel:sms|email}/{reason:[a-z0-9_]{1,64}}"


def _act(path: str, handler: Handler, name: str, *, makes: bool = False) -> web.RouteDef:
    """A route that does something, and puts it on the record under a name."""
    kind = name.partition(".")[0]
    return web.post(path, recorded(handler, Act(name, kind, makes)))


ROUTES = [
    web.get("/", home.show),
    web.get("/sign-in", signing.show),
    web.post("/sign-in", signing.enter),
    web.post("/sign-out", signing.leave),
    web.post("/language", signing.speak),
    web.get("/alerts", alerts.index),
    web.get("/alerts/new", alert_writing.new),
    _act("/alerts/new", alert_writing.create, "alert.write", makes=True),
    web.post("/alerts/measure", alert_writing.measure),
    web.get(f"/alerts/{ALERT}", alerts.show),
    web.get(f"/alerts/{ALERT}/edit", alert_writing.edit),
    _act(f"/alerts/{ALERT}/edit", alert_writing.save, "alert.rewrite"),
    web.get(
        f"/alerts/{ALERT}/left-out/{FATE}",
        alerts.left_out,
    ),
    _act(f"/alerts/{ALERT}/plain", alert_writing.plain, "alert.rewrite"),
    _act(f"/alerts/{ALERT}/launch", alerts.start, "alert.launch"),
    _act(f"/alerts/{ALERT}/again", alerts.again, "alert.resend"),
    _act(f"/alerts/{ALERT}/{ACT}", alerts.steer, "alert.{act}"),
    web.get(f"/alerts/{ALERT}/events", streaming.events),
    web.get("/campaigns", campaigns.index),
    _act("/campaigns", campaigns.create, "campaign.begin", makes=True),
    web.get(f"/campaigns/{CAMPAIGN}", campaigns.show),
    _act(f"/campaigns/{CAMPAIGN}", campaigns.schedule, "email.schedule", makes=True),
    _act(f"/emails/{EMAIL}/send", campaigns.send_held, "email.send_held"),
    _act(f"/emails/{EMAIL}/skip", campaigns.skip_held, "email.skip_held"),
    _act(f"/emails/{EMAIL}/cancel", campaigns.cancel, "email.cancel"),
    web.get("/contacts", contacts.index),
    web.get("/imports/new", imports.new),
    web.post("/imports/check", imports.check),
    web.post("/imports/problems", imports.problems),
    web.post("/imports", imports.run),
    web.get(f"/imports/{IMPORT}", imports.show),
    _act(f"/imports/{IMPORT}/undo", imports.take_back, "import.undo"),
    web.get("/contacts/new", contacts.new),
    _act("/contacts/new", contacts.add, "contact.add", makes=True),
    web.get(f"/contacts/{CONTACT}", contacts.show),
    web.get(f"/contacts/{CONTACT}/edit", contacts.edit),
    _act(f"/contacts/{CONTACT}/edit", contacts.save, "contact.change"),
    web.get("/unknown", unknowns.show),
    _act(f"/unknown/{DELIVERY}/again", unknowns.again, "delivery.resend"),
    web.post(f"/unknown/{DELIVERY}/look", unknowns.look),
    _act(f"/unknown/{DELIVERY}/settle", unknowns.settle, "delivery.settle"),
    web.get("/record", record.show),
    web.get("/record.csv", record.export),
    web.get("/projects", projects.index),
    _act("/projects", projects.add, "project.add", makes=True),
    web.get("/inbox", inbox.show),
    _act(f"/inbox/{REPLY}/handled", inbox.handled, "reply.handle"),
    _act(f"/inbox/{REPLY}/settle", inbox.settle, "reply.settle"),
    _act(f"/inbox/{REPLY}/opt-out", inbox.opt_out, "reply.opt_out"),
]
