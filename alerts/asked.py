"""What an action asks, of whom, and in which words: all of it as plain values, to be hashed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from actions.asks import Ask, read_action
from actions.custom_targets import offices_of_action

# Of an office outside Congress: who checked its number, and until when that holds.
CHECKS = ("verified_on", "verified_by", "expires_on")


def asked(conn: Connection, action_id: int) -> Mapping[str, Any]:
    """What people are asked to call, write and say, whenever somebody last checked the numbers."""
    return asked_in(conn, read_action(conn, action_id))


def asked_in(conn: Connection, ask: Ask) -> Mapping[str, Any]:
    """The same of an action that has been read."""
    named = offices_of_action(conn, ask.action_id)
    offices = {each.office.key: asdict(each.office) for each in named}
    return {
        "asks": [asdict(each) for each in ask.asks],
        "scripts": {language: asdict(words) for language, words in ask.scripts.items()},
        "goal": ask.goal,
        "deadline": ask.deadline,
        "offices": {
            key: {name: value for name, value in office.items() if name not in CHECKS}
            for key, office in offices.items()
        },
    }
