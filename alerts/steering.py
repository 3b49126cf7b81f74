"""Undo, pause, resume and stop an alert, with all that committees send of it; or one committee's part.

What a committee has decided about its own part stays decided: the network stops all parts, but does not
make one go on that its committee paused, and the reverse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select, update

from alerts.models import Alert
from alerts.preflight import find_alert
from alerts.proposals import note_parts
from alerts.weighing import naming_by_now, require_said_why
from database import locking
from database.jobs import Jobs
from messages import budgets, control, discretion
from messages.calling_off import LIVE
from messages.control import PAUSED_BY_COMMITTEE, NotNow
from messages.eligibility import family_of, take_turns
from messages.models import Message, MessageStatus, Reach
from messages.prompting import live_messages

PAUSED_BY_NETWORK = "The network has paused this alert."


class Act(StrEnum):
    """What a button of a launched alert does."""

    UNDO = "undo"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


def steer(conn: Connection, jobs: Jobs, alert_id: int, act: Act, *, by: str, now: datetime) -> int:
    """Do it to an alert and every part of it that it makes sense for; return how many copies it called off.

    The network's own message comes first, and says what holds for the whole, also when it is finished: a
    committee that joins at this moment is seen afterwards, or waits for us and is refused. Raises NotNow
    where it makes no sense for any, or cannot be done to one that it must be done to; and NotYetSaid where what
    would go on names somebody by now, whatever it was paused for.
    """
    root_id = find_alert(conn, alert_id).message_id
    if act is Act.RESUME:
        require_said_why(conn, alert_id)
    take_turns(conn, root_id)  # nobody takes up a finished part again meanwhile
    alone = len(family_of(conn, root_id)) == 1
    recalled = _recall(conn, root_id, act)
    if not recalled and (alone or _makes_sense(conn, root_id, act)):
        called_off = _DO[act](conn, jobs, root_id, "", now)
    else:
        called_off = 0
    parts = [
        each for each in family_of(conn, root_id, but=root_id) if _makes_sense(conn, each, act)
    ]
    if recalled and not parts and not _is_only_a_page(conn, root_id):
        raise NotNow(f"there is nothing to {act} in this alert now")
    called_off += sum(_DO[act](conn, jobs, each, PAUSED_BY_NETWORK, now) for each in parts)
    note_parts(conn, parts, act, actor=by, now=now)
    return called_off + steer_prompts(conn, jobs, family_of(conn, root_id), act, now)


def _is_only_a_page(conn: Connection, message_id: int) -> bool:
    """Whether it writes to nobody: then there is its page to close, at once or later."""
    return conn.scalar(select(Message.reach).where(Message.id == message_id)) == Reach.PAGE


def steer_prompts(
    conn: Connection, jobs: Jobs, family: Sequence[int], act: Act, now: datetime
) -> int:
    """The same to the reminders and questions that came of an alert and wait on their way.

    Those that are not on their way yet ask the alert itself when they are due.
    """
    done = Act.STOP if act is Act.UNDO else act
    live = [each for each in live_messages(conn, family) if _makes_sense(conn, each, done)]
    return sum(_DO[done](conn, jobs, each, PAUSED_BY_NETWORK, now) for each in live)


def set_budget(conn: Connection, jobs: Jobs, alert_id: int, cents: int, *, now: datetime) -> None:
    """Let an alert's texts cost so much, those of all committees together; what waits for money goes on,
    unless the network has paused the whole: then it does when that goes on.

    Raises NotNow when nothing of it is on its way.
    """
    root_id = find_alert(conn, alert_id).message_id
    family = family_of(conn, root_id)
    live = [each for each in family if _state(conn, each)[0] in LIVE]
    before = conn.scalar(select(Message.budget_cents).where(Message.id == root_id)) or 0
    held = _state(conn, root_id)
    if held[0] != MessageStatus.PAUSED or held[1] == budgets.because(before):
        for each in live or family[:1]:
            control.set_budget(conn, jobs, each, cents, now=now)
    if not before:
        budgets.open_account(conn, root_id, family)
    # Also what is finished: whoever joins later takes the budget from there.
    conn.execute(update(Message).where(Message.id.in_(family)).values(budget_cents=cents))


def steer_part(conn: Connection, jobs: Jobs, message_id: int, act: Act, *, now: datetime) -> None:
    """Do it to one committee's part. Raises NotNow, also where the network has paused the alert."""
    if act is Act.RESUME:
        locking.require_unlocked(conn)  # before any row is ours
        _require_discreet(conn, message_id)
    if act is Act.RESUME and _network_paused(conn, message_id):
        raise NotNow("the network has paused this alert; ask there why")
    _DO[act](conn, jobs, message_id, PAUSED_BY_COMMITTEE, now)


def _require_discreet(conn: Connection, part_id: int) -> None:
    """Let no part go on that names somebody by now: whether the name may stand, the network says."""
    discretion.take_turns(conn)
    root = select(Message.part_of).where(Message.id == part_id).scalar_subquery()
    alert_id = conn.scalars(select(Alert.id).where(Alert.message_id == root)).one()
    if naming_by_now(conn, alert_id):
        raise NotNow(
            "this alert names somebody who must not be named; ask the network, or stop your part"
        )


def pause_because(conn: Connection, family: Sequence[int], because: str) -> None:
    """Pause what is on its way; what is paused already says why as well, also what waits for money.

    Whoever pays, or resumes, would send it unknowing.
    """
    columns = (Message.id, Message.status, Message.paused_because, Message.budget_cents)
    rows = conn.execute(select(*columns).where(Message.id.in_(family)).order_by(Message.id))
    for row in rows.all():
        if row.status == MessageStatus.SENDING:
            control.pause(conn, row.id, because=because)
        elif row.status == MessageStatus.PAUSED and row.paused_because in (
            "",
            budgets.because(row.budget_cents),
        ):
            told = update(Message).where(Message.id == row.id)
            conn.execute(told.values(paused_because=because))


def _recall(conn: Connection, root_id: int, act: Act) -> bool:
    """A finished message of the network's still says whether committees may go on."""
    if act in (Act.STOP, Act.UNDO):
        return control.recall(conn, root_id, MessageStatus.STOPPED)
    return act is Act.PAUSE and control.recall(conn, root_id, MessageStatus.PAUSED)


def _network_paused(conn: Connection, message_id: int) -> bool:
    root = select(Message.part_of).where(Message.id == message_id).scalar_subquery()
    # Kept until we are done: it is not paused while we let the part go on.
    found = select(Message.status).where(Message.id == root).with_for_update(key_share=True)
    return conn.scalar(found) == MessageStatus.PAUSED


def _makes_sense(conn: Connection, message_id: int, act: Act) -> bool:
    status, because = _state(conn, message_id)
    if act is Act.PAUSE:
        return status == MessageStatus.SENDING
    if act is Act.RESUME:
        return status == MessageStatus.PAUSED and not because.endswith(PAUSED_BY_COMMITTEE)
    return status in LIVE


def _state(conn: Connection, message_id: int) -> tuple[str, str]:
    columns = (Message.status, Message.paused_because)
    status, because = conn.execute(select(*columns).where(Message.id == message_id)).one()
    return status, because


def _undo(conn: Connection, _jobs: Jobs, message_id: int, _because: str, now: datetime) -> int:
    return control.undo(conn, message_id, now=now)


def _pause(conn: Connection, _jobs: Jobs, message_id: int, because: str, _now: datetime) -> int:
    control.pause(conn, message_id, because=because)
    return 0


def _resume(conn: Connection, jobs: Jobs, message_id: int, _because: str, now: datetime) -> int:
    control.resume(conn, jobs, message_id, now=now)
    return 0


def _stop(conn: Connection, _jobs: Jobs, message_id: int, _because: str, now: datetime) -> int:
    return control.stop(conn, message_id, now=now)


_DO: dict[Act, Callable[[Connection, Jobs, int, str, datetime], int]] = {
    Act.UNDO: _undo,
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.STOP: _stop,
}
