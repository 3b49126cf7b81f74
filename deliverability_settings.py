"""How our email stays welcome at mailbox providers: a part of ``settings.py``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from messages.troubles import SoftRule
from messages.volumes import WarmUp
from overrides import between


@dataclass(frozen=True, kw_only=True)
class Deliverability:
    """Warm-up, bounces, and how a sender's records are looked up."""

    warm_up_first_day: int = between(0, 1_000_000)
    warm_domains: tuple[str, ...]
    soft_bounces: int = between(0, 100)
    soft_bounce_days: int = between(0, 90)
    nameservers: tuple[str, ...]
    dkim_selectors: tuple[str, ...]
    spf: str
    sending_addresses: tuple[str, ...]

    @property
    def warm_up(self) -> WarmUp:
        """How a new sender domain begins."""
        return WarmUp(self.warm_up_first_day, frozenset(map(str.lower, self.warm_domains)))

    @property
    def soft_rule(self) -> SoftRule:
        """When emails that keep coming back count as a mailbox that no longer works."""
        return SoftRule(self.soft_bounces, timedelta(days=self.soft_bounce_days))


def address_problems(told: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the addresses of machines that were set."""
    for each in told["nameservers"]:
        host, _, port = each.partition("#")
        if not (_is_address(host) and (port.isdecimal() or not port)):
            yield (
                f"deliverability.nameservers: {each!r} is no address; write one such as 9.9.9.9, or"
                " 127.0.0.1#5353 with a port"
            )
    for each in told["sending_addresses"]:
        if not _is_address(each):
            yield (
                f"deliverability.sending_addresses: {each!r} is no address; write what the world sees"
                " your mail server as, such as 192.0.2.25"
            )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
