"""How our email stays welcome at mailbox providers: a part of ``settings.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

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

    @property
    def warm_up(self) -> WarmUp:
        """How a new sender domain begins."""
        return WarmUp(self.warm_up_first_day, frozenset(map(str.lower, self.warm_domains)))

    @property
    def soft_rule(self) -> SoftRule:
        """When emails that keep coming back count as a mailbox that no longer works."""
        return SoftRule(self.soft_bounces, timedelta(days=self.soft_bounce_days))


def nameserver_problems(nameservers: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the name servers that were set."""
    for each in nameservers:
        host, _, port = each.partition("#")
        try:
            ip_address(host)
            good = port.isdecimal() or not port
        except ValueError:
            good = False
        if not good:
            yield (
                f"deliverability.nameservers: {each!r} is no address; write one such as 9.9.9.9, or"
                " 127.0.0.1#5353 with a port"
            )
