"""What are supporters asked to do? Actions, their scripts and the offices named on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from actions.models import Action, ActionTarget, CustomTarget, Script, TargetRule
from actions.scripts import ScriptWords, check_script
from database.upserts import insert_or


class BadAction(ValueError):
    """An action nobody could carry out; the message says which part is wrong and what to do."""


@dataclass(frozen=True, kw_only=True)
class NamedOffice:
    """An office outside Congress, as an organizer enters it."""

    key: str  # its own name in our records, e.g. "sv-embassy-dc"
    name: str
    phone: str  # E.164
    title: str = ""
    institution: str = ""
    hours: str = ""
    time_zone: str = "America/New_York"
    source: str = ""  # where the number was found
    verified_on: date | None = None  # when somebody last checked it; without it nobody calls
    verified_by: str = ""


@dataclass(frozen=True, kw_only=True)
class ActionDraft:
    """A call to be asked for, ready to be stored."""

    target_rule: TargetRule
    scripts: Mapping[str, ScriptWords]  # by language
    goal: int | None = None
    deadline: datetime | None = None
    custom_targets: Sequence[str] = field(default=())  # keys of named offices, in order


@dataclass(frozen=True, kw_only=True)
class Ask:
    """An action as it stands."""

    action_id: int
    target_rule: TargetRule
    scripts: Mapping[str, ScriptWords]
    goal: int | None
    deadline: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and now >= self.deadline


def create_action(conn: Connection, draft: ActionDraft, *, now: datetime) -> int:
    """Store an action; return its id.

    Raises BadAction when it could never be carried out, BadScript for a field no script knows.
    """
    _check(draft, now)
    named = _target_ids(conn, draft.custom_targets)
    rule, deadline = draft.target_rule, draft.deadline
    row = insert(Action).values(target_rule=rule, goal=draft.goal, deadline=deadline)
    action_id = conn.execute(row.returning(Action.id)).scalar_one()
    scripts = [
        {"action_id": action_id, "language": language, **asdict(words)}
        for language, words in draft.scripts.items()
    ]
    conn.execute(insert(Script), scripts)
    if named:
        ranked = [
            {"action_id": action_id, "target_id": target_id, "rank": rank}
            for rank, target_id in enumerate(named)
        ]
        conn.execute(insert(ActionTarget), ranked)
    return action_id


def read_action(conn: Connection, action_id: int) -> Ask:
    """An action and its scripts; the caller knows that it exists."""
    row = conn.execute(
        select(Action.target_rule, Action.goal, Action.deadline).where(Action.id == action_id)
    ).one()
    return Ask(
        action_id=action_id,
        target_rule=TargetRule(row.target_rule),
        scripts=_scripts(conn, action_id),
        goal=row.goal,
        deadline=row.deadline,
    )


def save_office(conn: Connection, office: NamedOffice) -> int:
    """Store an office outside Congress, or correct the one of the same key; return its id."""
    _check_zone(office)
    values = asdict(office)
    changed = {name: value for name, value in values.items() if name != "key"}
    saving = insert_or(conn, CustomTarget).values(**values)
    saving = saving.on_conflict_do_update(index_elements=["key"], set_=changed)
    return conn.execute(saving.returning(CustomTarget.id)).scalar_one()


def unverified_offices(conn: Connection, action_id: int) -> list[str]:
    """Names of offices on an action whose number nobody has checked: they are not shown."""
    named = select(CustomTarget.name).join(ActionTarget, ActionTarget.target_id == CustomTarget.id)
    named = named.where(ActionTarget.action_id == action_id, CustomTarget.verified_on.is_(None))
    return list(conn.scalars(named.order_by(ActionTarget.rank)))


def _check(draft: ActionDraft, now: datetime) -> None:
    if not draft.scripts:
        raise BadAction("the action has no script; write what people are to say on the telephone")
    if draft.goal is not None and draft.goal < 1:
        raise BadAction(f"the goal is {draft.goal} calls; leave it out or hope for at least one")
    if draft.deadline is not None and draft.deadline <= now:
        raise BadAction("the deadline has passed already; choose a later one or leave it out")
    if draft.target_rule == TargetRule.CUSTOM and not draft.custom_targets:
        raise BadAction("the action calls only named offices, but names none; add at least one")
    for words in draft.scripts.values():
        check_script(words)


def _check_zone(office: NamedOffice) -> None:
    try:
        ZoneInfo(office.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise BadAction(
            f"the office {office.key} has the time zone {office.time_zone!r}, which is not known;"
            " write one such as America/New_York"
        ) from error


def _target_ids(conn: Connection, keys: Sequence[str]) -> list[int]:
    known = select(CustomTarget.key, CustomTarget.id).where(CustomTarget.key.in_(keys))
    ids = dict(conn.execute(known).all())
    for key in keys:
        if key not in ids:
            raise BadAction(f"no office is called {key}; add it first or correct its key")
    return [ids[key] for key in dict.fromkeys(keys)]


def _scripts(conn: Connection, action_id: int) -> dict[str, ScriptWords]:
    names = [each.name for each in fields(ScriptWords)]
    columns = [Script.language, *(getattr(Script, name) for name in names)]
    rows = conn.execute(select(*columns).where(Script.action_id == action_id))
    return {language: ScriptWords(*parts) for language, *parts in rows}
