"""Joining a project: its form, also inside another site's page, and the button that confirms an email."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy import Connection, Row

from contacts import consent_wordings, pairing
from contacts.addresses import BadEmail, BadPhone, BadZip
from contacts.consent_wordings import Wording, beside_box
from contacts.countries import textable
from contacts.models import Channel
from contacts.people import Person, Unreachable, normalised
from contacts.sign_ups import FormRow, Wish, confirm, form_at, meant_by_button, waiting
from database.jobs import Jobs
from messages.joining import Asking, ask
from messages.links import read_proof_token
from messages.proofs import Proven, proven
from messages.wording import Purpose
from web.keys import CLOCK, DATABASE, JOBS, SITE, Site
from web.pages import LANGUAGE, language_of, render
from web.public import form_tokens
from web.public.acting import address_of, form_of, languages_of
from web.public.form_tokens import StaleForm
from web.public.limits import asking
from web.security import FRAMED_BY

TYPED = ("given_name", "family_name", "zip", "language", "email", "phone")
BOXES = {Channel.EMAIL.value: "email", Channel.SMS.value: "phone"}  # the field each is about
SOURCES = ("poster", "form")
LONGEST_NAME = 100
TRAP = "website"  # a field nobody sees; programs fill it in
LONG_NAME = "That name is too long. Write the one people call you by."
NO_BOX = "Tick a box: may we email you, text you, or both? Without your yes we send nothing."
NO_EMAIL = "You ticked the box for emails: write your email address, or untick it."
NO_PHONE = "You ticked the box for texts: write your mobile number, or untick it."
ABROAD = "We send texts to numbers of the United States and Canada only. Leave your email instead."


class BadSignUp(ValueError):
    """What somebody typed cannot be taken as it is."""


@dataclass(frozen=True)
class Asked:
    """What a proof's page shows before its button is pressed."""

    proof: Proven
    project: str  # that waits for a yes; "" = none: the address takes the place of another one
    waits: bool
    beside: str  # masked: is this address, of the same form, theirs as well? "" = that is not asked


async def show(request: web.Request) -> web.Response:
    """The form; after it was sent, what to do next."""
    form = await _form(request)
    if "sent" in request.query:
        return _page(request, "public/joined.html", form, {})
    return _page(request, "public/join.html", form, {})


async def send(request: web.Request) -> web.Response:
    """Ask the addresses in a form whether it was them; say the same whatever we know of them."""
    form, typed = await _form(request), await form_of(request)
    app, site = request.app, request.app[SITE]
    now = app[CLOCK]()
    onward = web.Response(status=303, headers={"Location": _sent(request)})
    if typed.get(TRAP):
        return onward
    try:
        form_tokens.check(site.links_secret, _about(form), typed.get("token", ""), now=now)
        person = _read(typed, site)
    except (BadSignUp, BadEmail, BadPhone, BadZip, Unreachable, StaleForm) as error:
        return _page(request, "public/join.html", form, typed, problem=str(error))
    wordings = _wordings(site, form, typed.get("shown", ""))
    await app[DATABASE].write(
        _ask,
        app[JOBS],
        form,
        person,
        wordings,
        source=_source(request),
        asking=asking(request),
        now=now,
    )
    return onward


async def show_proof(request: web.Request) -> web.Response:
    """What an email address is asked to say yes to: a button, because scanners follow links."""
    seen = await request.app[DATABASE].read(_asked, _copy(request), now=request.app[CLOCK]())
    request[LANGUAGE] = request.query.get("lang", "") or seen.proof.language
    values = {"asked": seen, "here": request.path, "done": "done" in request.query}
    values["languages"] = languages_of(request, language_of(request))
    return render(request, "public/confirm.html", values)


async def confirm_proof(request: web.Request) -> web.Response:
    """The owner of an email address says yes."""
    typed, now = await form_of(request), request.app[CLOCK]()
    one = {"yes": True, "no": False}.get(typed.get("one", ""))
    await request.app[DATABASE].write(_confirm, _copy(request), one=one, now=now)
    query = {"done": "1", **({"lang": request.query["lang"]} if "lang" in request.query else {})}
    raise web.HTTPSeeOther(address_of(request.path, query))


async def privacy(request: web.Request) -> web.Response:
    """What becomes of what people tell us, and on which terms we text."""
    request[LANGUAGE] = request.query.get("lang", "")
    values = {"languages": languages_of(request, language_of(request))}
    return render(request, "public/privacy.html", values)


def _ask(
    conn: Connection,
    jobs: Jobs,
    form: FormRow,
    person: Person,
    wordings: Mapping[str, Wording],
    *,
    source: str,
    asking: Asking,
    now: datetime,
) -> None:
    kept = {
        channel: consent_wordings.keep(conn, each, now=now) for channel, each in wordings.items()
    }
    ask(conn, jobs, Wish(person, form.project_id, kept, source), asking=asking, now=now)


def _copy(request: web.Request) -> int:
    return read_proof_token(request.app[SITE].links_secret, request.match_info["proof"])


def _asked(conn: Connection, delivery_id: int, *, now: datetime) -> Asked:
    proof, rows = _meant(conn, delivery_id, now)
    beside = rows[0].beside if rows else ""
    if proof.purpose is Purpose.JOINED_BESIDE:
        return Asked(proof, "", waits=False, beside=beside)
    return Asked(proof, rows[0].project if rows else "", waits=bool(rows), beside=beside)


def _confirm(conn: Connection, delivery_id: int, *, one: bool | None, now: datetime) -> None:
    proof, rows = _meant(conn, delivery_id, now)
    if proof.purpose is not Purpose.JOINED_BESIDE:
        confirm(conn, rows, evidence="pressed the button behind the link in our email", now=now)
    if one is not None:
        say = pairing.say_one if one else pairing.say_two
        say(conn, rows)


def _meant(conn: Connection, delivery_id: int, now: datetime) -> tuple[Proven, Sequence[Row[Any]]]:
    """What an email asked about, as long as it waits; or what the answer to a yes by text asks further."""
    asked = (Purpose.CONFIRM, Purpose.NEW_ADDRESS, Purpose.JOINED_BESIDE)
    proof = proven(conn, delivery_id, asked, now=now)
    if proof.purpose is Purpose.JOINED_BESIDE:
        whose = (proof.contact_id, proof.channel, proof.project_id)
        return proof, pairing.still_open(conn, *whose, now=now)
    rows = waiting(conn, proof.channel, proof.address, now=now)
    return proof, meant_by_button(rows, proof.project_id, proof.asked_on)


def _read(typed: Mapping[str, str], site: Site) -> Person:
    """What somebody typed, in our spelling, with the addresses whose boxes are ticked."""
    ticked = {channel: typed.get(f"agree_{channel}") == "yes" for channel in BOXES}
    email, phone = typed.get("email", "").strip(), typed.get("phone", "").strip()
    if not any(ticked.values()):
        raise BadSignUp(NO_BOX)
    if ticked[Channel.EMAIL] and not email:
        raise BadSignUp(NO_EMAIL)
    if ticked[Channel.SMS] and not phone:
        raise BadSignUp(NO_PHONE)
    names = {name: typed.get(name, "").replace("\0", "") for name in ("given_name", "family_name")}
    if any(len(name) > LONGEST_NAME for name in names.values()):
        raise BadSignUp(LONG_NAME)
    spoken = typed.get("language", "")
    person = normalised(
        Person(
            **names,
            language=spoken if spoken in site.languages else site.default_language,
            zip=typed.get("zip", ""),
            email=email if ticked[Channel.EMAIL] else "",
            phone=phone if ticked[Channel.SMS] else "",
        )
    )
    if person.phone and not textable(person.phone, site.countries):
        raise BadSignUp(ABROAD)
    return person


def _wordings(site: Site, form: FormRow, language: str) -> dict[str, Wording]:
    return {
        channel: beside_box(
            Channel(channel),
            language,
            network=site.network_name,
            project=form.project,
            terms=f"{site.public_url}/privacy",
        )
        for channel in BOXES
    }


async def _form(request: web.Request) -> FormRow:
    request[LANGUAGE] = request.query.get("lang", "")
    form = await request.app[DATABASE].read(form_at, request.match_info["slug"])
    if _framed(request):
        request[FRAMED_BY] = form.sites
    return form


def _page(
    request: web.Request,
    template: str,
    form: FormRow,
    typed: Mapping[str, str],
    *,
    problem: str = "",
) -> web.Response:
    site, language = request.app[SITE], language_of(request)
    values: dict[str, Any] = {
        "form": form,
        "framed": _framed(request),
        "typed": {name: typed.get(name, "") for name in (*TYPED, "agree_sms", "agree_email")},
        "problem": problem,
        "token": form_tokens.issue(site.links_secret, _about(form), now=request.app[CLOCK]()),
        "wordings": _wordings(site, form, language),
        "terms": f"{site.public_url}/privacy",
        "here": request.path_qs,
        "again": address_of(request.path, _kept(request)),
        "welcome": form.welcome.get(language, ""),
        "trap": TRAP,
        "languages": languages_of(request, language),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, template, values, status=status)


def _framed(request: web.Request) -> bool:
    return request.path.endswith("/embed")


def _about(form: FormRow) -> str:
    return f"join {form.project_id}"


def _source(request: web.Request) -> str:
    if _framed(request):
        return "embed"
    came = request.query.get("from", "")
    return came if came in SOURCES else "form"


def _sent(request: web.Request) -> str:
    return address_of(request.path, {**_kept(request), "sent": "1"})


def _kept(request: web.Request) -> dict[str, str]:
    return {name: request.query[name] for name in ("lang", "from") if request.query.get(name)}
