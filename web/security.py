"""What every response carries and every request is checked for, whichever door it comes through."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence
from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDict

from web.keys import SITE, Site

Prepare = Callable[[web.Request, web.StreamResponse], Awaitable[None]]

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: that turns the Origin of our own forms into "null". Other sites see nothing.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Server": "llamado",  # else aiohttp tells its version
}
HSTS = "max-age=31536000; includeSubDomains"
BODY_LIMIT = 1024 * 1024
# The origins that may frame this one page, which the handler has read from what its project allows.
FRAMED_BY: web.RequestKey[Sequence[str]] = web.RequestKey("framed_by", Sequence)
# A page that is an email: it carries its own style and loads nothing but pictures of ours. The value says who may
# frame it. What frames one says so, too; and what other sites may show: mail programs in a browser are such.
EMAIL: web.ResponseKey[str] = web.ResponseKey("email", str)
FRAMES_EMAIL: web.ResponseKey[bool] = web.ResponseKey("frames_email", bool)
FOR_OTHER_SITES: web.ResponseKey[bool] = web.ResponseKey("for_other_sites", bool)
NOBODY, OURSELVES = "'none'", "'self'"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSite(Exception):
    """This form was sent from another site, or the page was too old; open the page again and repeat what you did."""


def adding_headers(site: Site) -> Prepare:
    """Make what gives every response our headers; a page says itself when it may be cached."""
    ours = CIMultiDict(HEADERS)
    if site.secure:
        ours["Strict-Transport-Security"] = HSTS

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(ours)
        if FRAMED_BY in request:
            _let_frame(response, request[FRAMED_BY])
        if EMAIL in response:
            _as_email(response, response[EMAIL], site)
        if FRAMES_EMAIL in response:
            response.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
        if FOR_OTHER_SITES in response:
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers.setdefault("Cache-Control", "no-store")

    return add_headers


def _let_frame(response: web.StreamResponse, sites: Sequence[str]) -> None:
    """Let these sites, and no others, show a page inside one of theirs."""
    allowed = " ".join(sites) or "'none'"
    response.headers["Content-Security-Policy"] = CSP.replace(
        "frame-ancestors 'none'", f"frame-ancestors {allowed}"
    )
    if sites:  # it knows no list; browsers that know frame-ancestors do not ask it
        del response.headers["X-Frame-Options"]


def _as_email(response: web.StreamResponse, framed_by: str, site: Site) -> None:
    """Let an email wear its own style. No script runs in it, no form leaves it, and no link of a preview leads on."""
    ours = urlsplit(site.public_url)
    alone = "; sandbox" if framed_by == OURSELVES else ""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
        f"img-src 'self' {ours.scheme}://{ours.netloc}; frame-ancestors {framed_by}{alone}"
    )
    if framed_by == OURSELVES:
        response.headers["X-Frame-Options"] = "SAMEORIGIN"


def refuse_cross_site(request: web.Request) -> None:
    """Raise CrossSite for an unsafe request that another site's page made the browser send.

    One that does not say where it comes from is refused, too: behind this door people are signed in.
    """
    if request.method not in SAFE and not _is_from_here(request):
        raise CrossSite(CrossSite.__doc__)


def refuse_foreign(request: web.Request) -> None:
    """Raise CrossSite for a form of a page open to everybody, if the browser says it is another site's.

    One that says nothing is believed: there is no sign-in that another site could make use of.
    """
    if _is_from_here(request) is False:
        raise CrossSite(CrossSite.__doc__)


def _is_from_here(request: web.Request) -> bool | None:
    """Whether a page of ours made the browser send this; None if it does not say.

    Browsers say so in Sec-Fetch-Site; old ones only name the Origin.
    """
    site, origin = (request.headers.get(name) for name in ("Sec-Fetch-Site", "Origin"))
    if site is not None:
        return site in ("same-origin", "none")
    if origin is None:
        return None
    ours = urlsplit(request.config_dict[SITE].public_url).netloc
    return urlsplit(origin).netloc in (request.host, ours)


def refuse_nul(values: Iterable[object]) -> None:
    """Raise HTTPBadRequest for a NUL character, which no keyboard types and no database stores."""
    if any(isinstance(value, str) and "\0" in value for value in values):
        raise web.HTTPBadRequest


def network_address(request: web.Request) -> str:
    """Whose request it is: the nearest hop that is not one of our own proxies."""
    networks = [ipaddress.ip_network(net) for net in request.config_dict[SITE].trusted_proxies]
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    for hop in [request.remote or "", *reversed(hops)]:
        try:
            address = ipaddress.ip_address(hop)
        except ValueError:
            break
        if not any(address in network for network in networks):
            return str(address)
    return request.remote or ""


def address_hash(request: web.Request) -> str:
    """The network address for counting attempts, keyed, so that a list of them tells nothing."""
    key = request.config_dict[SITE].links_secret.encode()
    return hmac.new(key, network_address(request).encode(), hashlib.sha256).hexdigest()


def local_path(target: str, default: str) -> str:
    """A path of our own to redirect to, or ``default`` for anything that may lead elsewhere."""
    plain = target.isascii() and target.isprintable() and "\\" not in target
    if plain and target.startswith("/") and not target.startswith("//"):
        return target
    return default
