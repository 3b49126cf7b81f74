"""A message as one real person would get it, and what its words take while they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from messages import audience as audiences
from messages import rendering
from messages.checking import MessageCheck
from messages.composing import Compositions
from messages.estimating import TYPICAL
from messages.house import HouseRules
from messages.identity import Identity
from messages.links import action_url, person_token
from messages.providers.provider import fill
from messages.rendering import TOKEN, Version
from messages.seeing import STAND_IN, Seen, see
from messages.sms import Measure, measure, plain_twin
from messages.templates import BadTemplate
from organizers.roles import Within

Telling = Callable[[str, str], str]  # a text and its language to what is read


@dataclass(frozen=True)
class Sample:
    """What an invented person would get in one language."""

    language: str
    text: str  # "" = no text
    measure: Measure
    subject: str
    email: str  # as plain text; "" = no email


@dataclass(frozen=True)
class Measured:
    """What a text takes, and what its plain twin would take."""

    language: str
    measure: Measure
    plain: Measure
    problem: str = ""
    twin: str = ""  # what was typed, in plain characters; "" where that changes nothing


def preview(
    conn: Connection,
    check: MessageCheck,
    house: HouseRules,
    *,
    within: Within,
    person: int = 0,
    wanted: str = "",
    now: datetime,
) -> Seen | None:
    """A message that was checked as one of those who would get it sees it, see ``seeing.see``; None if there is none.

    Only people whom organizers of ``within`` may see are shown, whoever else the message goes to. While a text cannot
    be compiled there is none either: the check says why.
    """
    if check.compiled is None:
        return None
    seen = audiences.seen_by(check.audience, within)
    terms, identity = check.terms, house.identity
    return see(conn, check.compiled, seen, terms, identity, person=person, wanted=wanted, now=now)


def samples(compiled: Compositions | None, house: HouseRules) -> list[Sample]:
    """The message in each language for somebody invented: nobody's name is in it.

    None while a text cannot be compiled: the checks say why.
    """
    if compiled is None:
        return []
    token = person_token(house.identity.secret, STAND_IN)
    texts, emails = compiled.text_versions, compiled.email_versions
    return [
        _sample(language, texts.get(language), emails.get(language), token)
        for language in dict.fromkeys([*texts, *emails])
    ]


def _sample(language: str, text: Version | None, email: Version | None, token: str) -> Sample:
    body = fill(text.words.text, invented(text, token)) if text else ""
    values = invented(email, token) if email else {}
    return Sample(
        language=language,
        text=body,
        measure=measure(body),
        subject=fill(email.words.subject, values) if email else "",
        email=fill(email.words.text, values) if email else "",
    )


def invented(version: Version, token: str) -> dict[str, str]:
    """What an invented person reads where a version has merge fields."""
    known = rendering.values_for(TYPICAL)
    own = {name: known.get(name) or version.defaults.get(name, "") for name in version.fields}
    return {**own, TOKEN: token}


def as_it_stands(text: str, _language: str) -> str:
    """A text that cites nothing."""
    return text


def measured(
    texts: Mapping[str, str], identity: Identity, citing: Telling = as_it_stands
) -> list[Measured]:
    """What texts by language take for somebody with rather long values.

    ``citing`` puts the words of facts into what was typed, and raises BadTemplate for one that is not there.
    """
    return [
        _measured(language, text, identity, citing)
        for language, text in texts.items()
        if text.strip()
    ]


def _measured(language: str, text: str, identity: Identity, citing: Telling) -> Measured:
    typed = text
    try:
        text = citing(text, language)
        compiled = rendering.compile_sms(text, language=language, network=identity.network)
    except BadTemplate as error:
        return Measured(language, measure(text), measure(plain_twin(text)), str(error))
    token = person_token(identity.secret, STAND_IN)
    values = {**rendering.values_for(TYPICAL), "link": action_url(identity.public_url, token)}
    rendered = rendering.render_sms(compiled, values)
    twin = plain_twin(typed)
    cheaper = twin if twin != typed else ""
    return Measured(language, measure(rendered), measure(plain_twin(rendered)), twin=cheaper)
