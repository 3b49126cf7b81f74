"""Every address of the console; each ``{…_id}`` is checked by ``guard`` before its page runs."""

from __future__ import annotations

from aiohttp import web

from web.console import alert_writing, alerts, home, inbox, signing, streaming

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
    web.get("/alerts/{alert_id:\\d{1,15}}", alerts.show),
    web.get("/alerts/{alert_id:\\d{1,15}}/edit", alert_writing.edit),
    web.post("/alerts/{alert_id:\\d{1,15}}/edit", alert_writing.save),
    web.post("/alerts/{alert_id:\\d{1,15}}/plain", alert_writing.plain),
    web.post("/alerts/{alert_id:\\d{1,15}}/launch", alerts.start),
    web.post("/alerts/{alert_id:\\d{1,15}}/{act:undo|pause|resume|stop}", alerts.steer),
    web.get("/alerts/{alert_id:\\d{1,15}}/events", streaming.events),
    web.get("/inbox", inbox.show),
    web.post("/inbox/{reply_id:\\d{1,15}}/handled", inbox.handled),
    web.post("/inbox/{reply_id:\\d{1,15}}/settle", inbox.settle),
    web.post("/inbox/{reply_id:\\d{1,15}}/opt-out", inbox.opt_out),
]
