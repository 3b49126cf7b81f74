"""What will the texts cost? Segments per rendered person, because "María" costs what "Ben" does not.

Up to 1,000 people everybody's text is rendered, those that say the same once; above, every n-th person's, and the
sum scaled up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, func, select

from contacts.changes import Kept
from contacts.models import Channel, Contact
from messages import composing, links, rendering
from messages.audience import Audience
from messages.composing import NOTHING, Compositions, LookedUp
from messages.control import Words
from messages.eligibility import Terms
from messages.identity import Identity
from messages.models import Delivery, Reach
from messages.prospects import prospects
from messages.providers.provider import Text
from messages.recording import Claim
from messages.rendering import PersonValues
from messages.sms import Measure, measure
from messages.surveys import kept
from messages.templates import BadTemplate

T = TypeVar("T")

RENDERED = 1_000  # people whose texts are rendered at most
AT_ONCE = 500
KEPT = 32  # lists of those who are rendered, of 1,000 numbers each

_RECIPIENTS = Kept(KEPT)

TYPICAL = PersonValues(
    first_name="Guadalupe",
    last_name="Henriquez",
    city="Philadelphia",
    zip="19104",
    state="PA",
    project="Philadelphia - Las Anonas de Santa Cruz",
    community="Las Anonas de Santa Cruz",
    rep_name="Rep. Featherstonehaugh",
)
"""Somebody with rather long values, for reckoning before there is a person."""


@dataclass
class Estimate:
    """What the texts in one language take."""

    language: str
    copies: int = 0
    segments: int = 0
    most: int = 0  # segments of the longest
    longest: str = ""  # the longest as rendered, to look at
    costly: dict[str, int] = field(default_factory=dict)  # character -> rendered texts with it
    exact: bool = True  # False: reckoned from every n-th person

    def add(self, text: str, measured: Measure, times: int) -> None:
        """Count a rendered text, and all that are like it."""
        self.copies += times
        self.segments += measured.segments * times
        for character in measured.costly:
            self.costly[character] = self.costly.get(character, 0) + times
        if (measured.segments, measured.units) > (self.most, len(self.longest)):
            self.most, self.longest = measured.segments, text

    def scale(self, step: int) -> None:
        """Multiply a sample up to everybody."""
        self.copies *= step
        self.segments *= step
        self.exact = step == 1


@dataclass(frozen=True)
class Rough:
    """What the texts in one language take, if each takes as much as that of somebody with rather long values."""

    language: str
    copies: int
    each: int  # segments

    @property
    def segments(self) -> int:
        """Of all of them."""
        return self.copies * self.each


def estimate(
    conn: Connection,
    message: Compositions,
    audience: Audience,
    terms: Terms,
    *,
    texts: int,
    identity: Identity,
    now: datetime,
) -> list[Estimate]:
    """Reckon the texts of a message, by language; ``texts`` is how many people get one."""
    step = -(-texts // RENDERED) or 1
    found: dict[str, Estimate] = defaultdict(lambda: Estimate(""))
    claims = _claims(conn, _recipients(conn, audience, terms, step))
    told = _look_up(conn, claims, message, now)
    unlike, times = _unlike(claims, message, told)
    for ready in composing.compose(unlike, Channel.SMS, message, told, identity, now):
        if isinstance(ready.item, Text):
            body = ready.item.body
            found[ready.language].add(body, measure(body), times[ready.claim.delivery_id])
    for language, each in found.items():
        each.language = language
        each.scale(step)
    return sorted(found.values(), key=lambda each: -each.copies)


def rough(
    texts: Mapping[str, int], segments: Mapping[str, int], default_language: str
) -> list[Rough]:
    """What so many texts in each language take, at so many segments each; the most texts first.

    Whoever reads a language in which nothing is written gets the default language.
    """
    copies: Counter[str] = Counter()
    for language, count in texts.items():
        copies[language if language in segments else default_language] += count
    return [
        Rough(language, count, segments[language])
        for language, count in copies.most_common()
        if count and language in segments
    ]


def most_segments(
    texts: Mapping[str, Words], merge_defaults: Mapping[str, Mapping[str, str]], identity: Identity
) -> int:
    """The most segments any language's text takes for somebody with rather long values.

    A text with a broken field counts as one; it is refused before it could be sent.
    """
    return max(
        (
            _segments(words.sms, language, merge_defaults.get(language, {}), identity)
            for language, words in texts.items()
            if words.sms
        ),
        default=1,
    )


def _segments(text: str, language: str, defaults: Mapping[str, str], identity: Identity) -> int:
    try:
        compiled = rendering.compile_sms(text, language=language, network=identity.network)
    except BadTemplate:
        return 1
    token = links.person_token(identity.secret, 10_000_000)
    own = {"link": links.action_url(identity.public_url, token)}
    values = {**defaults, **rendering.values_for(TYPICAL), **own}
    return measure(rendering.render_sms(compiled, values)).segments


def _recipients(conn: Connection, audience: Audience, terms: Terms, step: int) -> Sequence[int]:
    """Every ``step``-th of those who get a text, the oldest first; from memory where it may be.

    Only their numbers are kept: a name that was erased is to be nowhere.
    """
    texted = replace(terms, reach=Reach.SMS)  # who gets a text is so whatever else they get

    def ask() -> Sequence[int]:
        rows = prospects(audience, texted, among=Contact.id % step == 0)
        chosen = select(rows.c.contact_id).where(rows.c[Channel.SMS] == "")
        return tuple(conn.scalars(chosen.order_by(rows.c.contact_id)))

    return kept(conn, _RECIPIENTS, audience, texted, step, ask)


_LAST = select(func.max(Delivery.id))


def _claims(conn: Connection, ids: Sequence[int]) -> list[Claim]:
    """Stand-ins with delivery numbers as long as the real ones will be."""
    last = conn.scalar(_LAST) or 0
    known = composing.people(conn, ids)
    return [
        Claim(last + number, 1, contact_id, "", "", known[contact_id])
        for number, contact_id in enumerate(ids, 1)
    ]


def _look_up(
    conn: Connection, claims: Sequence[Claim], message: Compositions, now: datetime
) -> dict[int, LookedUp]:
    found: dict[int, LookedUp] = {}
    for part in _parts(claims):
        found |= composing.look_up(conn, part, message, now=now)
    return found


def _unlike(
    claims: Iterable[Claim], message: Compositions, told: Mapping[int, LookedUp]
) -> tuple[list[Claim], Counter[int]]:
    """One of each text that says something else, and by its delivery how many say the same.

    But for their links, which are as long for one as for another.
    """
    first: dict[tuple[str, ...], Claim] = {}
    times: Counter[int] = Counter()
    for claim in claims:
        version = composing.version_for(claim, message.text_versions, message.default_language)
        if version is not None:
            own = composing.own_values(
                version, claim.person, told.get(claim.contact_id or 0, NOTHING)
            )
            alike = first.setdefault((version.language, *own.values()), claim)
            times[alike.delivery_id] += 1
    return list(first.values()), times


def _parts(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    return (whole[start : start + AT_ONCE] for start in range(0, len(whole), AT_ONCE))
