"""Whom does a planned email name who must not be named, and who says why that may stand? As the lists are now.

While an email is written, as it leaves, and once more if somebody comes on a list while copies of it are on their way.
What an email says of people is weighed against the lists of its committee's cases and of the network's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from alerts.at_risk import (
    NoSuchPerson,
    NotYetSaid,
    Reason,
    looked_for,
    namings,
    reason_words,
    words_naming,
)
from alerts.risk_models import PersonAtRisk
from campaigns import approving, naming, occurrences, series, steering
from campaigns.calendar import find_email, look_at
from campaigns.steering import Steer
from database.jobs import Jobs
from messages import discretion
from messages.cautions import Said
from messages.control import NotNow, Words
from messages.discretion import LetStand
from messages.findings import Finding, finding
from messages.house import HouseRules
from messages.models import Message, MessageStatus


class NamesForbidden(ValueError):
    """This email names somebody who must not be named: say it without the name, or clear it on the list first."""


class NotYetApproved(NotNow):
    """It says a name that somebody lets stand: it goes on once the email is approved with that reason, or stop the rest."""


@dataclass(frozen=True)
class Named:
    """Whom an email names, for those who may write it."""

    blocking: Sequence[Finding] = ()  # with ``person``: who it is on the list
    let_stand: Sequence[Finding] = ()  # and who says why


def discreet(
    conn: Connection,
    project_id: int | None,
    said: Sequence[Said],
    let_stand: Collection[LetStand],
) -> Sequence[Finding]:
    """A ``messages.discretion.Discretion`` by the lists of people at risk."""
    blocking, _ = _weigh(conn, project_id, said, let_stand, {})
    places: dict[str, dict[str, None]] = {}
    for each in blocking:
        places.setdefault(each.values["language"], {}).update(dict.fromkeys(each.values["places"]))
    return [
        finding("named_by_now", language=language, places=tuple(found), found=())
        for language, found in sorted(places.items())
    ]


def names_in(conn: Connection, email_id: int, names: Mapping[str, str]) -> Named:
    """Whom all that an email may still send names; ``names`` are organizers' by what records call them."""
    email = look_at(conn, email_id)
    said = naming.unsent(conn, email)
    blocking, warnings = _weigh(conn, email.project_id, said, naming.let_stand(email), names)
    return Named(blocking, [each for each in warnings if each.code == "named_anyway"])


def let_name_stand(conn: Connection, email_id: int, person_id: int, *, why: str, by: str) -> None:
    """Keep why an email may name somebody, in the words in which it does so now; approvals of it are void.

    Raises NoSuchPerson and NoWhy.
    """
    email = find_email(conn, email_id)
    people = {each.id: each for each in looked_for(conn, None, email.project_id)}
    if person_id not in people:
        raise NoSuchPerson(NoSuchPerson.__doc__)
    words = words_naming(naming.unsent(conn, email), people[person_id], None)
    naming.keep(conn, email_id, LetStand(person_id, words, reason_words(why), by))


def require_discreet(
    conn: Connection,
    project_id: int | None,
    texts: Iterable[Mapping[str, Words]],
    *,
    email_id: int | None = None,
) -> None:
    """Let no words be planned that name somebody who must not be named at all, unless somebody says why.

    ``email_id`` None: it is yet to be. Raises NamesForbidden.
    """
    said = [each for words in texts for each in naming.said_in(words)]
    let_stand = naming.let_stand(look_at(conn, email_id)) if email_id is not None else ()
    if discreet(conn, project_id, said, let_stand):
        raise NamesForbidden(NamesForbidden.__doc__)


def steer(
    conn: Connection,
    jobs: Jobs,
    email_id: int,
    local_time: str,
    act: Steer,
    *,
    house: HouseRules,
    now: datetime,
) -> None:
    """Pause, resume or stop what one date is sending, but resume nothing that names somebody before somebody says why,
    and as many as the house asks for stand behind that.

    Nobody comes on a list until we commit. Raises NotYetSaid, NotYetApproved, and what ``campaigns.steering.steer``
    does.
    """
    if act is Steer.RESUME:
        email = find_email(conn, email_id)  # before the lists, as whoever sends it does
        discretion.take_turns(conn)
        paused = steering.messages_for(conn, email_id, local_time, act)
        if names_on_their_way(conn, email_id, paused):
            raise NotYetSaid(NotYetSaid.__doc__)
        named = _weigh(conn, email.project_id, naming.said_by(conn, paused), (), {})[0]
        run = occurrences.of(conn, email_id, local_time)
        if named and not approving.approved(conn, email, run, house=house):
            raise NotYetApproved(NotYetApproved.__doc__)
    steering.steer(conn, jobs, email_id, local_time, act, now=now)


def resume_series(conn: Connection, jobs: Jobs, series_id: int, *, now: datetime) -> None:
    """Let a series go on, but for what is on its way of it and names somebody by now: that stays paused.

    Raises what ``campaigns.series.resume`` does.
    """
    discretion.take_turns(conn)
    paused = series.mails_of(conn, series_id, MessageStatus.PAUSED)
    named = {each for each in paused if names_in_mail(conn, each)}
    series.resume(conn, jobs, series_id, but=named, now=now)


def names_in_mail(conn: Connection, message_id: int) -> Sequence[Finding]:
    """Whom a message of a series names who must not be named; nobody says why it may."""
    project_id = conn.scalar(select(Message.project_id).where(Message.id == message_id))
    return _weigh(conn, project_id, naming.said_by(conn, [message_id]), (), {})[0]


def names_on_their_way(
    conn: Connection, email_id: int, message_ids: Collection[int]
) -> Sequence[Finding]:
    """Whom these messages of an email name who must not be named, and nobody says why."""
    email, said = look_at(conn, email_id), naming.said_by(conn, message_ids)
    return _weigh(conn, email.project_id, said, naming.let_stand(email), {})[0]


def _weigh(
    conn: Connection,
    project_id: int | None,
    said: Sequence[Said],
    let_stand: Collection[LetStand],
    names: Mapping[str, str],
) -> tuple[list[Finding], list[Finding]]:
    if conn.scalar(select(PersonAtRisk.id).limit(1)) is None:
        return [], []
    people = looked_for(conn, None, project_id)
    reasons = {
        each.person: Reason(each.said, each.why, names.get(each.by, each.by)) for each in let_stand
    }
    return namings(said, people, reasons, case_id=None)
