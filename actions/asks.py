"""What are supporters asked to do? Actions: whom they ask people to call, in order, and the scripts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from actions.models import Action, ActionAsk, AskMode, CustomTarget, Script, TargetRule
from actions.scripts import ScriptWords, check_script
from database.once import once

MOST_ASKS = 20  # more than that nobody calls, and no form shows
COMMITTEE = re.compile(r"[HSJ][A-Z]{3}(?:[0-9]{2})?")  # as congress-legislators writes them

_ACTION = select(Action.goal, Action.deadline).where(Action.id == bindparam("action"))
_ASKS = (
    select(ActionAsk, CustomTarget.key)
    .outerjoin(CustomTarget, CustomTarget.id == ActionAsk.target_id)
    .where(ActionAsk.action_id == bindparam("action"))
    .order_by(ActionAsk.rank)
)
_OF_CONGRESS = select(ActionAsk.action_id).where(
    ActionAsk.action_id.in_(bindparam("actions", expanding=True)),
    ActionAsk.rule != TargetRule.CUSTOM,
)
_SCRIPTS = select(
    Script.language, *(getattr(Script, each.name) for each in fields(ScriptWords))
).where(Script.action_id == bindparam("action"))


class BadAction(ValueError):
    """An action nobody could carry out; the message says which part is wrong and what to do."""


@dataclass(frozen=True, kw_only=True)
class OneAsk:
    """One of the things an action asks: whom to call, in which case, and until when."""

    rule: TargetRule
    office: str = ""  # the key of an office outside Congress, if the rule is CUSTOM
    committees: Sequence[str] = ()  # codes, if the rule is COMMITTEE
    mode: AskMode = AskMode.ALWAYS
    expires_at: datetime | None = None  # it is not shown from then on
    scripts: Mapping[str, ScriptWords] = field(default_factory=dict)  # {} = the action's own

    def is_over(self, now: datetime) -> bool:
        """Whether it is no longer shown."""
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True, kw_only=True)
class ActionDraft:
    """A call to be asked for, ready to be stored."""

    asks: Sequence[OneAsk]  # in the order in which people call
    scripts: Mapping[str, ScriptWords]  # by language
    goal: int | None = None
    deadline: datetime | None = None
    project_id: int | None = None  # whose action it is; None = the network's


@dataclass(frozen=True, kw_only=True)
class Ask:
    """An action as it stands."""

    action_id: int
    asks: tuple[OneAsk, ...]
    scripts: Mapping[str, ScriptWords]
    goal: int | None
    deadline: datetime | None

    @property
    def ends_at(self) -> datetime | None:
        """When nothing is asked any more: at its deadline, or with the last of its asks."""
        ends = [each.expires_at for each in self.asks if each.expires_at is not None]
        last = max(ends) if ends and len(ends) == len(self.asks) else None
        return min((each for each in (self.deadline, last) if each is not None), default=None)

    def is_over(self, now: datetime) -> bool:
        """Whether nothing is asked any more."""
        return self.ends_at is not None and now >= self.ends_at


def simple_asks(rule: TargetRule, offices: Sequence[str] = ()) -> tuple[OneAsk, ...]:
    """The asks of a plain action: members of Congress by a rule, then the named offices."""
    first = () if rule is TargetRule.CUSTOM else (OneAsk(rule=rule),)
    named = dict.fromkeys(offices)
    return (*first, *(OneAsk(rule=TargetRule.CUSTOM, office=each) for each in named))


def create_action(conn: Connection, draft: ActionDraft, *, now: datetime) -> int:
    """Store an action; return its id.

    Raises BadAction when it could never be carried out, BadScript for a field no script knows.
    """
    _check(draft, now)
    named = _target_ids(conn, draft)
    row = insert(Action).values(goal=draft.goal, deadline=draft.deadline)
    action_id = conn.execute(row.returning(Action.id)).scalar_one()
    scripts = [
        {"action_id": action_id, "language": language, **asdict(words)}
        for language, words in draft.scripts.items()
    ]
    conn.execute(insert(Script), scripts)
    asks = [
        {
            "action_id": action_id,
            "rank": rank,
            "rule": ask.rule,
            "target_id": named.get(ask.office),
            "committees": " ".join(ask.committees),
            "mode": ask.mode,
            "expires_at": ask.expires_at,
            "scripts": {language: asdict(words) for language, words in ask.scripts.items()},
        }
        for rank, ask in enumerate(draft.asks)
    ]
    conn.execute(insert(ActionAsk), asks)
    return action_id


@once
def read_action(conn: Connection, action_id: int) -> Ask:
    """An action, its asks and its scripts; the caller knows that it exists."""
    row = conn.execute(_ACTION, {"action": action_id}).one()
    return Ask(
        action_id=action_id,
        asks=read_asks(conn, action_id),
        scripts=_read_scripts(conn, action_id),
        goal=row.goal,
        deadline=row.deadline,
    )


def reword_script(
    conn: Connection, action_id: int, language: str, changed: Mapping[str, str]
) -> None:
    """Change some parts of an action's own script in one language."""
    mine = (Script.action_id == action_id, Script.language == language)
    conn.execute(update(Script).where(*mine).values(changed))


def reword_ask(
    conn: Connection, action_id: int, rank: int, language: str, changed: Mapping[str, str]
) -> None:
    """Change some parts of the script that one of an action's asks has for itself."""
    mine = (ActionAsk.action_id == action_id, ActionAsk.rank == rank)
    held = conn.scalars(select(ActionAsk.scripts).where(*mine)).one()
    scripts = {**held, language: {**held[language], **changed}}
    conn.execute(update(ActionAsk).where(*mine).values(scripts=scripts))


def read_asks(conn: Connection, action_id: int) -> tuple[OneAsk, ...]:
    """What an action asks, in order."""
    return tuple(_ask(row) for row in conn.execute(_ASKS, {"action": action_id}))


def asking_congress(conn: Connection, action_ids: Collection[int]) -> frozenset[int]:
    """Those of these actions that ask people to call members of Congress."""
    if not action_ids:
        return frozenset()
    return frozenset(conn.scalars(_OF_CONGRESS, {"actions": list(action_ids)}))


def _ask(row: Row[*tuple[Any, ...]]) -> OneAsk:
    return OneAsk(
        rule=TargetRule(row.rule),
        office=row.key or "",
        committees=tuple(row.committees.split()),
        mode=AskMode(row.mode),
        expires_at=row.expires_at,
        scripts={language: ScriptWords(**parts) for language, parts in row.scripts.items()},
    )


def _check(draft: ActionDraft, now: datetime) -> None:
    if not draft.scripts:
        raise BadAction("the action has no script; write what people are to say on the telephone")
    if draft.goal is not None and draft.goal < 1:
        raise BadAction(f"the goal is {draft.goal} calls; leave it out or hope for at least one")
    if draft.deadline is not None and draft.deadline <= now:
        raise BadAction("the deadline has passed already; choose a later one or leave it out")
    if not draft.asks:
        raise BadAction("the action calls only named offices, but names none; add at least one")
    if len(draft.asks) > MOST_ASKS:
        raise BadAction(
            f"the action asks for {len(draft.asks)} calls; keep the 20 that matter most"
        )
    for ask in draft.asks:
        check_ask(ask)
    for words in draft.scripts.values():
        check_script(words)


def check_ask(ask: OneAsk) -> None:
    """Raise BadAction for an ask nobody could follow, BadScript for a field no script knows."""
    if ask.rule is TargetRule.CUSTOM and not ask.office:
        raise BadAction("an ask is for an office outside Congress, but names none; choose one")
    if ask.rule is TargetRule.COMMITTEE:
        _check_committees(ask)
    for words in ask.scripts.values():
        check_script(words)


def _check_committees(ask: OneAsk) -> None:
    if not ask.committees:
        raise BadAction("an ask is for members of a committee, but names none; write one like HSFA")
    for code in ask.committees:
        if not COMMITTEE.fullmatch(code):
            raise BadAction(f"{code} is not a committee; write a code such as HSFA, HSFA07 or SSFR")
    if ask.mode is AskMode.ALWAYS:
        raise BadAction(
            "an ask for members of a committee cannot be for everybody, because most people have"
            " nobody there; choose when it applies, or the first of several"
        )


def _target_ids(conn: Connection, draft: ActionDraft) -> dict[str, int]:
    """The offices that the asks name, by key; a project uses its own and the network's."""
    keys = [ask.office for ask in draft.asks if ask.office]
    columns = (CustomTarget.key, CustomTarget.id, CustomTarget.project_id)
    known = {
        row.key: row for row in conn.execute(select(*columns).where(CustomTarget.key.in_(keys)))
    }
    for key in keys:
        # Another project's is answered like one that does not exist.
        theirs = draft.project_id and key in known and known[key].project_id is not None
        if key not in known or (theirs and known[key].project_id != draft.project_id):
            raise BadAction(f"no office is called {key}; add it first or correct its key")
    return {key: row.id for key, row in known.items()}


def _read_scripts(conn: Connection, action_id: int) -> dict[str, ScriptWords]:
    """What an action's callers say and write, by language."""
    rows = conn.execute(_SCRIPTS, {"action": action_id})
    return {language: ScriptWords(*parts) for language, *parts in rows}
