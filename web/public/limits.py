"""Where does an answer come from, as far as it is counted? Nobody's address is kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from aiohttp import web

from actions.flooding import ADDRESS, PAGE, Most
from contacts.models import Channel
from messages.joining import ALIKE, ALL_TOGETHER, FROM_ONE_NETWORK, ONE_ADDRESS, Asking
from web.keys import CLOCK, SITE
from web.security import network_address

SHARED_BITS = 64  # of an IPv6 address: what follows is any device's, or attacker's, own to choose


def sources(request: web.Request, delivery_id: int | None = None) -> Mapping[str, Most]:
    """What an answer is counted by: its network address, and the copy whose page it comes from."""
    found = {hidden(request, source_network(request)): ADDRESS}
    if delivery_id is not None:
        found[f"copy-{delivery_id}"] = PAGE
    return found


def asking(request: web.Request) -> Asking:
    """Who asks an address whether it signed up, and what that is counted by."""
    site = request.config_dict[SITE]
    network = f"sign-ups {source_network(request)}"

    def questions(channel: str, address: str) -> dict[str, Most]:
        counted = {
            hidden(request, f"sign-up {address}"): ONE_ADDRESS,
            f"sign-ups {channel}": ALL_TOGETHER,
        }
        if channel == Channel.SMS:
            counted[hidden(request, f"exchange {address[:8]}")] = ALIKE
        return counted

    return Asking(
        network=site.network_name,
        public_url=site.public_url,
        networks={hidden(request, network): FROM_ONE_NETWORK},
        questions=questions,
    )


def source_network(request: web.Request) -> str:
    """The network address that somebody comes from, as far as it is their own."""
    host = network_address(request)
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    bits = SHARED_BITS if address.version == 6 else address.max_prefixlen  # noqa: PLR2004 - IPv6
    return str(ip_network((address, bits), strict=False))


def hidden(request: web.Request, counted: str) -> str:
    """A keyed hash, another one each day: nobody's days can be put together."""
    key = request.config_dict[SITE].links_secret.encode()
    day = request.config_dict[CLOCK]().date().isoformat()
    return hmac.new(key, f"answers {day} {counted}".encode(), hashlib.sha256).hexdigest()[:40]
