"""Addresses of the console about email: each planned one, how all look, their pictures, whether they are welcome."""

from __future__ import annotations

from web.console import (
    deliverability,
    email_looks,
    emails,
    experiments,
    pictures,
    planned_approvals,
)
from web.console.declaring import (
    ADMIN,
    ADMIN_SURELY,
    CONTACT,
    EMAIL,
    HOLD,
    PICTURE,
    SEE,
    SEND,
    SEND_SURELY,
    STEER,
    STOP,
    TOKEN,
    WRITE,
    act,
    get,
    post,
)
from web.console.needs import OPEN

EMAIL_ROUTES = [
    get(f"/emails/{EMAIL}", emails.show, SEE),
    get(f"/emails/{EMAIL}/change", emails.edit, SEND),
    act(f"/emails/{EMAIL}/change", emails.change, SEND_SURELY, "email.change"),
    get(f"/emails/{EMAIL}/words", emails.words, SEND),
    act(f"/emails/{EMAIL}/words", emails.change_words, SEND_SURELY, "email.words"),
    act(f"/emails/{EMAIL}/move", emails.move, SEND_SURELY, "email.move"),
    act(f"/emails/{EMAIL}/put-back", emails.put_back, SEND_SURELY, "email.put_back"),
    act(f"/emails/{EMAIL}/take-up", emails.take_up, SEND_SURELY, "email.take_up"),
    act(f"/emails/{EMAIL}/ask", planned_approvals.ask, WRITE, "email.ask_approval"),
    act(f"/emails/{EMAIL}/approve", planned_approvals.approve, SEND, "email.approve"),
    act(f"/emails/{EMAIL}/send-back", planned_approvals.send_back, SEND, "email.send_back"),
    act(f"/emails/{EMAIL}/may-stand", emails.may_stand, SEND, "email.let_name_stand"),
    act(f"/emails/{EMAIL}/send", emails.send_held, SEND_SURELY, "email.send_held"),
    act(f"/emails/{EMAIL}/skip", emails.leave_out, SEND, "email.skip_held"),
    act(f"/emails/{EMAIL}/cancel", emails.cancel, SEND, "email.cancel"),
    act(f"/emails/{EMAIL}/{STEER}", emails.steer, SEND, "email.{steer}"),
    act(f"/emails/{EMAIL}/choose", experiments.choose, SEND_SURELY, "email.choose"),
    act(f"/emails/{EMAIL}/end-trial", experiments.end, SEND, "email.end_trial"),
    # The link in a letter that asks for an approval: good for that email, and for nothing else.
    get(f"/approve-email/{TOKEN}", planned_approvals.by_link, OPEN),
    post(f"/approve-email/{TOKEN}", planned_approvals.answer_link, OPEN),
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
