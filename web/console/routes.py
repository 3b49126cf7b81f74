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
    signing,
    streaming,
    unknowns,
)

ALERT = "{alert_id:[0-9]{1,15}}"
CAMPAIGN = "{campaign_id:[0-9]{1,15}}"
CONTACT = "{contact_id:[0-9]{1,15}}"
DELIVERY = "{delivery_id:[0-9]{1,15}}"
EMAIL = "{email_id:[0-9]{1,15}}"
IMPORT = "{import_id:[0-9]{1,15}}"
REPLY = "{reply_id:[0-9]{1,15}}"
ACT = "{act:undo|pause|resume|stop}"
FATE = "{channel:sms|email}/{reason:[a-z0-9_]{1,64}}"

ROUTES = [
    web.get("/", home.show),
    web.get("/sign-in", signing.show),
    web.post("/sign-in", signing.enter),
    web.post("/sign-out", signing.leave),
    web.post("/language", signing.speak),
    web.get("/alerts", alerts.index),
    web.get("/alerts/new", alert_writing.new),
    web.post("/alerts/new", alert_writing.create),
    web.post("/alerts/measure", alert_writing.measure),
    web.get(f"/alerts/{ALERT}", alerts.show),
    web.get(f"/alerts/{ALERT}/edit", alert_writing.edit),
    web.post(f"/alerts/{ALERT}/edit", alert_writing.save),
    web.get(
        f"/alerts/{ALERT}/left-out/{FATE}",
        alerts.left_out,
    ),
    web.post(f"/alerts/{ALERT}/plain", alert_writing.plain),
    web.post(f"/alerts/{ALERT}/launch", alerts.start),
    web.post(f"/alerts/{ALERT}/again", alerts.again),
    web.post(f"/alerts/{ALERT}/{ACT}", alerts.steer),
    web.get(f"/alerts/{ALERT}/events", streaming.events),
    web.get("/campaigns", campaigns.index),
    web.post("/campaigns", campaigns.create),
    web.get(f"/campaigns/{CAMPAIGN}", campaigns.show),
    web.post(f"/campaigns/{CAMPAIGN}", campaigns.schedule),
    web.post(f"/emails/{EMAIL}/send", campaigns.send_held),
    web.post(f"/emails/{EMAIL}/skip", campaigns.skip_held),
    web.post(f"/emails/{EMAIL}/cancel", campaigns.cancel),
    web.get("/contacts", contacts.index),
    web.get("/imports/new", imports.new),
    web.post("/imports/check", imports.check),
    web.post("/imports/problems", imports.problems),
    web.post("/imports", imports.run),
    web.get(f"/imports/{IMPORT}", imports.show),
    web.post(f"/imports/{IMPORT}/undo", imports.take_back),
    web.get("/contacts/new", contacts.new),
    web.post("/contacts/new", contacts.add),
    web.get(f"/contacts/{CONTACT}", contacts.show),
    web.get(f"/contacts/{CONTACT}/edit", contacts.edit),
    web.post(f"/contacts/{CONTACT}/edit", contacts.save),
    web.get("/unknown", unknowns.show),
    web.post(f"/unknown/{DELIVERY}/again", unknowns.again),
    web.post(f"/unknown/{DELIVERY}/look", unknowns.look),
    web.post(f"/unknown/{DELIVERY}/settle", unknowns.settle),
    web.get("/projects", projects.index),
    web.post("/projects", projects.add),
    web.get("/inbox", inbox.show),
    web.post(f"/inbox/{REPLY}/handled", inbox.handled),
    web.post(f"/inbox/{REPLY}/settle", inbox.settle),
    web.post(f"/inbox/{REPLY}/opt-out", inbox.opt_out),
]
