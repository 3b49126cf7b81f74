from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from actions.asks import (
    ActionDraft,
    BadAction,
    OneAsk,
    create_action,
    read_action,
    simple_asks,
)
from actions.models import AskMode, TargetRule
from actions.scripts import BadScript, ScriptWords
from tests.builders import SCRIPTS, make_office, make_project


def make_draft(
    rule: TargetRule = TargetRule.CONGRESS,
    scripts: Mapping[str, ScriptWords] = SCRIPTS,
    **values: Any,
) -> ActionDraft:
    return ActionDraft(**{"asks": simple_asks(rule), "scripts": scripts, **values})


def test_action_is_read_as_it_was_written(conn: Connection, now: datetime) -> None:
    deadline = now + timedelta(days=3)

    action_id = create_action(conn, make_draft(goal=200, deadline=deadline), now=now)

    ask = read_action(conn, action_id)
    assert (ask.asks, ask.goal, ask.deadline) == (simple_asks(TargetRule.CONGRESS), 200, deadline)
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
        (
            {"asks": [OneAsk(rule=TargetRule.CUSTOM, office="nobody")]},
            "no office is called nobody",
        ),
        ({"asks": [OneAsk(rule=TargetRule.SENATORS)] * 21}, "asks for 21 calls; keep the 20"),
        ({"asks": [OneAsk(rule=TargetRule.CUSTOM)]}, "names none; choose one"),
        ({"asks": [OneAsk(rule=TargetRule.COMMITTEE, mode=AskMode.FIRST)]}, "names none"),
        (
            {"asks": [OneAsk(rule=TargetRule.COMMITTEE, committees=["HSFA"])]},
            "cannot be for everybody",
        ),
        (
            {"asks": [OneAsk(rule=TargetRule.COMMITTEE, committees=["Foreign"])]},
            "Foreign is not a committee",
        ),
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


def test_asks_are_read_as_they_were_written(conn: Connection, now: datetime) -> None:
    make_office(conn, "embassy")
    asks = (
        OneAsk(
            rule=TargetRule.COMMITTEE,
            committees=("HSFA", "SSFR06"),
            mode=AskMode.FIRST,
            expires_at=now + timedelta(days=2),
            scripts=SCRIPTS,
        ),
        OneAsk(rule=TargetRule.CUSTOM, office="embassy", mode=AskMode.FIRST),
    )

    ask = read_action(conn, create_action(conn, make_draft(asks=asks), now=now))

    assert ask.asks == asks
    assert ask.ends_at is None


def test_action_ends_with_the_last_of_its_asks(conn: Connection, now: datetime) -> None:
    asks = [
        OneAsk(rule=TargetRule.SENATORS, expires_at=now + timedelta(days=each)) for each in (2, 5)
    ]

    ask = read_action(conn, create_action(conn, make_draft(asks=asks), now=now))

    assert ask.ends_at == now + timedelta(days=5)
    assert not ask.is_over(now + timedelta(days=3))


def test_an_office_of_another_project_cannot_be_asked(conn: Connection, now: datetime) -> None:
    madison, bangor = make_project(conn, "Madison"), make_project(conn, "Bangor")
    make_office(conn, "theirs", project_id=bangor)
    asks = simple_asks(TargetRule.CUSTOM, ["theirs"])

    with pytest.raises(BadAction, match="no office is called theirs"):
        create_action(conn, make_draft(asks=asks, project_id=madison), now=now)
    assert create_action(conn, make_draft(asks=asks), now=now)
