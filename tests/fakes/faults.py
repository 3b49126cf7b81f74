"""Which request goes wrong and how: by a script, by address, or by seeded chance."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web


class Fault(StrEnum):
    """How a request goes wrong. ``accept_*``: the message was taken, only the answer suffers."""

    NONE = "none"
    SLOW = "slow"  # accepted, answered after slow_seconds
    TOO_MANY = "too_many"  # 429, not accepted
    ERROR_500 = "error_500"  # 500, not accepted
    ACCEPT_500 = "accept_500"
    ACCEPT_HANG = "accept_hang"  # no answer for hang_seconds
    ACCEPT_RESET = "accept_reset"  # the connection is torn down
    ACCEPT_HALF = "accept_half"  # half of the answer, then the connection is torn down
    ACCEPT_BAD_JSON = "accept_bad_json"
    BAD_ADDRESS = "bad_address"  # 400: 21211, or personalizations.N.to.0.email
    BAD_NAMELESS = "bad_nameless"  # SendGrid: 400 that does not say which recipient
    OPTED_OUT = "opted_out"  # 400: 21610
    UNAUTHORISED = "unauthorised"  # 401
    FORBIDDEN = "forbidden"  # 403: an unverified sender
    TOO_LARGE = "too_large"  # 413


BY_CHANCE: Mapping[Fault, int] = {
    Fault.TOO_MANY: 2,
    Fault.SLOW: 1,
    Fault.ERROR_500: 1,
    Fault.ACCEPT_500: 1,
    Fault.ACCEPT_HANG: 1,
    Fault.ACCEPT_RESET: 1,
    Fault.ACCEPT_HALF: 1,
    Fault.ACCEPT_BAD_JSON: 1,
}
"""What a fault rate draws from, with weights. Refusals of a recipient come by address only."""

ACCEPTED_THEN_LOST = frozenset(
    {
        Fault.ACCEPT_500,
        Fault.ACCEPT_HANG,
        Fault.ACCEPT_RESET,
        Fault.ACCEPT_HALF,
        Fault.ACCEPT_BAD_JSON,
    }
)


@dataclass
class FaultPlan:
    """Decides each request's fault; the same seed decides the same for the same recipient."""

    rate: float = 0.0
    seed: int = 0
    hang_seconds: float = 60.0
    slow_seconds: float = 0.5
    retry_after: float = 1.0
    script: deque[Fault] = field(default_factory=deque)
    by_address: dict[str, Fault] = field(default_factory=dict)
    _seen: Counter[str] = field(default_factory=Counter)

    def next(self, addresses: Sequence[str]) -> Fault:
        """The script comes first, then a fault bound to an address, then chance."""
        if self.script:
            return self.script.popleft()
        bound = [self.by_address[one] for one in addresses if one in self.by_address]
        return bound[0] if bound else self._by_chance(addresses[0] if addresses else "")

    def _by_chance(self, address: str) -> Fault:
        self._seen[address] += 1
        # Drawn from the recipient and how often it was tried, so that the order in which
        # concurrent requests happen to arrive changes nothing.
        chance = random.Random(f"{self.seed} {address} {self._seen[address]}")
        if chance.random() >= self.rate:
            return Fault.NONE
        return chance.choices(list(BY_CHANCE), list(BY_CHANCE.values()))[0]


async def spoil(
    request: web.Request, fault: Fault, plan: FaultPlan, answer: web.Response
) -> web.StreamResponse:
    """Answer as the fault says, in place of the good ``answer`` of an accepted request."""
    if fault is Fault.SLOW:
        await asyncio.sleep(plan.slow_seconds)
    if fault is Fault.ACCEPT_HANG:
        await asyncio.sleep(plan.hang_seconds)
    if fault is Fault.ACCEPT_500:
        return web.json_response({"code": 20500, "message": "Internal error"}, status=500)
    if fault is Fault.ACCEPT_BAD_JSON:
        return web.Response(status=answer.status, body=b'{"sid": ', content_type="application/json")
    if fault is Fault.ACCEPT_RESET:
        return _torn(request)
    if fault is Fault.ACCEPT_HALF:
        return await _half(request, answer)
    return answer


def _torn(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _half(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) and answer.body else b"x" * 64
    half = web.StreamResponse(status=answer.status, headers={"Content-Length": str(len(body))})
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport:
        request.transport.close()
    return half
