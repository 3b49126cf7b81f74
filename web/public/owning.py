"""What we hold on somebody, for them alone: by a link that went to their own address and ends in a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from sqlalchemy import Connection

from contacts import consent_wordings
from contacts.addresses import BadEmail, BadPhone, BadZip
from contacts.consent_wordings import Wording, beside_box
from contacts.countries import textable
from contacts.erased import AskedToBeErased
from contacts.models import Channel
from contacts.people import Person, Unreachable, normalised, update_contact
from contacts.sign_ups import Wish
from database.jobs import Jobs
from database.opening import scrubbed
from messages import erasing
from messages.control import NotNow
from messages.holdings import held_on
from messages.joining import Asking, ask
from messages.links import BadToken, read_proof_token
from messages.own_page import SOURCE, OwnPage, page_of
from messages.proofs import proven
from messages.wording import Purpose
from web.keys import CLOCK, DATABASE, JOBS, SITE, Site
from web.pages import LANGUAGE, language_of, paper, render
from web.public.acting import address_of, form_of, languages_of
from web.public.joining import ABROAD, LONG_NAME, LONGEST_NAME, NO_BOX, BadSignUp
from web.public.limits import asking
from web.public.visits import BadAnswer

WRONG = (BadSignUp, BadEmail, BadPhone, BadZip, Unreachable, AskedToBeErased)
TYPED = ("given_name", "family_name", "zip", "email", "phone")
NO_ADDRESS = "Write the new email address or the new number first."
NOT_SURE = "Nothing was deleted. Tick the box first, then press the button again."


async def show(request: web.Request) -> web.Response:
    """What we hold, and what can be done about it."""
    own = await _own(request)
    return _page(request, own, {})


async def change(request: web.Request) -> web.Response:
    """Correct a name or a ZIP at once; a new address only after it says yes itself."""
    own, form = await _own(request), await form_of(request)
    app, site = request.app, request.app[SITE]
    now = app[CLOCK]()
    try:
        if form.get("act") == "correct":
            await app[DATABASE].write(_correct, _copy(request), form, now=now)
            done = "saved"
        elif form.get("act") == "address":
            person, wording = _read(form, own, site), _wording(site, own)
            await app[DATABASE].write(
                _ask, app[JOBS], _copy(request), person, wording, asking=asking(request), now=now
            )
            done = "asked"
        else:
            raise BadAnswer(BadAnswer.__doc__)
    except WRONG as error:
        return _page(request, own, form, problem=str(error))
    kept = {"lang": request.query["lang"]} if request.query.get("lang") else {}
    raise web.HTTPSeeOther(address_of(request.path, {**kept, "done": done}))


async def file(request: web.Request) -> web.Response:
    """All of it as a file, to read or as data."""
    form = await form_of(request)
    held = await request.app[DATABASE].read(_held, _copy(request), now=request.app[CLOCK]())
    if form.get("as") == "json":
        body = orjson.dumps(held, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
        return _file(body, "application/json", "my-data.json")
    language = str(held["person"]["language"])
    text = paper(request.app[SITE], language, "holdings.html", {"held": held})
    return _file(text.encode(), "text/html", "my-data.html")


async def ask_delete(request: web.Request) -> web.Response:
    """The second step before everything is deleted."""
    await _own(request)
    return _delete_page(request)


async def delete(request: web.Request) -> web.Response:
    """Delete everything held on them, and leave no trace in the file either."""
    await _own(request)
    form = await form_of(request)
    if form.get("sure") != "yes":
        return _delete_page(request, NOT_SURE)
    try:
        await request.app[DATABASE].write(_erase, _copy(request), now=request.app[CLOCK]())
    except NotNow as error:
        return _delete_page(request, str(error))
    await scrubbed(request.app[DATABASE])
    return render(request, "public/deleted.html", {"languages": ()})


def _copy(request: web.Request) -> int:
    return read_proof_token(request.app[SITE].links_secret, request.match_info["proof"])


async def _own(request: web.Request) -> OwnPage:
    now = request.app[CLOCK]()
    own = await request.app[DATABASE].read(_proven, _copy(request), now=now)
    request[LANGUAGE] = request.query.get("lang", "") or own.person.person.language
    return own


def _proven(conn: Connection, delivery_id: int, *, now: datetime) -> OwnPage:
    """Whose page a proof opens, as long as the address it went to is still theirs. Raises BadToken."""
    proof = proven(conn, delivery_id, (Purpose.PRIVATE,), now=now)
    if proof.contact_id is None:
        raise BadToken("This address is not valid: please open the link from the message again.")
    return page_of(conn, proof.contact_id, (proof.channel, proof.address))


def _held(conn: Connection, delivery_id: int, *, now: datetime) -> dict[str, Any]:
    return held_on(conn, _proven(conn, delivery_id, now=now).person.id)


def _correct(conn: Connection, delivery_id: int, form: Mapping[str, str], *, now: datetime) -> None:
    own = _proven(conn, delivery_id, now=now)
    told = {name: form.get(name, "").replace("\0", "") for name in ("given_name", "family_name")}
    if any(len(name) > LONGEST_NAME for name in told.values()):
        raise BadSignUp(LONG_NAME)
    known = replace(own.person.person, **told, zip=form.get("zip", ""))
    update_contact(conn, own.person.id, known, now=now)


def _read(form: Mapping[str, str], own: OwnPage, site: Site) -> Person:
    email, phone = form.get("email", "").strip(), form.get("phone", "").strip()
    if not email and not phone:
        raise BadSignUp(NO_ADDRESS)
    if phone and form.get("agree_sms") != "yes":
        raise BadSignUp(NO_BOX)
    language = own.person.person.language
    person = normalised(Person(language=language, email=email, phone=phone))
    if person.phone and not textable(person.phone, site.countries):
        raise BadSignUp(ABROAD)
    return person


def _ask(
    conn: Connection,
    jobs: Jobs,
    delivery_id: int,
    person: Person,
    wording: Wording,
    *,
    asking: Asking,
    now: datetime,
) -> None:
    own = _proven(conn, delivery_id, now=now)
    kept = {Channel.SMS.value: consent_wordings.keep(conn, wording, now=now)}
    ask(
        conn,
        jobs,
        Wish(person, None, kept, SOURCE),
        asking=asking,
        purpose=Purpose.NEW_ADDRESS,
        contact_id=own.person.id,
        now=now,
    )


def _erase(conn: Connection, delivery_id: int, *, now: datetime) -> None:
    erasing.erase(conn, _proven(conn, delivery_id, now=now).person.id, now=now)


def _wording(site: Site, own: OwnPage) -> Wording:
    return beside_box(
        Channel.SMS,
        own.person.person.language,
        network=site.network_name,
        project="",
        terms=f"{site.public_url}/privacy",
    )


def _page(
    request: web.Request, own: OwnPage, form: Mapping[str, str], *, problem: str = ""
) -> web.Response:
    site, language = request.app[SITE], language_of(request)
    known = own.person.person
    stored = {"given_name": known.given_name, "family_name": known.family_name, "zip": known.zip}
    values = {
        "own": own,
        "here": request.path,
        "done": request.query.get("done", ""),
        "problem": problem,
        "typed": {name: form.get(name, stored.get(name, "")) for name in TYPED},
        "wordings": {"sms": _wording(site, own)},
        "terms": f"{site.public_url}/privacy",
        "languages": languages_of(request, language),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "public/own.html", values, status=status)


def _delete_page(request: web.Request, problem: str = "") -> web.Response:
    values = {
        "here": request.path,
        "back": request.path.removesuffix("/delete"),
        "problem": problem,
        "languages": languages_of(request, language_of(request)),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "public/delete.html", values, status=status)


def _file(body: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
