"""What is a process made of? Site, providers and policy, out of the settings.

A feature without credentials is off, not broken: what has no provider goes to the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection

from contacts.models import Channel
from database.engine import Database
from database.jobs import Jobs
from database.opening import Opened, secret
from mail_settings import LOOPBACK
from messages import keeping
from messages.budgets import Tariff
from messages.call_limits import VoiceRules
from messages.collecting import Collector
from messages.mailboxes import domain_of
from messages.providers import sendgrid, smtp
from messages.providers.imap import Imap, ImapAccount
from messages.providers.lookup import (
    SENDGRID_EVENTS_FOR,
    Lookup,
    OutboxLookup,
    Sought,
    Unlisted,
)
from messages.providers.mailboxes import Mailbox
from messages.providers.maildir import Maildir
from messages.providers.outbox import Kept, Outbox
from messages.providers.provider import Provider
from messages.providers.resolving import Nameserver, Resolver
from messages.providers.sendgrid import SendGrid, SendGridAccount
from messages.providers.sendgrid_lists import SendGridLists
from messages.providers.simulated_lives import Behaviour
from messages.providers.simulator import Simulator, Stage, simulator_keys
from messages.providers.smtp import SMTP, Relay, Security
from messages.providers.twilio import Twilio, TwilioAccount
from messages.providers.twilio_list import TwilioList
from messages.providers.twilio_voice import TwilioCalls
from messages.reconciling import Reconciler
from messages.sender_records import SENDGRID, Wanted
from messages.sending import Policy
from messages.volumes import COLD, WarmUp
from scheduler import Tick
from settings import Settings
from web.geocoding import Geocoder
from web.keys import Site
from web.patience import Patience
from web.webhooks import mail_desk


@dataclass(frozen=True)
class Secrets:
    """What the installation made up for itself."""

    links: str = field(repr=False)
    simulator_twilio: str = field(repr=False)
    simulator_sendgrid: str = field(repr=False)


def make_site(settings: Settings, secrets: Secrets, base: str) -> Site:
    """What pages and messages need to know of this installation."""
    network, simulated = settings.network, settings.outbox.simulate
    public_keys = [settings.sendgrid.event_public_key]
    tokens = [settings.twilio.auth_token]
    if simulated:
        tokens.append(secrets.simulator_twilio)
        public_keys.append(simulator_keys(secrets.simulator_sendgrid)[1])
    return Site(
        public_url=(network.public_url or base).rstrip("/"),
        network_name=network.name,
        postal_address=network.postal_address,
        languages=network.languages,
        default_language=network.default_language,
        undo_seconds=settings.sending.undo_seconds,
        approvals=settings.sending.approvals,
        planned_waits_hours=settings.sending.planned_waits_hours,
        links_secret=secrets.links,
        twilio_tokens=tuple(filter(None, tokens)),
        sendgrid_public_keys=tuple(filter(None, public_keys)),
        inbound_secret=settings.sendgrid.inbound_secret,
        trusted_proxies=settings.web.trusted_proxies,
        region=network.region,
        countries=network.countries,
        alert_budget_cents=settings.sending.alert_budget_cents,
        cents_per_segment=settings.sending.price_per_segment,
        daily_budget_cents=settings.sending.daily_budget_cents,
        segments_per_second=settings.sending.sms_segments_per_second,
        emails_per_second=settings.sending.emails_per_second,
        hours=settings.quiet_hours.window,
        weekly_cap=settings.sending.weekly_cap or None,
        sms_sender=settings.twilio.sender,
        email_sender=_email_sender(settings),
        mailbox=settings.inbound.mailbox,
        real_email=settings.email_by != "outbox",
        warm_up=_warm_up(settings),
        email_by=settings.email_by,
        second_step=settings.web.second_step,
        geocoder=_geocoder(settings),
        voice=_voice(settings, (network.public_url or base).rstrip("/")),
    )


def _warm_up(settings: Settings) -> WarmUp:
    """What stays in the outbox need not be gentle with anybody."""
    return COLD if settings.email_by == "outbox" else settings.deliverability.warm_up


def make_records(settings: Settings) -> Resolver:
    """Who is asked about a sender's records."""
    return Resolver([Nameserver.read(each) for each in settings.deliverability.nameservers])


def make_wanted(settings: Settings) -> Wanted:
    """What a sender's records have to say for whoever sends."""
    if settings.email_by == "sendgrid":
        return SENDGRID
    told, mailbox = settings.deliverability, settings.inbound.mailbox
    path = domain_of(mailbox.bounces or mailbox.replies)
    return Wanted(
        spf=told.spf,
        selectors=told.dkim_selectors,
        return_path=path,
        machines=told.sending_addresses,
        self_hosted=settings.smtp.host in LOOPBACK,
    )


def make_lists(settings: Settings) -> SendGridLists | None:
    """SendGrid's own lists, to be closed; None where it does not send for us."""
    if settings.email_by != "sendgrid":
        return None
    account = settings.sendgrid
    return SendGridLists(SendGridAccount(account.api_key, account.api_base.rstrip("/")))


def _geocoder(settings: Settings) -> Geocoder | None:
    asked = settings.geocoder
    return Geocoder(asked.url, asked.timeout_seconds) if asked.enabled else None


def _voice(settings: Settings, public_url: str) -> VoiceRules | None:
    voice, network = settings.voice, settings.network
    if not settings.connects:
        return None
    return VoiceRules(
        number=voice.number,
        sender=voice.from_number or voice.number,
        ring_seconds=voice.ring_seconds,
        longest_seconds=voice.seconds_per_office,
        most_offices=voice.offices_per_call,
        cents_per_minute=voice.price_per_minute,
        daily_cents=voice.daily_budget_cents,
        per_person=voice.calls_per_person,
        per_number=voice.calls_per_number,
        per_prefix=voice.calls_per_prefix,
        per_address=voice.calls_per_address,
        network=network.name,
        public_url=public_url,
        languages=network.languages,
        default_language=network.default_language,
        countries=network.countries,
        hours=settings.quiet_hours.window,
    )


def make_calls(settings: Settings, site: Site) -> TwilioCalls | None:
    """Who rings supporters that asked for it, to be closed; None where calls are not put through."""
    return TwilioCalls(_twilio(settings, site)) if site.voice else None


async def site_for(settings: Settings, database: Database) -> Site:
    """The same for a command that runs beside the service."""
    base = f"http://{host_of(settings.web.host)}:{settings.web.port}"
    return make_site(settings, await database.write(read_secrets), base)


def read_secrets(conn: Connection) -> Secrets:
    """Read them, making them up at first use."""
    return Secrets(
        links=secret(conn, "links"),
        simulator_twilio=secret(conn, "simulator_twilio"),
        simulator_sendgrid=secret(conn, "simulator_sendgrid"),
    )


def _email_sender(settings: Settings) -> str:
    if settings.email_by == "smtp":
        return settings.smtp.from_email
    return settings.sendgrid.from_email


def make_providers(
    settings: Settings, site: Site, database: Database, simulator: Simulator | None
) -> dict[Channel, Provider]:
    """Who sends what. A channel whose account is not set up goes to the outbox."""

    async def keep(messages: Sequence[Kept]) -> None:
        await database.write(keeping.keep, messages, now=datetime.now(UTC))
        if simulator is not None:
            simulator.watch(messages)

    outbox = Outbox(keep)
    sms: Provider = Twilio(_twilio(settings, site)) if settings.sms_by == "twilio" else outbox
    email: Provider = outbox
    if settings.email_by == "sendgrid":
        account = settings.sendgrid
        email = SendGrid(
            SendGridAccount(
                account.api_key,
                account.api_base.rstrip("/"),
                together=account.people_per_request,
            )
        )
    elif settings.email_by == "smtp":
        email = SMTP(make_relay(settings))
    return {Channel.SMS: sms, Channel.EMAIL: email}


def mail_ticks(settings: Settings, site: Site, database: Opened) -> list[Tick]:
    """Who collects mail that comes back, and how often; nobody where it is brought to us, or unread.

    Among many processes one collects at a time.
    """
    mailbox = _mailbox(settings)
    if mailbox is None:
        return []
    desk = mail_desk(database.jobs, site)
    collector = Collector(database.database, mailbox, desk, uuid4().hex, lambda: datetime.now(UTC))
    return [Tick("mail", settings.inbound.poll_seconds, collector.tick)]


def _mailbox(settings: Settings) -> Mailbox | None:
    if settings.inbound.source == "maildir":
        return make_maildir(settings)
    return Imap(imap_account(settings)) if settings.inbound.source == "imap" else None


def make_maildir(settings: Settings) -> Maildir:
    """The Maildir that mail is delivered to."""
    return Maildir(Path(settings.inbound.maildir), settings.inbound.keep_days)


def imap_account(settings: Settings) -> ImapAccount:
    """Whose IMAP folder is read."""
    inbound = settings.inbound
    return ImapAccount(
        host=inbound.imap_host,
        port=inbound.imap_port,
        security=inbound.imap_security,
        username=inbound.imap_username,
        password=inbound.imap_password,
        folder=inbound.imap_folder,
    )


def make_reconciler(settings: Settings, site: Site, database: Database, jobs: Jobs) -> Reconciler:
    """Who finds out what became of copies whose answer was lost; to be closed."""

    async def recall(items: Sequence[Sought]) -> list[list[datetime]]:
        return await database.read(keeping.kept_at, [item.delivery_id for item in items])

    kept = OutboxLookup(recall)
    sms: Lookup = TwilioList(_twilio(settings, site)) if settings.sms_by == "twilio" else kept
    email: Lookup = kept
    if settings.email_by == "sendgrid":
        email = Unlisted(sendgrid.NAME, events_for=SENDGRID_EVENTS_FOR)
    elif settings.email_by == "smtp":
        email = Unlisted(smtp.NAME)
    return Reconciler(
        database,
        jobs,
        {Channel.SMS: sms, Channel.EMAIL: email},
        site.house.identity,
        resend_after=settings.unknowns.resend_after,
    )


def make_policy(settings: Settings) -> Policy:
    """How this process sends."""
    sending = settings.sending
    return Policy(
        window=sending.batch,
        lease=timedelta(seconds=sending.lease_seconds),
        pace={
            Channel.SMS: sending.sms_segments_per_second,
            Channel.EMAIL: sending.emails_per_second,
        },
        tariff=Tariff(sending.price_per_segment, sending.daily_budget_cents),
        warm_up=_warm_up(settings),
    )


def make_patience(settings: Settings) -> Patience:
    """What whoever connects to us is granted."""
    here = settings.web
    return Patience(connections=here.connections, per_address=here.connections_per_address)


def _twilio(settings: Settings, site: Site) -> TwilioAccount:
    account = settings.twilio
    keyed = account.api_key_sid and account.api_key_secret
    return TwilioAccount(
        account_sid=account.account_sid,
        username=account.api_key_sid if keyed else account.account_sid,
        password=account.api_key_secret if keyed else account.auth_token,
        public_url=site.public_url,
        api_base=account.api_base.rstrip("/"),
        concurrency=settings.sending.concurrency,
    )


def make_relay(settings: Settings) -> Relay:
    """The mail server that sends for us."""
    smtp = settings.smtp
    return Relay(
        host=smtp.host,
        port=smtp.port,
        security=Security(smtp.security),
        username=smtp.username,
        password=smtp.password,
        connections=smtp.connections,
        timeout=smtp.timeout_seconds,
    )


def make_simulator(
    settings: Settings,
    secrets: Secrets,
    site: Site,
    base: str,
    behaviour: Behaviour | None,
) -> Simulator | None:
    if not settings.outbox.simulate:
        return None
    stage = Stage(
        base_url=base,
        public_url=site.public_url,
        twilio_token=secrets.simulator_twilio,
        sendgrid_seed=secrets.simulator_sendgrid,
    )
    return Simulator(stage, behaviour or Behaviour())


def host_of(host: str) -> str:
    """The host as a browser on this machine reaches it."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - recognised, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
