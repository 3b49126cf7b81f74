"""Who was told what a fact does not say any more, by which messages, and who has been told better since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from alerts.citation_models import Citation, FactCorrection
from alerts.citing import SENT
from alerts.fact_models import Fact, FactVersion
from alerts.models import Alert, AlertText
from alerts.timeline import KnownFact, find_fact
from contacts.models import Channel
from messages.audience import Audience, Copies, Filter, Outdated, contact_ids, read
from messages.models import Message, MessageStatus
from organizers.roles import NETWORKS

ON: Mapping[str, Channel] = {"sms": Channel.SMS, "subject": Channel.EMAIL, "body": Channel.EMAIL}

_AUDIENCE = (
    select(Message.audience)
    .join(Alert, Alert.message_id == Message.id)
    .where(Alert.id == bindparam("alert"))
)


@dataclass(frozen=True)
class Telling:
    """A message that told a version of a fact, in one place and language."""

    number: int  # of the version
    alert_id: int
    message_id: int
    project_id: int | None  # whose alert it is; None = the network's
    projects: tuple[int, ...]  # on whose behalf, besides the sender's
    copies: Copies


@dataclass(frozen=True)
class Told:
    """An alert that told what is not so any more."""

    alert_id: int
    number: int  # of the version it told
    title: str
    left: int  # people whose copy left
    unknown: int  # people whose copy may have arrived


@dataclass(frozen=True)
class Owed:
    """What one sender owes the people whom it told otherwise."""

    project_id: int | None
    alerts: Sequence[Told]
    people: int  # to whom a copy left, and who have not been told better
    perhaps: int  # more of them, whose copy may have arrived
    draft_id: int | None  # the draft that tells them


@dataclass(frozen=True)
class Written:
    """A correction of what an alert told."""

    alert_id: int
    key: str
    is_draft: bool


@dataclass(frozen=True)
class Reached:
    """Whom a correction is owed, and who of them is not among those it is to."""

    owed: int
    kept: int  # on the list of a committee that keeps it, since they were told
    left: int  # on no list any more of the projects that told them


def tellings(conn: Connection, fact: KnownFact) -> list[Telling]:
    """What launched messages tell, or told, of a fact; corrections tell all of what they correct to."""
    numbers = {each.id: each.number for each in fact.versions}
    columns = (Alert.id, Alert.message_id, Message.project_id, Message.audience)
    launched = Message.launched_at.is_not(None)
    cited = (
        select(*columns, Citation.version_id, Citation.place, Citation.language)
        .join(Alert, Alert.id == Citation.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .where(Citation.version_id.in_(list(numbers)), Citation.place.in_(SENT), launched)
    )
    corrected = (
        select(*columns, FactCorrection.version_id)
        .join(Alert, Alert.id == FactCorrection.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .where(FactCorrection.version_id.in_(list(numbers)), launched)
    )
    found = [
        _telling(row, numbers, [(row.message_id, ON[row.place], row.language)])
        for row in conn.execute(cited)
    ]
    found += [
        _telling(row, numbers, [(row.message_id, channel, "") for channel in Channel])
        for row in conn.execute(corrected)
    ]
    return sorted(found, key=lambda each: (each.number, each.alert_id, each.copies))


def outdated(
    fact: KnownFact,
    told: Iterable[Telling],
    project_id: int | None,
    *,
    sent_by: int | None = None,
    perhaps: bool = False,
) -> Outdated | None:
    """Whom a sender told otherwise than is known now, and who has not got better since; None = nobody.

    Somebody's word is the highest version that they have got. ``sent_by``: see ``Outdated``.
    """
    found = list(told)
    says = {each.number: each.tells_as(fact.current) for each in fact.versions}
    rungs, agreed = [], set[int]()
    for number in sorted(each for each, right in says.items() if not right):
        mine = [each for each in found if each.number == number and each.project_id == project_id]
        later = [each for each in found if each.number > number and says[each.number]]
        if mine:
            rungs.append((_copies(mine), _copies(later)))
            agreed |= {project for each in mine for project in each.projects}
    return Outdated(tuple(rungs), sent_by, perhaps, tuple(sorted(agreed))) if rungs else None


def owed(conn: Connection, fact: KnownFact, within: Sequence[int], *, language: str) -> list[Owed]:
    """What each of these senders owes; nothing while everybody has been told what is known."""
    told = tellings(conn, fact) if len(fact.versions) > 1 else []
    senders = {each.project_id for each in told if (each.project_id or NETWORKS) in within}
    found = [
        _owed(conn, fact, told, each, language) for each in sorted(senders, key=lambda p: p or 0)
    ]
    return [each for each in found if each is not None]


def tells_otherwise(conn: Connection, alert_id: int, *, now: datetime) -> bool:
    """Whether what an alert sent, or would send to more people, is not what may be told now."""
    columns = (FactVersion.id, FactVersion.fact_id)
    cited = select(*columns).join(Citation, Citation.version_id == FactVersion.id)
    mine = cited.where(Citation.alert_id == alert_id, Citation.place.in_(SENT)).distinct()
    corrects = select(*columns).join(FactCorrection, FactCorrection.version_id == FactVersion.id)
    found = [(*row, True) for row in conn.execute(mine)]
    # A correction may also tell that something is not so.
    found += [
        (*row, False) for row in conn.execute(corrects.where(FactCorrection.alert_id == alert_id))
    ]
    for version_id, fact_id, as_so in found:
        fact = find_fact(conn, fact_id)
        told = next(each for each in fact.versions if each.id == version_id)
        may = fact.current.may_be_told(now) if as_so else fact.current.is_released(now)
        if not (may and told.tells_as(fact.current)):
            return True
    return False


def citing_alerts(conn: Connection, case_id: int) -> dict[int, set[int]]:
    """The alerts that cite each fact of a case, or told it once, drafts among them."""
    rows = (
        select(FactVersion.fact_id, Citation.alert_id)
        .join(Citation, Citation.version_id == FactVersion.id)
        .join(Fact, Fact.id == FactVersion.fact_id)
        .where(Fact.case_id == case_id)
        .distinct()
    )
    found: dict[int, set[int]] = {}
    for fact_id, alert_id in conn.execute(rows):
        found.setdefault(fact_id, set()).add(alert_id)
    return found


def corrections_of(conn: Connection, alert_id: int) -> list[Written]:
    """The corrections that lead to an alert's page."""
    rows = (
        select(FactCorrection.alert_id, FactCorrection.version_id, Message.status)
        .join(Alert, Alert.id == FactCorrection.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .where(FactCorrection.of_id == alert_id)
        .order_by(FactCorrection.alert_id)
    )
    return [
        Written(row.alert_id, _key_of(conn, row.version_id), row.status == MessageStatus.DRAFT)
        for row in conn.execute(rows).all()
    ]


def draft_of(conn: Connection, fact: KnownFact, project_id: int | None) -> int | None:
    """A sender's draft of a correction of a fact, if there is one."""
    versions = [each.id for each in fact.versions]
    found = (
        select(FactCorrection.alert_id)
        .join(Alert, Alert.id == FactCorrection.alert_id)
        .join(Message, Message.id == Alert.message_id)
        .where(
            FactCorrection.version_id.in_(versions),
            Message.status == MessageStatus.DRAFT,
            func.coalesce(Message.project_id, NETWORKS) == (project_id or NETWORKS),
        )
    )
    return conn.scalar(found.order_by(FactCorrection.alert_id).limit(1))


def count(conn: Connection, audience: Outdated) -> int:
    """How many people that is."""
    ids = contact_ids(Audience(include=Filter(outdated=audience))).subquery()
    return conn.scalar(select(func.count()).select_from(ids)) or 0


def reach_of(conn: Connection, alert_id: int) -> Reached | None:
    """How far a correction goes; None for what corrects nothing."""
    audience = read(conn.scalars(_AUDIENCE, {"alert": alert_id}).one())
    told = audience.include.outdated
    if told is None:
        return None
    owed_, listed, reached = (
        conn.scalar(select(func.count()).select_from(contact_ids(each).subquery())) or 0
        for each in (
            Audience(include=Filter(outdated=told)),
            replace(audience, among=None),
            audience,
        )
    )
    return Reached(owed=owed_, kept=listed - reached, left=owed_ - listed)


def _owed(
    conn: Connection,
    fact: KnownFact,
    told: Sequence[Telling],
    project_id: int | None,
    language: str,
) -> Owed | None:
    sure, wide = (outdated(fact, told, project_id, perhaps=each) for each in (False, True))
    if sure is None or wide is None:
        return None
    people = count(conn, sure)
    wrong = {each.number for each in fact.versions if not each.tells_as(fact.current)}
    by_alert: dict[tuple[int, int], list[Telling]] = {}
    for each in told:
        if each.project_id == project_id and each.number in wrong:
            by_alert.setdefault((each.alert_id, each.number), []).append(each)
    return Owed(
        project_id=project_id,
        alerts=[_told(conn, *key, held, language) for key, held in by_alert.items()],
        people=people,
        perhaps=count(conn, wide) - people,
        draft_id=draft_of(conn, fact, project_id),
    )


def _told(
    conn: Connection, alert_id: int, number: int, held: Sequence[Telling], language: str
) -> Told:
    copies = _copies(held)
    left, wide = (count(conn, Outdated(((copies, ()),), perhaps=each)) for each in (False, True))
    titles = select(AlertText.language, AlertText.title).where(AlertText.alert_id == alert_id)
    known = dict(conn.execute(titles.order_by(AlertText.language)).all())
    title = known.get(language) or next(iter(known.values()), "")
    return Told(alert_id, number, title, left, wide - left)


def _telling(
    row: Any, numbers: Mapping[int, int], copies: Sequence[tuple[int, str, str]]
) -> Telling:
    lines = read(row.audience).include
    before = lines.outdated.agreed if lines.outdated else ()
    return Telling(
        number=numbers[row.version_id],
        alert_id=row.id,
        message_id=row.message_id,
        project_id=row.project_id,
        projects=tuple(dict.fromkeys([*lines.projects, *before])),
        copies=tuple(copies),
    )


def _copies(told: Iterable[Telling]) -> Copies:
    return tuple(sorted({copy for each in told for copy in each.copies}))


def _key_of(conn: Connection, version_id: int) -> str:
    found = select(Fact.key).join(FactVersion, FactVersion.fact_id == Fact.id)
    return conn.scalars(found.where(FactVersion.id == version_id)).one()
