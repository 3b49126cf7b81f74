"""Change what is known of a fact, and let everything that cites it follow, in one transaction.

Drafts say what is known now. So do the public pages and the scripts of alerts that were launched; their messages
stay as they were sent. A message that is still on its way pauses, for a person to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from actions.asks import reword_ask, reword_script
from alerts import facts, sharing
from alerts.citation_models import Citation, FactCorrection
from alerts.citing import ASK, SCRIPT, SENT, Place, as_written, fill, resolve, written_of
from alerts.drafts import FactDraft
from alerts.fact_models import ClearedBy
from alerts.models import Alert, AlertText
from alerts.steering import pause_because
from alerts.stored import told_draft
from alerts.timeline import KnownFact, Version, facts_of, find_fact
from alerts.writers import drafts_of_case, writing
from messages import control
from messages.eligibility import family_of
from messages.estimating import most_segments
from messages.house import HouseRules
from messages.models import Message, MessageStatus


def add_fact(conn: Connection, case_id: int, draft: FactDraft, *, by: str, now: datetime) -> int:
    """Note a new fact of a case, whose drafts tell it from now on; return its id. Raises BadFact."""
    with writing(conn, drafts_of_case(conn, case_id), by=by):
        return facts.add_fact(conn, case_id, draft, by=by, now=now)


def change_fact(
    conn: Connection,
    fact_id: int,
    draft: FactDraft,
    *,
    note: str,
    house: HouseRules,
    by: str,
    now: datetime,
) -> int:
    """Note what is known of a fact now; return the version's id. Raises as ``facts.change_fact``."""
    with writing(conn, _drafts(conn, fact_id), by=by):
        version_id = facts.change_fact(conn, fact_id, draft, note=note, by=by, now=now)
        _follow(conn, fact_id, house, now)
    return version_id


def withdraw_fact(
    conn: Connection, fact_id: int, *, why: str, house: HouseRules, by: str, now: datetime
) -> int:
    """Take a fact back; return the version's id. Raises as ``facts.withdraw_fact``."""
    with writing(conn, _drafts(conn, fact_id), by=by):
        version_id = facts.withdraw_fact(conn, fact_id, why=why, by=by, now=now)
        _follow(conn, fact_id, house, now)
    return version_id


def clear_fact(
    conn: Connection,
    fact_id: int,
    *,
    cleared_by: ClearedBy,
    override: str = "",
    house: HouseRules,
    by: str,
    now: datetime,
) -> int:
    """Release a fact; return the version's id. Raises as ``facts.clear_fact``."""
    with writing(conn, _drafts(conn, fact_id), by=by):
        version_id = facts.clear_fact(
            conn, fact_id, cleared_by=cleared_by, override=override, by=by, now=now
        )
        _follow(conn, fact_id, house, now)
    return version_id


def because(key: str) -> str:
    """Why a message pauses that tells what is not known to be so any more."""
    return (
        f"What this message tells of {key} has changed: look at the case, then stop the message, or resume"
        " to send it as it is."
    )


def _drafts(conn: Connection, fact_id: int) -> set[int]:
    """The drafts that may tell of a fact, which nobody else changes meanwhile. Raises NoSuchFact."""
    return drafts_of_case(conn, facts.hold_fact(conn, fact_id).case_id)


def _follow(conn: Connection, fact_id: int, house: HouseRules, now: datetime) -> None:
    fact = find_fact(conn, fact_id)
    for alert_id, message_id in _citing(conn, fact):
        # Whoever launches it holds the row: afterwards it is a draft still, or on its way.
        if control.locked(conn, message_id).status == MessageStatus.DRAFT:
            _renew(conn, alert_id, fact, now, places=None)
            _reckon(conn, alert_id, message_id, house, now)
            sharing.forget_answers(conn, alert_id)
        else:
            _renew(conn, alert_id, fact, now, places=SENT)
            _pause(conn, alert_id, message_id, fact, now)


def _citing(conn: Connection, fact: KnownFact) -> list[tuple[int, int]]:
    """The alerts that cite a fact in any version, or correct one, with their messages, in the order of those."""
    versions = [each.id for each in fact.versions]
    cited = select(Citation.alert_id).where(Citation.version_id.in_(versions))
    corrected = select(FactCorrection.alert_id).where(FactCorrection.version_id.in_(versions))
    rows = select(Alert.id, Alert.message_id).where(
        or_(Alert.id.in_(cited), Alert.id.in_(corrected))
    )
    rows = rows.order_by(Alert.message_id)
    return [(alert_id, message_id) for alert_id, message_id in conn.execute(rows)]


def _renew(
    conn: Connection,
    alert_id: int,
    fact: KnownFact,
    now: datetime,
    *,
    places: tuple[str, ...] | None,
) -> None:
    """Say in an alert's texts, but for some places, what is known now."""
    kept = places or ()
    older = [each.id for each in fact.versions[1:]]
    stale = (
        Citation.alert_id == alert_id,
        Citation.version_id.in_(older),
        Citation.place.not_in(kept),
    )
    moved = conn.execute(
        delete(Citation).where(*stale).returning(Citation.place, Citation.language)
    ).all()
    rows = [
        {"alert_id": alert_id, "version_id": fact.current.id, "place": place, "language": language}
        for place, language in dict.fromkeys((row.place, row.language) for row in moved)
    ]
    if rows:
        conn.execute(insert(Citation), rows)
    known = {each.key: each for each in facts_of(conn, fact.case_id)}
    written = written_of(conn, alert_id)
    action_id, message_id = conn.execute(
        select(Alert.action_id, Alert.message_id).where(Alert.id == alert_id)
    ).one()
    for row in rows:
        place: Place = (str(row["place"]), str(row["language"]))
        text = fill(known, written[place], place[1], now=now)
        _put(conn, alert_id, action_id, message_id, place, text)


def _put(
    conn: Connection, alert_id: int, action_id: int, message_id: int, place: Place, text: str
) -> None:
    """Write one piece of an alert anew, where it is kept."""
    where, language = place
    if where in SENT:
        control.reword(conn, message_id, language, {where: text})
    elif where.startswith(SCRIPT):
        reword_script(conn, action_id, language, {where.removeprefix(SCRIPT): text})
    elif where.startswith(ASK):
        rank, _, part = where.removeprefix(ASK).partition(".")
        reword_ask(conn, action_id, int(rank), language, {part: text})
    else:
        mine = (AlertText.alert_id == alert_id, AlertText.language == language)
        conn.execute(update(AlertText).where(*mine).values({where: text}))


def _reckon(
    conn: Connection, alert_id: int, message_id: int, house: HouseRules, now: datetime
) -> None:
    """How many segments a draft takes in its new words."""
    draft = as_written(told_draft(conn, alert_id), written_of(conn, alert_id))
    case_id = conn.scalars(select(Alert.case_id).where(Alert.id == alert_id)).one()
    longest: Mapping[str, control.Words] = resolve(conn, case_id, draft, now=now).longest
    segments = most_segments(longest, draft.merge_defaults, house.identity)
    conn.execute(update(Message).where(Message.id == message_id).values(segments=segments))


def _pause(
    conn: Connection, alert_id: int, message_id: int, fact: KnownFact, now: datetime
) -> None:
    """Pause what is on its way and tells another thing than is known; also what waits for money."""
    sent = select(Citation.version_id).where(
        Citation.alert_id == alert_id, Citation.place.in_(SENT)
    )
    corrected = select(FactCorrection.version_id).where(FactCorrection.alert_id == alert_id)
    told = {*conn.scalars(sent), *conn.scalars(corrected)}
    if all(_still(each, fact, now) for each in fact.versions if each.id in told):
        return
    pause_because(conn, family_of(conn, message_id), because(fact.key))


def _still(version: Version, fact: KnownFact, now: datetime) -> bool:
    """Whether what was sent is what may be told now: a correction may say that something is not so."""
    return fact.current.is_released(now) and version.tells_as(fact.current)
