"""What each address of the console asks of whoever opens it. The door reads it; no page can forget it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from organizers.roles import GUARDED, May


@dataclass(frozen=True, slots=True)
class Need:
    """What a route asks for."""

    signed_in: bool = True
    may: May | None = None  # None: nothing; it is about whoever is signed in
    sure: bool = False  # that they showed within half an hour who they are
    urgent: bool = False  # it must be quick, and does no harm that the command line cannot undo

    @property
    def strong(self) -> bool:
        """Whether a session that was opened by a password alone is too little."""
        return self.may in GUARDED and not self.urgent


OPEN = Need(signed_in=False)  # strangers come here
OWN = Need()
NEEDS: dict[tuple[str, Any], Need] = {}  # by method and handler


def asking(method: str, handler: Any, need: Need) -> Any:
    """Say what a handler's requests of a method ask for; return the handler."""
    known = NEEDS.setdefault((method, handler), need)
    if known != need:
        raise TypeError(handler)  # it asks for two different things
    return handler


def need_of(request: web.Request) -> Need:
    """What a request asks for; of an address that does not exist, to be signed in."""
    method = hdrs.METH_GET if request.method == hdrs.METH_HEAD else request.method
    return NEEDS.get((method, request.match_info.handler), OWN)
