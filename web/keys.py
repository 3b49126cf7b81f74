"""What a request handler may reach for: the database, its jobs, and this installation's own facts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.utils import parseaddr
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web

from alerts.planned_names import discreet
from contacts.countries import AT_HOME
from database.engine import Database
from database.jobs import Jobs
from messages.call_limits import VoiceRules
from messages.hours import DEFAULT, Hours
from messages.house import HouseRules
from messages.identity import Identity
from messages.intake import Intake
from messages.mail_addresses import NO_MAILBOX, OwnMailbox
from messages.volumes import COLD, WarmUp
from web.geocoding import Geocoder

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Site:
    """What the pages need of the settings; ``web/app.py`` is handed it ready-made."""

    public_url: str  # no trailing slash, e.g. https://llamado.example.org
    network_name: str
    postal_address: str = ""
    languages: tuple[str, ...] = ("en", "es")
    default_language: str = "en"
    undo_seconds: int = 60
    approvals: int = 1  # people it takes to launch an alert
    planned_waits_hours: int = 48  # planned mail, after a red alert
    links_secret: str = field(default="", repr=False)  # the installation's secret "links"
    twilio_tokens: tuple[str, ...] = field(default=(), repr=False)  # any of them may have signed
    sendgrid_public_keys: tuple[str, ...] = ()
    inbound_secret: str = field(default="", repr=False)  # in SendGrid's inbound address
    trusted_proxies: tuple[str, ...] = ()  # networks whose X-Forwarded-For we believe
    region: str = "US"  # of phone numbers written without a country
    countries: tuple[str, ...] = AT_HOME  # whose numbers may be texted in bulk
    alert_budget_cents: int = 0
    cents_per_segment: Decimal = Decimal("0.83")  # what the console multiplies segments with
    daily_budget_cents: int = 0
    segments_per_second: float = 0.0  # that a sender may send; 0 = no pace is known
    emails_per_second: float = 0.0
    hours: Hours | None = DEFAULT  # when texts may arrive, in the recipient's own time
    weekly_cap: int | None = None
    sms_sender: str = ""  # where neither message nor project names one
    email_sender: str = ""
    mailbox: OwnMailbox = NO_MAILBOX  # where mail about our emails comes back to
    real_email: bool = False  # email leaves the house
    warm_up: WarmUp = COLD
    email_by: str = "outbox"  # sendgrid | smtp | outbox
    geocoder: Geocoder | None = None  # asked for the district of a street address; None = off
    voice: VoiceRules | None = None  # how calls are put through; None = they are not
    second_step: bool = True  # whoever sends, exports or lets others in needs more than a password

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https; only a machine's own loopback may do without."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def own_addresses(self) -> frozenset[str]:
        """The addresses that our emails are from and come back to."""
        named = (self.email_sender, self.mailbox.replies, self.mailbox.bounces)
        return frozenset(parseaddr(each)[1].lower() for each in named if each)

    @property
    def house(self) -> HouseRules:
        """What this installation brings to every message."""
        identity = Identity(
            network=self.network_name,
            postal_address=self.postal_address,
            public_url=self.public_url,
            secret=self.links_secret,
            sms_sender=self.sms_sender,
            email_sender=self.email_sender,
            mailbox=self.mailbox,
        )
        return HouseRules(
            identity=identity,
            languages=self.languages,
            default_language=self.default_language,
            hours=self.hours,
            weekly_cap=self.weekly_cap,
            countries=self.countries,
            alert_budget_cents=self.alert_budget_cents,
            cents_per_segment=self.cents_per_segment,
            daily_budget_cents=self.daily_budget_cents,
            segments_per_second=self.segments_per_second,
            emails_per_second=self.emails_per_second,
            undo_seconds=self.undo_seconds,
            approvals=self.approvals,
            planned_waits_hours=self.planned_waits_hours,
            real_email=self.real_email,
            discretion=discreet,
            warm_up=self.warm_up,
        )


class Clock(Protocol):
    """Where the pages ask for the time, so that tests may set it."""

    def __call__(self) -> datetime:
        """Now, aware."""


DATABASE: web.AppKey[Database] = web.AppKey("database", Database)
JOBS: web.AppKey[Jobs] = web.AppKey("jobs", Jobs)
SITE: web.AppKey[Site] = web.AppKey("site", Site)
CLOCK: web.AppKey[Clock] = web.AppKey("clock", Clock)
INTAKE: web.AppKey[Intake] = web.AppKey("intake", Intake)
# A request of which thousands come in a second and went well: not worth a line of the log each.
ROUTINE: web.RequestKey[bool] = web.RequestKey("routine", bool)
