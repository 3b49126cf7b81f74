"""Can this message be launched? What stands in its way, what deserves a thought, whom it reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from contacts.models import Channel
from database.once import once
from messages import audience as audiences
from messages import composing, forecast, hours
from messages.audience import Audience
from messages.budgets import CENTS, dollars
from messages.composing import Compositions
from messages.control import NoSuchMessage, Words
from messages.eligibility import CHANNELS, Terms, terms_of
from messages.email_checks import email_findings
from messages.estimating import Estimate, estimate
from messages.findings import Finding, finding
from messages.forecast import Forecast
from messages.gaps import REPRESENTATIVE, find_gaps, wanted
from messages.house import HouseRules
from messages.mail_findings import mail_warnings
from messages.models import Message, MessageText, Reach
from messages.sms import cost
from messages.surveys import Survey, surveyed
from messages.templates import BadTemplate

FOREIGN = "foreign"
AHEAD = timedelta(
    days=14
)  # whom it goes to is settled at the launch; later than that too much has changed

_TEXTS = select(MessageText.language, MessageText.sms, MessageText.subject, MessageText.body).where(
    MessageText.message_id == bindparam("message")
)
_MESSAGE = select(
    Message.project_id,
    Message.action_id,
    Message.audience,
    Message.reach,
    Message.hours,
    Message.begins_at,
    Message.expires_at,
    Message.budget_cents,
    Message.kind,
    Message.email_sender,
    Message.urgent,
).where(Message.id == bindparam("message"))


@dataclass(frozen=True)
class MessageCheck:
    """What came of checking a message."""

    blocking: Sequence[Finding]
    warnings: Sequence[Finding]
    forecast: Forecast
    estimates: Sequence[Estimate]  # of the texts, by language
    cost: Decimal  # of the texts, in dollars
    audience: Audience  # to whom it goes, and by which rules
    terms: Terms
    compiled: Compositions | None  # None while a text cannot be


@dataclass(frozen=True)
class Part:
    """Whom a committee would write to, and by whose consent."""

    audience: Audience
    scopes: tuple[str, ...]


def check_message(
    conn: Connection,
    message_id: int,
    *,
    house: HouseRules,
    now: datetime,
    reckon: bool = True,
    part: Part | None = None,
) -> MessageCheck:
    """Check a draft against the people it would go to now. Raises NoSuchMessage.

    ``part`` checks what a committee would send of it, to its own people. ``reckon`` renders people's texts to
    reckon what they cost; a launch, which holds other writers up meanwhile, does without.
    """
    message, texts = _message(conn, message_id), texts_of(conn, message_id)
    audience, terms = _to_whom(conn, message_id, message, part, now)
    compiled, broken = _compiled(conn, message_id, house)
    emails = email_findings(conn, compiled, texts, message)
    survey = _survey(conn, compiled, audience, terms, by_list=reckon)
    seen = _foreseen(conn, survey, message, now)
    blocking = [
        *_audience_problems(seen, Reach(message.reach)),
        *_missing_texts(texts, Reach(message.reach), house),
        *_time_problems(message.begins_at, message.expires_at, house, now),
        *_email_problems(seen, house),
        *_country_problems(terms, house),
        *emails.blocking,
        *broken,
    ]
    if compiled is not None:
        blocking += _gaps(conn, compiled, survey, terms, now)
    rendered = compiled if reckon else None
    estimates = _estimates(conn, rendered, audience, terms, seen, house, now)
    price = _price(estimates, house)
    return MessageCheck(
        blocking=blocking,
        warnings=[
            *_text_warnings(estimates),
            *emails.warnings,
            *_people_warnings(seen, texts, message.expires_at, house),
            *_budget_warnings(price, message.budget_cents),
            *mail_warnings(conn, message, audience, seen, house=house, now=now),
        ],
        forecast=seen,
        estimates=estimates,
        cost=price,
        audience=audience,
        terms=terms,
        compiled=compiled,
    )


def _to_whom(
    conn: Connection, message_id: int, message: Row[Any], part: Part | None, now: datetime
) -> tuple[Audience, Terms]:
    """To whom it goes, and by which rules; of a part, by the committee's."""
    terms = terms_of(conn, message_id, now=now)
    if part is None:
        return audiences.read(message.audience), terms
    return part.audience, replace(terms, scopes=part.scopes)


def _foreseen(conn: Connection, survey: Survey, message: Row[Any], now: datetime) -> Forecast:
    leaves_at = max(now, message.begins_at or now)
    return forecast.forecast_of(conn, survey, hours=hours.read(message.hours), now=leaves_at)


def _price(estimates: Sequence[Estimate], house: HouseRules) -> Decimal:
    return cost(sum(each.segments for each in estimates), price=house.cents_per_segment / CENTS)


@once
def texts_of(conn: Connection, message_id: int) -> Mapping[str, Words]:
    """A message's words by language."""
    rows = conn.execute(_TEXTS, {"message": message_id})
    return {language: Words(sms, subject, body) for language, sms, subject, body in rows}


def _message(conn: Connection, message_id: int) -> Row[Any]:
    found = conn.execute(_MESSAGE, {"message": message_id}).one_or_none()
    if found is None:
        raise NoSuchMessage(f"there is no message {message_id}")
    return found


def _audience_problems(seen: Forecast, reach: Reach) -> Iterator[Finding]:
    if reach is Reach.PAGE:
        return
    if not seen.people:
        yield finding("nobody")
    elif not seen.reached:
        yield finding("nobody_reached", people=seen.people)


def _missing_texts(
    texts: Mapping[str, Words], reach: Reach, house: HouseRules
) -> Iterator[Finding]:
    for language in house.languages:
        words = texts.get(language, Words())
        if Channel.SMS in CHANNELS[reach] and not words.sms.strip():
            yield finding("no_sms", language=language)
        if Channel.EMAIL in CHANNELS[reach] and not (words.subject.strip() and words.body.strip()):
            yield finding("no_email", language=language)


def _time_problems(
    begins_at: datetime | None, expires_at: datetime | None, house: HouseRules, now: datetime
) -> Iterator[Finding]:
    first = now + timedelta(seconds=house.undo_seconds)
    if expires_at is not None and expires_at <= first:
        yield finding("expired")
    elif expires_at is not None and begins_at is not None and expires_at <= begins_at:
        yield finding("begins_after_end")
    if begins_at is not None and begins_at > now + AHEAD:
        yield finding("begins_far", days=AHEAD.days)


def _email_problems(seen: Forecast, house: HouseRules) -> Iterator[Finding]:
    emails = seen.total(Channel.EMAIL, forecast.NOW, forecast.HELD)
    if emails and house.real_email and not house.identity.postal_address.strip():
        yield finding("no_postal_address")


def _country_problems(terms: Terms, house: HouseRules) -> Iterator[Finding]:
    """A draft keeps the list it was written under; what the network has since ruled out must not leave."""
    if not set(terms.countries) <= set(house.countries):
        yield finding("countries_changed")


def _compiled(
    conn: Connection, message_id: int, house: HouseRules
) -> tuple[Compositions | None, list[Finding]]:
    try:
        return composing.compositions(conn, message_id, house.identity), []
    except BadTemplate as error:
        return None, [finding("bad_template", reason=str(error))]


def _survey(
    conn: Connection,
    compiled: Compositions | None,
    audience: Audience,
    terms: Terms,
    *,
    by_list: bool,
) -> Survey:
    """Go through the audience once for all that is to be told of it."""
    fields = set() if compiled is None else wanted(compiled, terms)
    by_place = REPRESENTATIVE in fields
    plain = sorted(fields - {REPRESENTATIVE})
    return surveyed(conn, audience, terms, fields=plain, by_place=by_place, by_list=by_list)


def _gaps(
    conn: Connection, compiled: Compositions, survey: Survey, terms: Terms, now: datetime
) -> Iterator[Finding]:
    for gap in find_gaps(conn, compiled, survey, terms, now=now):
        yield finding(
            "gap_nobody" if gap.people == gap.of else "gap_some",
            field=gap.field,
            language=gap.language,
            channel=gap.channel,
            people=gap.people,
            of=gap.of,
        )


def _estimates(
    conn: Connection,
    compiled: Compositions | None,
    audience: Audience,
    terms: Terms,
    seen: Forecast,
    house: HouseRules,
    now: datetime,
) -> list[Estimate]:
    if compiled is None or Channel.SMS not in terms.channels:
        return []
    texts = seen.total(Channel.SMS, forecast.NOW, forecast.HELD)
    return estimate(conn, compiled, audience, terms, texts=texts, identity=house.identity, now=now)


def _text_warnings(estimates: Sequence[Estimate]) -> Iterator[Finding]:
    for each in estimates:
        if each.costly:
            yield finding(
                "costly",
                language=each.language,
                segments=each.most,
                characters=" ".join(sorted(each.costly)),
            )


def _budget_warnings(price: Decimal, budget_cents: int) -> Iterator[Finding]:
    if 0 < budget_cents < price * CENTS:
        yield finding("over_budget", cost=dollars(int(price * CENTS)), budget=dollars(budget_cents))


def _people_warnings(
    seen: Forecast,
    texts: Mapping[str, Words],
    expires_at: datetime | None,
    house: HouseRules,
) -> Iterator[Finding]:
    foreign = sum(fate.count for fate in seen.fates if fate.reason == FOREIGN)
    if foreign:
        yield finding("foreign", people=foreign, countries=", ".join(house.countries))
    asleep = sum(
        fate.count
        for fate in seen.fates
        if expires_at is not None and fate.opens_at is not None and fate.opens_at >= expires_at
    )
    if asleep:
        yield finding("asleep", people=asleep)
    others = sum(count for language, count in seen.languages.items() if language not in texts)
    if others and texts:
        yield finding(
            "other_languages",
            people=others,
            written=", ".join(sorted(texts)),
            language=house.default_language,
        )
