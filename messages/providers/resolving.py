"""Asking the domain name system: what a name's records say, that there are none, or that nobody answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
from dns.rdatatype import RdataType

SECONDS = 5.0  # for one question, retries included
PORT = 53


class CouldNotAsk(Exception):
    """A name server did not answer, or not with sense; nothing follows from it."""


class Records(Protocol):
    """Who can be asked. Each raises CouldNotAsk."""

    async def txt(self, name: str) -> list[str]:
        """The texts at a name, each with its pieces put together; none where there is no such record."""

    async def mx(self, name: str) -> list[str]:
        """The hosts that take mail for a name, "." for one that says it takes none (RFC 7505)."""

    async def has_address(self, name: str) -> bool:
        """Whether a name leads to a machine."""

    async def addresses(self, name: str) -> list[str]:
        """The machines that a name leads to."""

    async def ptr(self, name: str) -> list[str]:
        """What a machine is called, by the name that reverse DNS has for its address."""


@dataclass(frozen=True, slots=True)
class Nameserver:
    """One to ask."""

    host: str
    port: int = PORT

    @classmethod
    def read(cls, text: str) -> Nameserver:
        """From ``9.9.9.9`` or ``127.0.0.1#5353``, which the settings have checked."""
        host, _, port = text.partition("#")
        return cls(host, int(port) if port else PORT)


class Resolver:
    """Asks those name servers, or those this machine asks where none are given."""

    def __init__(self, nameservers: Sequence[Nameserver] = (), *, seconds: float = SECONDS) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        if nameservers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(each.host, each.port) for each in nameservers
            ]
        self._resolver.lifetime = seconds
        self._resolver.timeout = seconds / 2  # so that one lost packet is not the end

    async def txt(self, name: str) -> list[str]:
        """The texts at a name."""
        answer = await self._ask(name, RdataType.TXT)
        return [b"".join(each.strings).decode("utf-8", "replace") for each in answer]

    async def mx(self, name: str) -> list[str]:
        """The hosts that take mail for a name, the preferred first."""
        answer = await self._ask(name, RdataType.MX)
        hosts = sorted((each.preference, each.exchange.to_text().lower()) for each in answer)
        return [host if host == "." else host.rstrip(".") for _, host in hosts]

    async def has_address(self, name: str) -> bool:
        """Whether a name leads to a machine."""
        return bool(await self._ask(name, RdataType.A) or await self._ask(name, RdataType.AAAA))

    async def addresses(self, name: str) -> list[str]:
        """The machines that a name leads to."""
        kinds = (RdataType.A, RdataType.AAAA)
        return [each.address for kind in kinds for each in await self._ask(name, kind)]

    async def ptr(self, name: str) -> list[str]:
        """What a machine is called."""
        answer = await self._ask(name, RdataType.PTR)
        return [each.target.to_text(omit_final_dot=True).lower() for each in answer]

    async def _ask(self, name: str, kind: RdataType) -> list[Any]:
        try:
            asked = dns.name.from_text(name)
            return list(await self._resolver.resolve(asked, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise CouldNotAsk(type(error).__name__) from error
