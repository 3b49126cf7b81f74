"""What providers tell us: signature first, over the raw bytes and our public address; then stored
once, committed, and only then answered.

A provider repeats what was not answered well, so a database error must never look like success.
What a text asks for is done in the transaction that stores it: once Twilio has its answer, a STOP
already holds.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import BodyPartReader, web
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alerts import approval_asks
from database.engine import DatabaseUnusable
from database.jobs import Jobs
from messages import mail_sources
from messages.collecting import AWAY, not_taken_in
from messages.mailroom import Desk, take_in
from messages.providers import sendgrid, twilio
from messages.providers.inbound_parse import RAW, decoded_fields, read_inbound_parse
from messages.providers.mail_reading import MOST_BYTES, UnreadableMail
from messages.providers.provider import Inbound
from messages.providers.sendgrid_events import event_key
from messages.receipts import INBOUND, RECEIPT, RawEvent, mark_applied, store
from messages.replies import receive
from web.console import approval_letters
from web.forms import UNREADABLE, BadForm, read_form
from web.keys import CLOCK, DATABASE, INTAKE, JOBS, ROUTINE, SITE, Site

log = structlog.get_logger("webhooks")
Hook = Callable[[web.Request], Awaitable[web.Response]]

TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
MAIL_LIMIT = 31 * 1024 * 1024  # SendGrid passes mails on up to 30 MB
FIELD_LIMIT = 256 * 1024  # of a mail's text; what is longer is not read by anybody
MOST_FIELDS = 60  # of a form; SendGrid sends about twenty
ATTACHMENT = re.compile(r"attachment\d+")
UNREADABLE_KEPT = 20_000  # characters of each field of a mail that nobody can read


class BadSignature(Exception):
    """The signature does not fit; check the keys and network.public_url in the settings."""


class BadBody(Exception):
    """The body is not what this provider sends."""


def add_routes(app: web.Application) -> None:
    """Open the providers' door on the main application."""
    app.add_routes(
        [
            web.post("/webhooks/twilio/status", carefully(twilio_status)),
            web.post("/webhooks/twilio/inbound", carefully(twilio_inbound)),
            web.post("/webhooks/sendgrid/events", carefully(sendgrid_events)),
            web.post("/webhooks/sendgrid/inbound/{secret}", carefully(sendgrid_inbound)),
        ]
    )


def carefully(hook: Hook) -> Hook:
    """Answer a provider in its own terms: a status it understands and one sentence for its log."""

    @wraps(hook)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await hook(request)
        except BadSignature:
            return _refused(hook, HTTPStatus.FORBIDDEN, str(BadSignature.__doc__))
        except (BadBody, BadForm, twilio.UnreadableText) as error:
            return _refused(hook, HTTPStatus.BAD_REQUEST, str(error))
        except (SQLAlchemyError, DatabaseUnusable) as error:
            log.exception("webhook not stored", hook=hook.__name__, error=type(error).__name__)
            sentence = "Not stored: the database did not take it. Please send it again."
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text=f"{sentence}\n")

    return answer


async def twilio_status(request: web.Request) -> web.Response:
    """What became of a text."""
    form, query = await signed_form(request), request.query
    payload = {**form, **{name: query.get(name, "") for name in ("d", "a", "k")}}
    if "\0" in "".join([*payload, *payload.values()]):
        payload = _clean(payload)
    event = RawEvent(twilio.NAME, twilio.event_key(payload), RECEIPT, payload)
    await request.app[INTAKE].take([event], now=request.app[CLOCK]())
    request[ROUTINE] = True
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def twilio_inbound(request: web.Request) -> web.Response:
    """A text somebody sent us. The answer to them, if any, is a message of our own."""
    form = _clean(await signed_form(request))
    inbound = twilio.read_inbound(form)
    await _take(request, RawEvent(twilio.NAME, f"in:{inbound.key}", INBOUND, form), inbound)
    return web.Response(text=TWIML, content_type="text/xml", charset="utf-8")


async def sendgrid_events(request: web.Request) -> web.Response:
    """What became of emails: an array of events, each stored on its own."""
    site, now, body = request.app[SITE], request.app[CLOCK](), await request.read()
    timestamp = request.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", "")
    signature = request.headers.get("X-Twilio-Email-Event-Webhook-Signature", "")
    if not sendgrid.verify(site.sendgrid_public_keys, timestamp, body, signature, now=now):
        raise BadSignature
    events = [
        RawEvent(sendgrid.NAME, event_key(payload), RECEIPT, payload) for payload in _array(body)
    ]
    await request.app[INTAKE].take(events, now=now)
    request[ROUTINE] = True
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def sendgrid_inbound(request: web.Request) -> web.Response:
    """An email somebody wrote back. It is not signed: only the address of this page is secret."""
    expected = request.app[SITE].inbound_secret
    given = request.match_info["secret"]
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise BadSignature
    fields = await _mail_fields(request)
    app = request.app
    try:
        mail = await asyncio.to_thread(read_inbound_parse, fields)
        desk = mail_desk(app[JOBS], app[SITE])
        counted = await app[DATABASE].write(take_in, [mail], desk, now=app[CLOCK]())
    except AWAY:
        raise
    except UnreadableMail as error:
        await app[DATABASE].write(_set_aside, fields, str(error), now=app[CLOCK]())
    except Exception as error:
        # SendGrid would repeat it for days, with the same end.
        log.exception("mail not taken in", error=type(error).__name__)
        await app[DATABASE].write(_set_aside, fields, not_taken_in(error), now=app[CLOCK]())
    else:
        log.info("mail", **{kind.value: count for kind, count in counted.items()})
    return web.Response(status=HTTPStatus.NO_CONTENT)


def mail_desk(jobs: Jobs, site: Site) -> Desk:
    """Who takes in emails, however they come."""

    def hear(conn: Connection, inbound: Inbound, now: datetime) -> None:
        act_on(conn, jobs, inbound, site=site, now=now)

    mailbox = site.mailbox
    return Desk(site.links_secret, site.own_addresses, hear, mailbox.tagged, mailbox.authserv_id)


def _set_aside(
    conn: Connection, fields: Mapping[str, bytes | str], sentence: str, *, now: datetime
) -> None:
    """Keep the beginning of an email that nobody can read, for a person; SendGrid would not repeat it."""
    texts = {name: value for name, value in decoded_fields(fields).items() if value}
    payload = _clean({name: value[:UNREADABLE_KEPT] for name, value in texts.items()})
    mail_sources.keep_unreadable(conn, sendgrid.NAME, payload, sentence, now=now)


async def _take(request: web.Request, event: RawEvent, inbound: Inbound) -> None:
    app = request.app
    await app[DATABASE].write(take, app[JOBS], event, inbound, site=app[SITE], now=app[CLOCK]())


def take(
    conn: Connection,
    jobs: Jobs,
    event: RawEvent,
    inbound: Inbound,
    *,
    site: Site,
    now: datetime,
) -> None:
    """Store what somebody sent us and act on it, in one transaction; a copy of it does nothing."""
    new = store(conn, [event], now=now)
    if new:
        act_on(conn, jobs, inbound, site=site, now=now)
        mark_applied(conn, new, now=now)


def act_on(conn: Connection, jobs: Jobs, inbound: Inbound, *, site: Site, now: datetime) -> None:
    """Do what somebody's words ask for.

    An organizer's answer about an approval is nobody else's business, and does not go to the inbox.
    """
    approval = approval_asks.heard(conn, inbound, house=site.house, now=now)
    if approval is not None:
        approval_letters.answer_text(conn, jobs, site, inbound, approval, now)
        return
    receive(
        conn,
        jobs,
        inbound,
        network=site.network_name,
        public_url=site.public_url,
        default_language=site.default_language,
        countries=site.countries,
        now=now,
    )


async def signed_form(request: web.Request) -> dict[str, str]:
    """The fields of a form that Twilio signed for our public address; raises BadSignature, BadForm."""
    form = await read_form(request)
    url = request.app[SITE].public_url + request.raw_path
    signature = request.headers.get("X-Twilio-Signature", "")
    if not twilio.verify(url, form, signature, request.app[SITE].twilio_tokens):
        raise BadSignature
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _array(body: bytes) -> list[dict[str, Any]]:
    try:
        events = orjson.loads(body)
    except ValueError as error:
        raise BadBody("This is not JSON.") from error
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise BadBody("This is not an array of events.")
    # A NUL is only ever written so in JSON; what else looks like it is cleaned in vain.
    return [_clean(event) for event in events] if b"\\u0000" in body else events


def _clean(value: Any) -> Any:
    """The same without NUL, which PostgreSQL takes neither in text nor in JSON."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_clean(name): _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value


async def _mail_fields(request: web.Request) -> dict[str, bytes | str]:
    """The fields of a parsed email as raw bytes, each in a character set of its own.

    It streams, so only this page takes more than the usual megabyte; attachments pass unread.
    """
    if (request.content_length or 0) > MAIL_LIMIT:
        raise web.HTTPRequestEntityTooLarge(MAIL_LIMIT)
    fields: dict[str, bytes | str] = {}
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and _is_field(part) and len(fields) < MOST_FIELDS:
                limit = MOST_BYTES if part.name == RAW else FIELD_LIMIT
                fields[part.name or ""] = await _beginning(part, limit)
    except UNREADABLE as error:
        raise BadForm(BadForm.__doc__) from error
    return fields


def _is_field(part: BodyPartReader) -> bool:
    name = part.name or ""
    return bool(name) and part.filename is None and not ATTACHMENT.fullmatch(name)


async def _beginning(part: BodyPartReader, limit: int) -> bytes:
    """As much of a field as anybody reads; the rest streams past."""
    kept = bytearray()
    while chunk := await part.read_chunk():
        kept += chunk[: limit - len(kept)]
    return bytes(kept)


def _refused(hook: Hook, status: HTTPStatus, sentence: str) -> web.Response:
    log.warning("webhook refused", hook=hook.__name__, status=int(status), why=sentence)
    return web.Response(status=status, text=f"{sentence}\n")
