"""Write the correction of what a fact does not say any more, to exactly those who were told it.

It is an alert of its own, like a reminder: checked, confirmed by its number, launched by a person. It leads to
the page of the alert that it corrects, and nothing of its audience can be edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from alerts.citation_models import FactCorrection
from alerts.citing import spelt_day
from alerts.corrections import Telling, draft_of, outdated, tellings
from alerts.drafts import AlertDraft, Ending, Headline
from alerts.facts import hold_fact
from alerts.follow_ups import stands_alone
from alerts.launching import create, rewrite
from alerts.models import Alert
from alerts.pages import page_of_action
from alerts.preflight import find_alert
from alerts.stored import stored_draft, told_draft
from alerts.timeline import KnownFact, Version
from messages.audience import Audience, Filter, Outdated
from messages.control import NotNow, Words
from messages.house import HouseRules
from messages.models import Message, Reach
from organizers.roles import NETWORKS

TITLES: Mapping[str, str] = {"en": "Correction: {title}", "es": "Corrección: {title}"}
# {old} is what was told; {new} cites what is known.
TEXTS: Mapping[str, str] = {
    "en": 'Correction. We wrote: "{old}". What is known now: {new} {{ link }}',
    "es": 'Corrección. Escribimos: "{old}". Lo que se sabe ahora: {new} {{ link }}',
}
TAKEN_BACK: Mapping[str, str] = {
    "en": 'Correction. We wrote: "{old}". That turned out not to be so. More: {{ link }}',
    "es": 'Corrección. Escribimos: "{old}". Resultó que no es así. Más: {{ link }}',
}
BODIES: Mapping[str, str] = {
    "en": '{{ first_name | "Friend" }},\n\nwe wrote to you:\n\n> {old}\n\nWhat is known now:\n\n> {new}\n\nWhom'
    " to call, and what to say, is on the same page, with what is known:\n\n{{ link }}",
    "es": '{{ first_name | "Hola" }},\n\nle escribimos:\n\n> {old}\n\nLo que se sabe ahora:\n\n> {new}\n\nA quién'
    " llamar y qué decir está en la misma página, con lo que se sabe:\n\n{{ link }}",
}
BODIES_TAKEN_BACK: Mapping[str, str] = {
    "en": '{{ first_name | "Friend" }},\n\nwe wrote to you:\n\n> {old}\n\nThat turned out not to be so. We are'
    " sorry. What is known is on the page:\n\n{{ link }}",
    "es": '{{ first_name | "Hola" }},\n\nle escribimos:\n\n> {old}\n\nResultó que no es así. Le pedimos'
    " disculpas. Lo que se sabe está en la página:\n\n{{ link }}",
}

# Where what was told has been withheld since, it is not said again: {about} is the title of the page.
TEXTS_KEPT: Mapping[str, str] = {
    "en": 'Correction. What we wrote about "{about}" is no longer so. What is known now: {new} {{ link }}',
    "es": 'Corrección. Lo que escribimos sobre "{about}" ya no es así. Lo que se sabe ahora: {new} {{ link }}',
}
TAKEN_BACK_KEPT: Mapping[str, str] = {
    "en": 'Correction. What we wrote about "{about}" turned out not to be so. More: {{ link }}',
    "es": 'Corrección. Lo que escribimos sobre "{about}" resultó que no es así. Más: {{ link }}',
}
BODIES_KEPT: Mapping[str, str] = {
    "en": '{{ first_name | "Friend" }},\n\nwhat we wrote to you about "{about}" is no longer so. What is known'
    " now:\n\n> {new}\n\nWhom to call, and what to say, is on the same page, with what is known:\n\n{{ link }}",
    "es": '{{ first_name | "Hola" }},\n\nlo que le escribimos sobre "{about}" ya no es así. Lo que se sabe'
    " ahora:\n\n> {new}\n\nA quién llamar y qué decir está en la misma página, con lo que se sabe:\n\n{{ link }}",
}
BODIES_TAKEN_BACK_KEPT: Mapping[str, str] = {
    "en": '{{ first_name | "Friend" }},\n\nwhat we wrote to you about "{about}" turned out not to be so. We are'
    " sorry. What is known is on the page:\n\n{{ link }}",
    "es": '{{ first_name | "Hola" }},\n\nlo que le escribimos sobre "{about}" resultó que no es así. Le pedimos'
    " disculpas. Lo que se sabe está en la página:\n\n{{ link }}",
}


def draft_correction(
    conn: Connection,
    fact_id: int,
    project_id: int | None,
    *,
    perhaps: bool = False,
    house: HouseRules,
    by: str,
    now: datetime,
) -> int:
    """Write a sender's correction of a fact as a draft; return its id.

    One that is there already gets its audience anew, and its words if the fact has changed since. ``perhaps``:
    also to whom a copy may have come. Raises NoSuchFact, and NotNow with the reason where there is none to be sent.
    """
    fact = hold_fact(conn, fact_id)
    told = tellings(conn, fact)
    sender = project_id or NETWORKS
    audience = outdated(fact, told, project_id, sent_by=sender, perhaps=perhaps)
    if audience is None:
        raise NotNow("nobody was told otherwise; there is nothing to correct")
    if not fact.current.is_released(now):
        raise NotNow("what is known now is not public; have it cleared first, or withdraw the fact")
    of_id = _corrected(conn, audience)
    draft = _draft(conn, fact, told, of_id, audience, now)
    there = draft_of(conn, fact, project_id)
    if there is None:
        there = create(conn, draft, house=house, created_by=by, now=now)
        row = {"alert_id": there, "version_id": fact.current.id, "of_id": of_id}
        conn.execute(insert(FactCorrection).values(row))
    else:
        _rewrite(conn, there, fact, told, of_id, draft, house=house, by=by, now=now)
    action_id = select(Alert.action_id).where(Alert.id == of_id).scalar_subquery()
    mine = select(Alert.message_id).where(Alert.id == there).scalar_subquery()
    conn.execute(update(Message).where(Message.id == mine).values(action_id=action_id))
    return there


def _rewrite(
    conn: Connection,
    alert_id: int,
    fact: KnownFact,
    told: Iterable[Telling],
    of_id: int,
    draft: AlertDraft,
    *,
    house: HouseRules,
    by: str,
    now: datetime,
) -> None:
    """Bring a draft up to date; what an organizer wrote stays, if it is about the same versions."""
    mine = FactCorrection.alert_id == alert_id
    stored = stored_draft(conn, alert_id)
    before, after = stored.audience.include.outdated, draft.audience.include.outdated
    same_old = before and after and _wrong(fact, told, before) == _wrong(fact, told, after)
    same_new = conn.scalar(select(FactCorrection.version_id).where(mine)) == fact.current.id
    if same_old and same_new:
        draft = replace(
            draft, words={**draft.words, **stored.words}, texts={**draft.texts, **stored.texts}
        )
    rewrite(conn, alert_id, draft, house=house, by=by, now=now)
    tells = {"version_id": fact.current.id, "of_id": of_id}
    conn.execute(update(FactCorrection).where(mine).values(tells))


def _corrected(conn: Connection, audience: Outdated) -> int:
    """The latest of the alerts that told it; of one that leads to another's page, that one."""
    latest = (
        select(Alert.id)
        .where(Alert.message_id.in_(audience.messages))
        .order_by(Alert.id.desc())
        .limit(1)
    )
    action_id = find_alert(conn, conn.scalars(latest).one()).action_id
    own = select(Alert.id).where(Alert.action_id == action_id, stands_alone())
    return conn.scalars(own).one()


def _draft(
    conn: Connection,
    fact: KnownFact,
    told: Iterable[Telling],
    of_id: int,
    audience: Outdated,
    now: datetime,
) -> AlertDraft:
    # Its own page and script nobody sees: what they cite may be what was withdrawn.
    own = told_draft(conn, of_id)
    over = (
        page_of_action(conn, find_alert(conn, of_id).action_id, now=now).ended_at(now) is not None
    )
    asks = [replace(each, expires_at=None) for each in own.call.asks] if over else own.call.asks
    wrong = _wrong(fact, told, audience)
    whole = _together(own, _tellers(conn, audience))
    return replace(
        whole,
        words={
            language: Headline(
                TITLES.get(language, "{title}").replace("{title}", each.title), each.summary
            )
            for language, each in whole.words.items()
        },
        texts={
            language: _words(fact, wrong, language, _title(whole, language), now)
            for language in whole.texts
            if language in TEXTS
        },
        # What was told wrong is put right also when the calls are over.
        call=replace(own.call, asks=asks, deadline=Ending() if over else own.call.deadline),
        begins_at=None,
        expires=Ending() if over else whole.expires,
        audience=Audience(
            include=Filter(projects=whole.audience.include.projects, outdated=audience)
        ),
        ask_hours=0,
        capped=False,
    )


def _tellers(conn: Connection, audience: Outdated) -> list[AlertDraft]:
    """The alerts that told it, the earliest first."""
    found = select(Alert.id).where(Alert.message_id.in_(audience.messages)).order_by(Alert.id)
    return [told_draft(conn, each) for each in conn.scalars(found).all()]


def _together(own: AlertDraft, tellers: Sequence[AlertDraft]) -> AlertDraft:
    """A draft that reaches, in time, whomever one of several alerts has reached, in their language."""
    reaches = {each.reach for each in tellers}
    named = [each.audience.include.projects for each in tellers]
    ends = [each.expires.at for each in tellers]
    return replace(
        own,
        words={code: words for each in (*tellers, own) for code, words in each.words.items()},
        texts={code: words for each in (*tellers, own) for code, words in each.texts.items()},
        merge_defaults={
            code: held for each in (*tellers, own) for code, held in each.merge_defaults.items()
        },
        reach=reaches.pop() if len(reaches) == 1 else Reach.BOTH,
        expires=Ending(at=None if None in ends else max(filter(None, ends))),
        audience=Audience(
            include=Filter(
                projects=tuple(dict.fromkeys(project for each in named for project in each))
                if all(named)
                else ()
            )
        ),
    )


def _wrong(fact: KnownFact, told: Iterable[Telling], audience: Outdated) -> set[int]:
    """The numbers of the versions that these people were told, and that are not so any more."""
    so = {each.number for each in fact.versions if each.tells_as(fact.current)}
    return {each.number for each in told if each.message_id in audience.messages} - so


def _title(draft: AlertDraft, language: str) -> str:
    known = draft.words.get(language) or next(iter(draft.words.values()))
    return known.title


def _words(
    fact: KnownFact, wrong: Iterable[int], language: str, about: str, now: datetime
) -> Words:
    told = [each for each in fact.versions if each.number in set(wrong)]
    same = any(dict(each.words) == dict(fact.current.words) for each in told)
    moved = same and not fact.current.withdrawn

    def dated(words: str, day: str) -> str:
        return f"{words} ({day})" if moved else words

    old = " / ".join(
        dict.fromkeys(
            dated(each.words.get(language, ""), spelt_day(each.happened_on, language))
            for each in told
        )
    )
    cite = f"fact.{fact.key}"
    new = dated(f"{{{{ {cite} }}}}", f"{{{{ {cite}.on }}}}")
    kept = _was_kept(fact, told, now)
    said = {"{old}": old, "{about}": about, "{new}": new}
    text, body = _patterns(kept=kept, withdrawn=fact.current.withdrawn)
    return Words(
        _put(text[language], said),
        _put(TITLES[language], {"{title}": about if kept else old})[:120],
        _put(body[language], said),
    )


def _was_kept(fact: KnownFact, told: Iterable[Version], now: datetime) -> bool:
    """Whether some of what was told has been kept from people since, and was not cleared as it was."""
    open_again = [(each.happened_on, dict(each.words)) for each in fact.published(now)]
    return any((each.happened_on, dict(each.words)) not in open_again for each in told)


def _patterns(*, kept: bool, withdrawn: bool) -> tuple[Mapping[str, str], Mapping[str, str]]:
    if kept:
        return (TAKEN_BACK_KEPT, BODIES_TAKEN_BACK_KEPT) if withdrawn else (TEXTS_KEPT, BODIES_KEPT)
    return (TAKEN_BACK, BODIES_TAKEN_BACK) if withdrawn else (TEXTS, BODIES)


def _put(pattern: str, said: Mapping[str, str]) -> str:
    for gap, words in said.items():
        pattern = pattern.replace(gap, words)
    return pattern
