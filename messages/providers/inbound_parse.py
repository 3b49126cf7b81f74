"""Emails as SendGrid's Inbound Parse passes them on: whole, or taken apart into the fields of a form.

They are not signed. Taken apart, what a mail server reports of an email has lost what it says of its status,
so let it "POST the raw, full MIME message".
https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import parseaddr
from typing import Any

import orjson

from messages.providers.mail_reading import Mail, decoded, mail_of, parsed, told_unreadable
from messages.providers.mail_vouching import public_address, vouched_by_parse

RAW = "email"  # the field that has the whole message


def read_inbound_parse(fields: Mapping[str, bytes | str]) -> Mail:
    """An email from the form's fields; give them as raw bytes, for each is in a character set of its own.

    Raises UnreadableMail.
    """
    whole = fields.get(RAW)
    form = decoded_fields({name: value for name, value in fields.items() if name != RAW})
    envelope = json_object(form.get("envelope", ""))
    told = envelope.get("to")
    recipients = [str(each) for each in told] if isinstance(told, list) else [form.get("to", "")]
    sender = envelope.get("from")
    sender = sender if isinstance(sender, str) else None
    with told_unreadable():
        if whole:
            raw = whole if isinstance(whole, bytes) else whole.encode(errors="replace")
            message = parsed(raw)
        else:
            raw = orjson.dumps(sorted(form.items()))
            message = _put_together(form, sender or "")
        mail = mail_of(message, raw, recipients=recipients, sender=sender)
        vouched = vouched_by_parse(
            message,
            spf=form.get("SPF", ""),
            dkim=form.get("dkim", ""),
            path=sender or "",
            sender=mail.sender,
        )
        return replace(mail, vouched=vouched, origin=public_address(form.get("sender_ip", "")))


def decoded_fields(fields: Mapping[str, bytes | str]) -> dict[str, str]:
    """Each field in the character set the form says it is in; nothing of it is ever refused."""
    raw = fields.get("charsets", b"")
    charsets = json_object(raw if isinstance(raw, str) else raw.decode(errors="replace"))
    return {
        name: value if isinstance(value, str) else decoded(value, str(charsets.get(name, "utf-8")))
        for name, value in fields.items()
    }


def json_object(text: str) -> dict[str, Any]:
    """The JSON object in a form field; anything else counts as empty."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _put_together(form: Mapping[str, str], sender: str) -> Message:
    """A message with the headers and the words of the form; of attachments it has the names alone."""
    message = HeaderParser(policy=compat32).parsestr(form.get("headers", "")[:100_000])
    for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
        del message[name]
    if "From" not in message:
        message["From"] = parseaddr(form.get("from", ""))[1] or sender
    if form.get("subject"):
        del message["Subject"]
        message["Subject"] = " ".join(form["subject"].split())
    message["Content-Type"] = "multipart/mixed"
    message.set_payload([])
    for kind in ("text", "html"):
        if form.get(kind):
            message.attach(_leaf(f"text/{'plain' if kind == 'text' else 'html'}", form[kind]))
    attached = json_object(form.get("attachment-info", ""))
    for about in attached.values():
        if isinstance(about, dict):
            message.attach(_named(str(about.get("filename", "")), str(about.get("type", ""))))
    return message


def _leaf(kind: str, words: str) -> Message:
    part = Message(policy=compat32)
    part["Content-Type"] = kind
    part.set_payload(words.encode(errors="replace").decode(), "utf-8")
    return part


def _named(name: str, kind: str) -> Message:
    part = Message(policy=compat32)
    part["Content-Type"] = "application/octet-stream"
    part.add_header("Content-Disposition", "attachment", filename=(name or kind).replace("\n", " "))
    return part
