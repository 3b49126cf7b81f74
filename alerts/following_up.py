"""After an alert: remind those who have not acted, and thank those who have.

Both are drafted here, in every language the alert was written in, and are alerts like any other from then
on: checked, confirmed by their number, launched by a person, stopped, accounted for. Their audience
is exact and not to be edited: whoever has a copy of the alert that left, and has or has not acted when
the copies are written. Each is sent once, for a second reminder is a nuisance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, insert, select, update

from actions.responses import Tally, tally
from alerts.citing import CITATION
from alerts.drafts import AlertDraft, Ending, Headline
from alerts.follow_ups import follow_ups, followed_by, sent_again
from alerts.launching import create, rewrite
from alerts.models import Alert, FollowUp, FollowUpKind, Level
from alerts.pages import page_of_action
from alerts.preflight import find_alert
from alerts.stored import stored_draft
from messages.audience import Audience
from messages.control import NotNow, Words, locked
from messages.house import HouseRules
from messages.models import Message, MessageStatus

# {title} is the alert's own; {so_far} and {sum} tell what is known when the draft is written.
TITLES: Mapping[FollowUpKind, Mapping[str, str]] = {
    FollowUpKind.NUDGE: {"en": "Reminder: {title}", "es": "Recordatorio: {title}"},
    FollowUpKind.THANKS: {"en": "Thanks: {title}", "es": "Gracias: {title}"},
}
TEXTS: Mapping[FollowUpKind, Mapping[str, str]] = {
    FollowUpKind.NUDGE: {
        "en": '{{ first_name | "Friend" }}, have you called? {title}. {so_far} It takes three'
        " minutes: {{ link }}",
        "es": '{{ first_name | "Hola" }}, ¿pudo llamar? {title}. {so_far} Toma tres minutos:'
        " {{ link }}",
    },
    FollowUpKind.THANKS: {
        "en": 'Thank you, {{ first_name | "friend" }}! {title}: {sum}. What is known now: {{ link }}',
        "es": '¡Gracias, {{ first_name | "amiga, amigo" }}! {title}: {sum}. Lo que se sabe ahora:'
        " {{ link }}",
    },
}
BODIES: Mapping[FollowUpKind, Mapping[str, str]] = {
    FollowUpKind.NUDGE: {
        "en": '{{ first_name | "Friend" }},\n\nwe asked you to call: {title}. {so_far}\n\nIf you have'
        " called, please tell us on the page how it went. If you have not, yours still counts. It"
        " takes three minutes; the number and the words are there:\n\n{{ link }}",
        "es": '{{ first_name | "Hola" }},\n\nle pedimos una llamada: {title}. {so_far}\n\nSi ya llamó,'
        " cuéntenos en la página cómo le fue. Si no, la suya todavía cuenta. Toma tres minutos; el"
        " número y las palabras están ahí:\n\n{{ link }}",
    },
    FollowUpKind.THANKS: {
        "en": '{{ first_name | "Friend" }},\n\nthank you for acting: {title}. In all, {sum}.\n\nWhat is'
        " known now is on the page:\n\n{{ link }}",
        "es": '{{ first_name | "Hola" }},\n\ngracias por actuar: {title}. En total, {sum}.\n\nLo que se'
        " sabe ahora está en la página:\n\n{{ link }}",
    },
}
PLAIN = re.compile(rf"({CITATION})|([{{}}])")
Counted = tuple[str, str, str]  # for none, for one, for {n}
SO_FAR: Mapping[str, Counted] = {
    "en": ("The first calls are still missing.", "One call so far.", "{n} calls so far."),
    "es": ("Faltan las primeras llamadas.", "Va una llamada.", "Van {n} llamadas."),
}
ACTED: Mapping[str, Counted] = {
    "en": ("nobody has acted yet", "one person acted", "{n} people acted"),
    "es": ("nadie ha actuado todavía", "una persona actuó", "{n} personas actuaron"),
}
HEARD: Mapping[str, Counted] = {
    "en": ("", ", and offices heard one call", ", and offices heard {n} calls"),
    "es": ("", " y las oficinas oyeron una llamada", " y las oficinas oyeron {n} llamadas"),
}


def draft_follow_up(
    conn: Connection,
    alert_id: int,
    kind: FollowUpKind,
    *,
    house: HouseRules,
    by: str,
    now: datetime,
) -> int:
    """Write a reminder of an alert, or thanks for it, as a draft; return its id.

    The one that is there already, if it is. Raises NoSuchAlert, and NotNow with the reason where nothing is
    to be reminded of.
    """
    draft = partial(_follow_up, conn, alert_id, kind, now)
    return follow(conn, alert_id, kind, draft, house=house, by=by, now=now)


def follow(
    conn: Connection,
    alert_id: int,
    kind: FollowUpKind,
    draft: Callable[[int, int], AlertDraft],
    *,
    house: HouseRules,
    by: str,
    now: datetime,
) -> int:
    """Store what follows an alert, once of each kind; return its id, or that of the one that is there.

    ``draft`` writes it, of the alert's message and action; it raises NotNow where there is nothing to write.
    """
    alert = find_alert(conn, alert_id)
    locked(conn, alert.message_id)  # two organizers press the button at once
    there = follow_ups(conn, alert_id).get(kind)
    if there is not None:
        return there.alert_id
    written = draft(alert.message_id, alert.action_id)
    new_id = create(conn, written, house=house, created_by=by, now=now)
    conn.execute(insert(FollowUp).values(alert_id=new_id, of_id=alert_id, kind=kind))
    mine = select(Alert.message_id).where(Alert.id == new_id).scalar_subquery()
    conn.execute(update(Message).where(Message.id == mine).values(action_id=alert.action_id))
    return new_id


def reword(
    conn: Connection,
    alert_id: int,
    texts: Mapping[str, Words],
    *,
    house: HouseRules,
    by: str,
    now: datetime,
) -> None:
    """Say a reminder or thank-you in other words; whom it goes to stays. Raises as ``rewrite``."""
    rewrite(
        conn,
        alert_id,
        replace(stored_draft(conn, alert_id), texts=texts),
        house=house,
        by=by,
        now=now,
    )


def _follow_up(
    conn: Connection,
    alert_id: int,
    kind: FollowUpKind,
    now: datetime,
    message_id: int,
    action_id: int,
) -> AlertDraft:
    _require_followable(conn, alert_id, message_id, action_id, kind, now)
    return _draft(conn, alert_id, action_id, kind)


def _require_followable(
    conn: Connection,
    alert_id: int,
    message_id: int,
    action_id: int,
    kind: FollowUpKind,
    now: datetime,
) -> None:
    require_first(conn, alert_id, message_id)
    over = page_of_action(conn, action_id, now=now).ended_at(now) is not None
    if kind is FollowUpKind.NUDGE and over:
        raise NotNow("this action is over; there is nothing left to remind people of")


def require_first(conn: Connection, alert_id: int, message_id: int) -> None:
    """Raise NotNow for an alert that nobody has got yet, and for one that follows another."""
    require_launched(conn, message_id)
    if followed_by(conn, alert_id) is not None:
        raise NotNow("this follows another alert itself; write another alert instead")


def require_launched(conn: Connection, message_id: int) -> None:
    """Raise NotNow for an alert that nobody has got yet."""
    status = conn.scalar(select(Message.status).where(Message.id == message_id))
    if status == MessageStatus.DRAFT:
        raise NotNow("this alert has not been launched; there is nobody to write to yet")


def _draft(conn: Connection, alert_id: int, action_id: int, kind: FollowUpKind) -> AlertDraft:
    own, counted = stored_draft(conn, alert_id), tally(conn, action_id)
    # Neither is worth a night's rest, or a fourth text in a week.
    level = Level.AMBER if own.level is Level.RED else own.level
    thanks = kind is FollowUpKind.THANKS
    titles = {language: plain(each.title) for language, each in own.words.items()}
    return replace(
        own,
        level=level,
        words={
            language: Headline(
                TITLES[kind].get(language, "{title}").format(title=title),
                own.words[language].summary,
            )
            for language, title in titles.items()
        },
        texts={
            language: _words(kind, language, titles.get(language, ""), counted)
            for language in own.texts
            if language in TEXTS[kind]
        },
        # Thanks come when the calls are over.
        call=replace(own.call, deadline=Ending()) if thanks else own.call,
        begins_at=None,
        expires=Ending() if thanks else own.expires,
        audience=_audience(own.audience, sent_again(conn, alert_id), action_id, kind),
        ask_hours=0,
    )


def _audience(own: Audience, sent: tuple[int, ...], action_id: int, kind: FollowUpKind) -> Audience:
    include = replace(own.include, got_any=sent, acted=None, not_acted=None)
    if kind is FollowUpKind.NUDGE:
        return replace(own, include=replace(include, not_acted=action_id))
    return replace(own, include=replace(include, acted=action_id))


def _words(kind: FollowUpKind, language: str, title: str, counted: Tally) -> Words:
    acted, heard = _said(ACTED, language, counted.people), _said(HEARD, language, counted.calls)
    values = {
        "title": title,
        "so_far": _said(SO_FAR, language, counted.calls),
        "sum": acted + heard,
    }
    return Words(
        _filled(TEXTS[kind][language], values),
        TITLES[kind][language].format(title=title),
        _filled(BODIES[kind][language], values),
    )


def _said(forms: Mapping[str, Counted], language: str, number: int) -> str:
    return forms[language][min(number, 2)].replace("{n}", str(number))


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Fill our own places; those with two braces are filled for each person when it is sent."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def plain(title: str) -> str:
    """A title as it may stand in a template; what it cites stays cited."""
    freed = PLAIN.sub(lambda found: found[1] or {"{": "(", "}": ")"}[found[2]], title)
    return freed.rstrip(".!")
