"""What is this installation set to? ``settings.toml`` as typed values, overridden by file and environment.

The defaults stand in ``settings.toml`` alone; the dataclasses below say what type and range each
has. ``overrides.py`` does the reading.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import get_type_hints
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS

from contacts import countries
from contacts.countries import AT_RISK, UnknownCountry
from deliverability_settings import Deliverability, address_problems
from mail_settings import SMTP, InboundMail, SendGrid, email_concerns, email_problems
from messages import hours
from messages.hours import BadHours, Hours
from messages.retention import Keep
from overrides import BadSettings, Values, between, one_of, private, read
from twilio_settings import Twilio, Voice, sms_concerns, voice_concerns, voice_problems

LEAST_DETAIL_DAYS = 14
UNNAMED = "Our network"  # what settings.toml calls a network that has not said its name


@dataclass(frozen=True, kw_only=True)
class Network:
    """Who we are."""

    name: str
    public_url: str
    postal_address: str
    languages: tuple[str, ...]
    default_language: str
    region: str
    countries: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Database:
    """Where everything is kept."""

    url: str = private()


@dataclass(frozen=True, kw_only=True)
class Web:
    """Where we listen."""

    host: str
    port: int = between(0, 65535)
    trusted_proxies: tuple[str, ...]
    second_step: bool
    connections: int = between(10, 100_000)
    connections_per_address: int = between(1, 100_000)


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """What happens to messages that stay here."""

    simulate: bool


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How fast, how many at once, how careful."""

    concurrency: int = between(1, 1000)
    batch: int = between(1, 500)
    lease_seconds: int = between(30, 600)
    undo_seconds: int = between(0, 3600)
    approvals: int = between(1, 5)
    planned_waits_hours: int = between(0, 720)
    sms_segments_per_second: float = between(0.1, 10_000)
    emails_per_second: float = between(0.1, 100_000)
    weekly_cap: int = between(0, 100)
    cents_per_segment: float = between(0, 100)
    alert_budget_cents: int = between(0, 100_000_000)
    daily_budget_cents: int = between(0, 100_000_000)
    drain_seconds: float = between(0, 600)
    state_folder: str

    @property
    def price_per_segment(self) -> Decimal:
        """The price in cents, to reckon with."""
        return Decimal(str(self.cents_per_segment))


@dataclass(frozen=True, kw_only=True)
class Unknowns:
    """What happens to copies whose answer was lost; texts have no policy but a person's word."""

    email: str = one_of("person", "resend")
    resend_hours: int = between(24, 336)

    @property
    def resend_after(self) -> timedelta | None:
        """How long an email is waited for before it is sent once more; None = never by itself."""
        return timedelta(hours=self.resend_hours) if self.email == "resend" else None


@dataclass(frozen=True, kw_only=True)
class Retention:
    """For how many days what is kept; 0 = for ever."""

    reply_bodies_days: int = between(0, 36500)
    delivery_detail_days: int = between(0, 36500)
    provider_events_days: int = between(0, 36500)
    sign_ins_days: int = between(0, 36500)
    consent_days: int = between(0, 36500)
    sign_ups_days: int = between(1, 7)
    calls_days: int = between(0, 36500)

    @property
    def keep(self) -> Keep:
        """The same as spans of time."""
        days = {each.name: getattr(self, f"{each.name}_days") for each in fields(Keep)}
        return Keep(**{name: timedelta(days=each) if each else None for name, each in days.items()})


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """When texts may arrive, where their recipient lives."""

    opens: str
    closes: str
    sunday_opens: str

    @property
    def window(self) -> Hours:
        """The same as times; loading has checked that they make sense."""
        return hours.parse(self.opens, self.closes, self.sunday_opens)


@dataclass(frozen=True, kw_only=True)
class Representatives:
    """Where the data on members and districts is published, and how fresh it should be."""

    stale_days: int = between(1, 3650)
    members: str
    offices: str
    committees: str
    districts: str
    zips: str


@dataclass(frozen=True, kw_only=True)
class GeocoderAccess:
    """Whether street addresses are looked up, and where."""

    enabled: bool
    url: str
    timeout_seconds: float = between(0.5, 30)


@dataclass(frozen=True, kw_only=True)
class Logs:
    """What is written to the log."""

    level: str = one_of("debug", "info", "warning", "error")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of this installation."""

    network: Network
    database: Database
    web: Web
    twilio: Twilio
    voice: Voice
    sendgrid: SendGrid
    smtp: SMTP
    inbound: InboundMail
    outbox: Outbox
    sending: Sending
    deliverability: Deliverability
    unknowns: Unknowns
    retention: Retention
    quiet_hours: QuietHours
    representatives: Representatives
    geocoder: GeocoderAccess
    logs: Logs

    @property
    def connects(self) -> bool:
        """Whether calls are put through."""
        return bool(self.voice.number and self.twilio.account_sid and self.twilio.auth_token)

    @property
    def sms_by(self) -> str:
        """The provider that texts go to: twilio, or the outbox while it is not set up."""
        return "twilio" if self.twilio.ready else "outbox"

    @property
    def email_by(self) -> str:
        """The provider that emails go to: sendgrid, smtp, or the outbox while neither is set up."""
        if self.sendgrid.ready:
            return "sendgrid"
        return "smtp" if self.smtp.ready else "outbox"


SECTIONS: Mapping[str, type] = get_type_hints(Settings)


def load(environment: Mapping[str, str], *, folder: Path | None = None) -> Settings:
    """Read the defaults, the settings file and the environment. Raises BadSettings."""
    problems: list[str] = []
    values = read(SECTIONS, defaults_file(), environment, folder or Path(), problems)
    _check_together(values, problems)
    if problems:
        raise BadSettings(problems)
    return Settings(**{name: section(**values[name]) for name, section in SECTIONS.items()})


def defaults_file() -> Path:
    """Where ``settings.toml`` lies: beside this module, or where a wheel puts its data."""
    beside = Path(__file__).with_name("settings.toml")
    installed = Path(sysconfig.get_path("data")) / "share" / "llamado" / "settings.toml"
    return beside if beside.exists() else installed


def warnings(settings: Settings) -> list[str]:
    """What is unfinished or unwise, though nothing is broken: for `llamado doctor` and the start."""
    return [
        *_network_concerns(settings),
        *sms_concerns(settings.twilio),
        *email_concerns(settings.sendgrid, settings.smtp, settings.inbound),
        *voice_concerns(
            settings.voice, can_ring=settings.connects, public_url=settings.network.public_url
        ),
    ]


def _check_together(values: Values, problems: list[str]) -> None:
    """Check what only makes sense in combination."""
    network, quiet = values["network"], values["quiet_hours"]
    if network["default_language"] not in network["languages"]:
        problems.append(
            f"network.default_language {network['default_language']!r} is not among"
            f" network.languages {', '.join(network['languages'])}; add it there"
        )
    if network["region"] not in SUPPORTED_REGIONS:
        problems.append(
            f"network.region {network['region']!r} is not a country's two-letter code; write US or SV"
        )
    try:
        network["countries"] = countries.parse(network["countries"])
    except UnknownCountry as error:
        problems.append(f"network.countries: {error}")
    problems.extend(_bad_proxies(values["web"]["trusted_proxies"]))
    problems.extend(address_problems(values["deliverability"]))
    problems.extend(voice_problems(values["voice"]["number"], values["voice"]["from_number"]))
    problems.extend(email_problems(values["smtp"], values["inbound"]))
    url = network["public_url"]
    if not values["web"]["second_step"] and url and not _is_loopback(url):
        problems.append(
            "web.second_step may be false only for trying things out on this machine; with a"
            " network.public_url of its own, remove it"
        )
    geocoder = values["geocoder"]["url"]
    if not geocoder.startswith("https://") and not _is_loopback(geocoder):
        problems.append(
            f"geocoder.url {geocoder!r} must begin with https://: it is told home addresses"
        )
    if url and not url.startswith(("https://", "http://")):
        problems.append(f"network.public_url {url!r} must begin with https://")
    if 0 < values["retention"]["delivery_detail_days"] < LEAST_DETAIL_DAYS:
        problems.append(
            f"retention.delivery_detail_days must be 0 or at least {LEAST_DETAIL_DAYS}: receipts come"
            " late, and a weekly cap is counted from it"
        )
    try:
        hours.parse(quiet["opens"], quiet["closes"], quiet["sunday_opens"])
    except BadHours as error:
        problems.append(f"quiet_hours: {error}")


def _bad_proxies(proxies: Sequence[str]) -> Iterator[str]:
    for each in proxies:
        try:
            ip_network(each)
        except ValueError as error:
            yield f"web.trusted_proxies: {error}; write a network such as 10.0.0.0/8"


def _network_concerns(settings: Settings) -> Iterator[str]:
    network = settings.network
    real_email = settings.email_by != "outbox"
    real = real_email or settings.sms_by != "outbox"
    if real and network.name == UNNAMED:
        yield f"network.name is not set: people would get messages from “{UNNAMED}”; write yours"
    if real and not network.public_url:
        yield (
            "network.public_url is not set: providers cannot reach us, so receipts, replies and"
            " opt-outs will not arrive; set the https address of this service"
        )
    if network.public_url.startswith("http://") and not _is_loopback(network.public_url):
        yield (
            "network.public_url is not https: passwords and people's links would travel in the"
            " open; put a proxy such as Caddy in front and set its https address"
        )
    if real_email and not network.postal_address:
        yield (
            "network.postal_address is not set, and the law wants one under every email: no email"
            " can be launched until it is"
        )
    if AT_RISK in network.countries:
        yield (
            "network.countries names SV: people in El Salvador would be texted, and who is texted by whom"
            " can be read there; take it out unless each of them knows that and wants it"
        )
    if real and settings.outbox.simulate:
        yield (
            "outbox.simulate is on together with a real provider: made-up STOPs would opt real"
            " people out; switch it off"
        )


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
