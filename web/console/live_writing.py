"""What an alert's form shows while it is filled in: what the texts take, what could endanger somebody, who sees what.

Nothing is stored. Only people of the organizer's own projects are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from multidict import MultiDict, MultiMapping
from sqlalchemy import Connection

from actions.scripts import ScriptWords
from alerts.at_risk import owner_of
from alerts.weighing import Weighed, said_of_case, weigh
from messages import audience as audiences
from messages import composing, links
from messages.audience import Audience
from messages.cautions import Said
from messages.composing import Compositions
from messages.control import Words
from messages.email_checks import pictures_gone
from messages.estimating import Rough, rough
from messages.findings import Finding
from messages.house import HouseRules
from messages.looks import Look, look_of
from messages.seeing import Seen, see
from messages.sms import plain_twin
from messages.templates import BadTemplate
from organizers.roles import May
from organizers.sessions import Viewer
from web.console.alert_forms import text_of
from web.console.ask_forms import SCRIPT_PARTS, read_asks
from web.console.citations import citable, telling
from web.console.counting import addressed_typed, project_typed, texts_counted
from web.console.email_writing import Written, page_seen, sizes
from web.console.guard import require_visible
from web.console.half_written import Unsaved, readable
from web.console.previews import Measured, Telling, measured
from web.console.viewing import number

SEE, PLAIN = (
    "see:",
    "plain:",
)  # begin what a button of the form asks for, before whom or which language
NEXT = "next"
Form = MultiMapping[str]


@dataclass(frozen=True)
class Live:
    """What stands beside the words."""

    measures: Sequence[Measured]
    price: Sequence[Rough]  # of the texts to all whom the form's page has counted
    weighed: Weighed
    seen: Seen | None
    written: Sequence[Written]  # the emails
    findings: Sequence[Finding]  # about their pictures
    person: int  # which of those who get it
    wanted: str  # or who was asked for


def live(
    conn: Connection,
    form: Form,
    viewer: Viewer,
    *,
    alert_id: int | None,
    house: HouseRules,
    now: datetime,
) -> Live:
    """Read a form as it stands, of a draft that is stored or of a new one.

    Raises NotYours and NotAllowed for a project, case, action or alert of others.
    """
    if alert_id is not None:
        require_visible(conn, viewer, {"alert_id": str(alert_id)}, May.WRITE)
    case_id = number(form, "case")
    project = project_typed(conn, form, viewer)  # also of what chooses nobody in its form
    facts = citable(conn, viewer, case_id)
    citing = telling(facts, now)
    owner = owner_of(conn, case_id) if case_id else project
    texts = {each: text_of(form, f"sms_{each}") for each in house.languages}
    said = [
        replace(each, text=_told(each.text, each.language, citing))
        for each in said_typed(form, house.languages)
    ]
    case = said_of_case(conn, case_id, facts) if case_id else []
    person, wanted = asked_for(form)
    measures = measured(texts, house.identity, citing)
    words = _words(form, citing, house)
    look = look_of(conn, owner)
    segments = {each.language: each.measure.segments for each in measures}
    return Live(
        measures=measures,
        price=rough(texts_counted(form), segments, house.default_language),
        weighed=weigh(conn, case_id, owner, [*said, *case], alert_id=alert_id),
        seen=_seen(conn, form, viewer, words, look, person, wanted, house=house, now=now),
        written=list(sizes(words, house, look)),
        findings=list(pictures_gone(conn, words, owner)),
        person=person,
        wanted=wanted,
    )


def asked_for(form: Form) -> tuple[int, str]:
    """Whom to show: which of those who get it, or who is asked for; a button says so, else the form remembers."""
    person, wanted = number(form, "person") or 0, text_of(form, "as")
    then = text_of(form, "then")
    if then == SEE + NEXT:
        return (0 if wanted else person + 1), ""
    return (0, then.removeprefix(SEE)) if then.startswith(SEE) else (person, wanted)


def with_plain(form: Form, language: str) -> MultiDict[str]:
    """The form with the plain twin of one language's text message in its place."""
    twin = MultiDict(form)
    name = f"sms_{language}"
    if name in form:
        twin[name] = plain_twin(text_of(form, name))
    return twin


def said_typed(form: Form, languages: Sequence[str]) -> list[Said]:
    """Every text of the form that people will read or hear, with its place."""
    found = [
        Said(place, each, text_of(form, f"{place}_{each}"))
        for each in languages
        for place in ("sms", "subject", "body", "title", "summary")
    ]
    if not number(form, "case"):
        parts = ("case_title", "case_summary")
        found += [
            Said("case", each, text_of(form, f"{p}_{each}")) for each in languages for p in parts
        ]
    for each in languages:
        own = ScriptWords(**{part: text_of(form, f"{part}_{each}") for part in SCRIPT_PARTS})
        found += _said_aloud(each, own)
    for ask in read_asks(form, languages, []):
        for each, words in ask.scripts.items():
            found += _said_aloud(each, words)
    return found


def _said_aloud(language: str, words: ScriptWords) -> Iterator[Said]:
    for part, text in asdict(words).items():
        yield Said("letter" if part.startswith("letter") else "script", language, text)


def _told(text: str, language: str, citing: Telling) -> str:
    try:
        return citing(text, language)
    except BadTemplate:  # the measure says which fact is not there
        return text


def email_page_typed(
    conn: Connection, form: Form, viewer: Viewer, *, house: HouseRules, now: datetime
) -> str:
    """The form's email as somebody gets it in the language that is asked for; "" if there is none yet.

    Raises NotYours and NotAllowed for a project, case or action of others.
    """
    case_id, language = number(form, "case"), text_of(form, "see") or house.default_language
    words = _words(form, telling(citable(conn, viewer, case_id), now), house)
    owner = owner_of(conn, case_id) if case_id else number(form, "project") or None
    to_whom = addressed_typed(conn, form, viewer, [], house=house, now=now)
    message = _compiled(words, to_whom.audience, house, look_of(conn, owner))
    if language not in message.email_versions:
        return ""
    only = audiences.seen_by(to_whom.audience, viewer.within)
    return page_seen(conn, message, only, to_whom.terms, language, house=house, now=now)


def _words(form: Form, citing: Telling, house: HouseRules) -> dict[str, Words]:
    """What is typed to be sent, with the facts that it cites."""
    parts = ("sms", "subject", "body")
    return {
        each: Words(*(_told(text_of(form, f"{part}_{each}"), each, citing) for part in parts))
        for each in house.languages
    }


def _seen(
    conn: Connection,
    form: Form,
    viewer: Viewer,
    words: Mapping[str, Words],
    look: Look,
    person: int,
    wanted: str,
    *,
    house: HouseRules,
    now: datetime,
) -> Seen | None:
    if text_of(form, "follows"):
        return None  # what follows another alert goes to its people: nobody is chosen in its form
    to_whom = addressed_typed(conn, form, viewer, [], house=house, now=now)
    compiled = _compiled(words, to_whom.audience, house, look)
    shown = audiences.seen_by(to_whom.audience, viewer.within)
    return see(
        conn, compiled, shown, to_whom.terms, house.identity, person=person, wanted=wanted, now=now
    )


def _compiled(
    words: Mapping[str, Words], to_whom: Audience, house: HouseRules, look: Look
) -> Compositions:
    texts = [readable(each, said, house.identity) for each, said in words.items()]
    urls = (url for each in texts for text in (each.sms, each.body) for url in _urls(text, house))
    tracked = {url: n for n, url in enumerate(dict.fromkeys(urls), 1)}
    message = Unsaved(default_language=house.default_language, audience=audiences.write(to_whom))
    return composing.compiled(message, texts, tracked, house.identity, look=look)


def _urls(text: str, house: HouseRules) -> list[str]:
    return links.urls_in(text, public_url=house.identity.public_url)
