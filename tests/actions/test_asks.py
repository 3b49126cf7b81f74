from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from actions.asks import (
    ActionDraft,
    BadAction,
    NamedOffice,
    create_action,
    read_action,
    save_office,
    unverified_offices,
)
from actions.models import CustomTarget, TargetRule
from actions.scripts import BadScript, ScriptWords
from tests.builders import SCRIPTS


def make_draft(
    rule: TargetRule = TargetRule.CONGRESS,
    scripts: Mapping[str, ScriptWords] = SCRIPTS,
    **values: Any,
) -> ActionDraft:
    return ActionDraft(target_rule=rule, scripts=scripts, **values)


def make_office(**values: Any) -> NamedOffice:
    return NamedOffice(**{"key": "embassy", "name": "Embassy", "phone": "+12025550199"} | values)


def test_action_is_read_as_it_was_written(conn: Connection, now: datetime) -> None:
    deadline = now + timedelta(days=3)

    action_id = create_action(conn, make_draft(goal=200, deadline=deadline), now=now)

    ask = read_action(conn, action_id)
    assert (ask.target_rule, ask.goal, ask.deadline) == (TargetRule.CONGRESS, 200, deadline)
    assert ask.scripts == SCRIPTS


def test_action_is_over_at_its_deadline(conn: Connection, now: datetime) -> None:
    ask = read_action(conn, create_action(conn, make_draft(deadline=now + timedelta(1)), now=now))

    assert not ask.is_over(now)
    assert ask.is_over(now + timedelta(1))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"scripts": {}}, "has no script"),
        ({"goal": 0}, "goal is 0"),
        ({"deadline": datetime.fromisoformat("2020-01-01T00:00:00Z")}, "deadline has passed"),
        ({"rule": TargetRule.CUSTOM}, "names none"),
        ({"custom_targets": ["nobody"]}, "no office is called nobody"),
    ],
)
def test_action_nobody_could_carry_out_is_refused(
    conn: Connection, now: datetime, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadAction, match=sentence):
        create_action(conn, make_draft(**values), now=now)


def test_script_with_an_unknown_field_is_refused(conn: Connection, now: datetime) -> None:
    scripts = {"en": ScriptWords(opening="I am {{ nmae }}.", ask="Please act.")}

    with pytest.raises(BadScript, match=r"did you mean \{\{ name \}\}"):
        create_action(conn, make_draft(scripts=scripts), now=now)


def test_office_is_corrected_under_its_key(conn: Connection) -> None:
    first = save_office(conn, make_office())

    again = save_office(conn, make_office(name="The Embassy"))

    assert first == again
    assert conn.scalar(select(func.count()).select_from(CustomTarget)) == 1


def test_office_in_an_unknown_zone_is_refused(conn: Connection) -> None:
    with pytest.raises(BadAction, match="America/Metropolis"):
        save_office(conn, make_office(time_zone="America/Metropolis"))


def test_offices_nobody_has_verified_are_named(conn: Connection, now: datetime) -> None:
    save_office(conn, make_office(key="old", name="Old number"))
    save_office(conn, make_office(key="new", verified_on=date(2026, 11, 1)))

    action_id = create_action(conn, make_draft(custom_targets=["new", "old"]), now=now)

    assert unverified_offices(conn, action_id) == ["Old number"]
