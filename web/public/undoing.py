"""The page behind the letter that tells of an opt-out somebody else may have asked for, and its two buttons."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from aiohttp import web
from sqlalchemy import Connection

from contacts.consent import standings
from contacts.models import Standing
from messages import unproven_stops
from messages.links import read_proof_token
from messages.proofs import Proven, proven
from messages.wording import Purpose
from web.keys import CLOCK, DATABASE, SITE
from web.pages import LANGUAGE, language_of, render
from web.public.acting import address_of, form_of, languages_of
from web.public.visits import BadAnswer

SUPPORTER = "supporter"
DONE = ("back", "kept")  # what the buttons say, and the page after them


async def show(request: web.Request) -> web.Response:
    """Who was taken off, and how to undo it: by a button, because scanners follow links."""
    now = request.app[CLOCK]()
    proof, waits = await request.app[DATABASE].read(_asked, _copy(request), now=now)
    done = request.query.get("done", "")
    refused = await request.app[DATABASE].read(_refused, proof) if done == "back" else None
    request[LANGUAGE] = request.query.get("lang", "") or proof.language
    values = {
        "address": proof.address,
        "waits": waits,
        "done": done,
        "refused": refused,
        "here": request.path,
        "languages": languages_of(request, language_of(request)),
    }
    return render(request, "public/undo.html", values)


async def decide(request: web.Request) -> NoReturn:
    """The owner of the address says whether it was them."""
    act = (await form_of(request)).get("act", "")
    if act not in DONE:
        raise BadAnswer(BadAnswer.__doc__)
    now = request.app[CLOCK]()
    await request.app[DATABASE].write(_decide, _copy(request), back=act == "back", now=now)
    query = {"done": act, **({"lang": request.query["lang"]} if "lang" in request.query else {})}
    raise web.HTTPSeeOther(address_of(request.path, query))


def _copy(request: web.Request) -> int:
    return read_proof_token(request.app[SITE].links_secret, request.match_info["proof"])


def _asked(conn: Connection, delivery_id: int, *, now: datetime) -> tuple[Proven, bool]:
    proof = proven(conn, delivery_id, (Purpose.DOUBTED,), now=now)
    return proof, unproven_stops.waits(conn, proof.channel, proof.address, now=now)


def _refused(conn: Connection, proof: Proven) -> Standing | None:
    """Why nothing goes to the address all the same; None where they are back."""
    pair = (proof.channel, proof.address)
    return standings(conn, [pair]).refused.get(pair)


def _decide(conn: Connection, delivery_id: int, *, back: bool, now: datetime) -> None:
    proof, _ = _asked(conn, delivery_id, now=now)
    settle = unproven_stops.undo if back else unproven_stops.prove
    settle(conn, proof.channel, proof.address, by=SUPPORTER, now=now)
