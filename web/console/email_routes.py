"""Addresses of the console about email as such: how it looks, its pictures, whether it is welcome."""

from __future__ import annotations

from web.console import deliverability, email_looks, pictures
from web.console.declaring import (
    ADMIN,
    ADMIN_SURELY,
    CONTACT,
    HOLD,
    PICTURE,
    SEE,
    SEND,
    STOP,
    WRITE,
    act,
    get,
    post,
)

EMAIL_ROUTES = [
    get("/deliverability", deliverability.show, SEE),
    post("/deliverability/look", deliverability.look, ADMIN),
    act(f"/deliverability/{HOLD}/go-on", deliverability.go_on, ADMIN, "hold.end"),
    act(f"/deliverability/stops/{STOP}/undo", deliverability.undo_stops, ADMIN, "stop.undo"),
    act(f"/contacts/{CONTACT}/let-through", deliverability.let_through, SEND, "contact.mailbox"),
    get("/pictures", pictures.index, WRITE),
    act("/pictures", pictures.add, WRITE, "picture.add", makes=True),
    act(f"/pictures/{PICTURE}/remove", pictures.remove, WRITE, "picture.remove"),
    get("/look", email_looks.show, ADMIN),
    act("/look", email_looks.save, ADMIN_SURELY, "project.look", makes=True),
    post("/look/preview", email_looks.preview, ADMIN),
    act("/look/emails/{sent_id:[0-9]{1,15}}", email_looks.archive, ADMIN_SURELY, "sent.archive"),
]
