"""Was it a person who followed a link? Mail security follows every link within seconds, from data centres.

Each visit is judged as it comes, by rule: how it asked, what it says it is, how soon after its copy left, and
whether other links of the same copy were followed in the same breath. Nothing of the visit is kept but
the rule that it met: neither address nor browser.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum

EARLY = timedelta(seconds=10)  # nobody opens an email, reads and follows sooner than that
BURST = timedelta(seconds=5)  # within which nobody follows two links of one email


class Sign(StrEnum):
    """What tells that a click was a machine's; NONE: as far as we know a person's."""

    NONE = ""
    HEAD = "head"  # it asked for no page, only whether there is one
    AGENT = "agent"  # it says so, or does not say what it is
    EARLY = "early"
    BURST = "burst"


# What programs call themselves that fetch pages nobody looks at.
_MACHINES = re.compile(
    r"bot\b|crawl|spider|preview|scan|headless|monitor|fetch|proofpoint|mimecast|barracuda|"
    r"safelinks|fireeye|trendmicro|sophos|symantec|forcepoint|zscaler|fortinet|paloalto|"
    r"facebookexternalhit|whatsapp|google-read-aloud|googleimageproxy|"
    r"python|aiohttp|curl|wget|libwww|httpclient|http-client|okhttp|java/|ruby|perl|axios|node-fetch",
    re.IGNORECASE,
)


def sign_of(method: str, agent: str | None, after: timedelta | None) -> Sign:
    """What a visit by itself tells; ``agent`` None: not known; ``after`` None: nobody knows when its copy left."""
    if method == "HEAD":
        return Sign.HEAD
    if agent is not None and (not agent.strip() or _MACHINES.search(agent)):
        return Sign.AGENT
    if after is not None and after < EARLY:
        return Sign.EARLY
    return Sign.NONE
