"""How emails leave, and how mail about them comes back: a part of ``settings.py``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from messages.mail_addresses import OwnMailbox
from overrides import between, one_of, secret

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class SendGrid:
    """How email leaves, first choice."""

    api_key: str = secret()
    from_email: str
    event_public_key: str
    inbound_secret: str = secret()
    api_base: str
    people_per_request: int = between(1, 1000)

    @property
    def ready(self) -> bool:
        """Whether enough is set to send."""
        return bool(self.api_key and self.from_email)


@dataclass(frozen=True, kw_only=True)
class SMTP:
    """How email leaves, second choice."""

    host: str
    port: int = between(1, 65535)
    security: str = one_of("starttls", "tls", "none")
    username: str
    password: str = secret()
    from_email: str
    connections: int = between(1, 100)
    timeout_seconds: float = between(1, 600)

    @property
    def ready(self) -> bool:
        """Whether enough is set to send."""
        return bool(self.host and self.from_email)


@dataclass(frozen=True, kw_only=True)
class InboundMail:
    """How mail about our emails comes back."""

    address: str
    bounce_address: str
    tagged: bool
    authserv_id: str
    source: str = one_of("none", "sendgrid", "maildir", "imap", "elsewhere")
    maildir: str
    imap_host: str
    imap_port: int = between(1, 65535)
    imap_security: str = one_of("tls", "starttls", "none")
    imap_username: str
    imap_password: str = secret()
    imap_folder: str
    poll_seconds: int = between(1, 3600)
    keep_days: int = between(0, 3650)

    @property
    def mailbox(self) -> OwnMailbox:
        """The addresses that emails name; none while nobody reads them."""
        if self.source == "none":
            return OwnMailbox()
        return OwnMailbox(self.address, self.bounce_address, self.tagged, self.authserv_id)


def email_problems(smtp: Mapping[str, Any], inbound: Mapping[str, Any]) -> Iterator[str]:
    """What cannot be right about the values of these two sections."""
    for section, security, host in (
        ("smtp", smtp["security"], smtp["host"]),
        ("inbound", inbound["imap_security"], inbound["imap_host"]),
    ):
        if security == "none" and host and host not in LOOPBACK:
            name = "security" if section == "smtp" else "imap_security"
            yield (
                f"{section}.{name} may be none only for a server on this machine: passwords and emails"
                ' would travel in the open; write "tls" or "starttls"'
            )
    for name in ("address", "bounce_address"):
        if inbound[name] and not _is_plain(inbound[name]):
            yield (
                f"inbound.{name} {inbound[name]!r} must be a bare address without a plus sign, such as"
                " mail@in.example.org"
            )
    if inbound["source"] == "maildir" and not inbound["maildir"]:
        yield 'inbound.source is "maildir", so inbound.maildir must name its folder'
    if inbound["source"] == "imap" and not (inbound["imap_host"] and inbound["imap_username"]):
        yield 'inbound.source is "imap", so inbound.imap_host and inbound.imap_username must be set'


def _is_plain(address: str) -> bool:
    name, _, domain = address.rpartition("@")
    return bool(name and domain and address.isascii() and address.isprintable()) and not (
        set(address) & set(' +<>,;@"') - {"@"} or address.count("@") > 1
    )


def email_concerns(sendgrid: SendGrid, smtp: SMTP, inbound: InboundMail) -> Iterator[str]:
    """What is unfinished or unwise about email."""
    if sendgrid.api_key and not sendgrid.from_email:
        yield "sendgrid.from_email is not set, so SendGrid is not used: write whom emails come from"
    if sendgrid.ready and not sendgrid.event_public_key:
        yield (
            "sendgrid.event_public_key is not set: bounces, complaints and unsubscribes from"
            " SendGrid cannot be believed; switch on the signed event webhook and copy its key"
        )
    if smtp.host and not smtp.from_email:
        yield "smtp.from_email is not set, so SMTP is not used: write whom emails come from"
    if smtp.ready and not sendgrid.ready and inbound.source == "none":
        yield (
            "inbound.source is none: bounces, complaints and replies by email come to whom emails are"
            " from, and nobody here reads them; let mail come back as docs/install.md says"
        )
    if inbound.source != "none" and not inbound.address:
        yield (
            "inbound.address is not set, so replies and bounces go to whom emails are from; write the"
            " address of the mailbox that inbound.source brings"
        )
    if inbound.source == "sendgrid" and not sendgrid.inbound_secret:
        yield (
            "inbound.source is sendgrid, but sendgrid.inbound_secret is not set, so no mail is taken"
            " in; set it to a long random word and point Inbound Parse at it"
        )
