"""Whatever the reports of emails and of their campaign tell is subtracted here, and no small number comes of it."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from alerts.hiding import Hidden
from alerts.numbers import FEW
from alerts.told_emails import discreet, summed, tell_parts, together
from campaigns.reports import added
from campaigns.results import Part, Result

NAMES = ("clicked", "acted")
LANGUAGES = ("en", "es", "")


def an_email(chance: random.Random) -> tuple[Result, dict[str, Part]]:
    """How an email did, and its people by language."""
    most = chance.choice((3, 8, 40))
    parts = {}
    for code in LANGUAGES:
        acted = chance.randrange(most)
        clicked = acted + chance.randrange(most)
        parts[code] = Part(left=clicked + chance.randrange(most), clicked=clicked, acted=acted)
    whole = sum(parts.values(), Part())
    through = chance.randrange(whole.acted + 1)
    result = Result(
        left=whole.left,
        clicked=whole.clicked,
        acted=whole.acted,
        through=through,
        calls=whole.acted + chance.randrange(3),
        refused=chance.randrange(most),
        complaints=chance.randrange(3),
        replies=chance.randrange(most),
    )
    return result, parts


def is_small(number: int) -> bool:
    return 0 < number < FEW


def hidden_of(column: Mapping[str, Hidden], truth: Mapping[str, int]) -> list[int]:
    return [truth[key] for key, told in column.items() if told is None]


@pytest.mark.parametrize("seed", range(12))
def test_nothing_told_of_an_email_is_small_nor_tells_of_what_is(seed: int) -> None:
    result, parts = an_email(random.Random(seed))

    told = discreet(result)
    lines = tell_parts(parts, told, whole=False)

    for name, number in vars(told).items():
        assert name == "left" or number is None or not is_small(number)
        assert number in (None, getattr(result, name))
    if told.acted is not None and told.through is not None:
        assert not is_small(told.acted - told.through)
    for name in ("left", *NAMES):
        truth = {key: getattr(each, name) for key, each in parts.items()}
        column = {key: getattr(each, name) for key, each in lines.items()}
        assert not any(number is not None and is_small(number) for number in column.values())
        hidden = hidden_of(column, truth)
        if (getattr(told, name) or 0) >= FEW:
            assert not hidden or (len(hidden) > 1 and sum(hidden) >= FEW)


@pytest.mark.parametrize("seed", range(12))
def test_a_campaign_less_its_other_emails_tells_of_no_small_one(seed: int) -> None:
    chance = random.Random(seed)
    emails = [an_email(chance) for _ in range(chance.choice((1, 2, 4)))]

    told = [discreet(result) for result, _ in emails]
    tables = [
        tell_parts(parts, each, whole=False) for (_, parts), each in zip(emails, told, strict=True)
    ]
    apart = {
        name: {
            key for table in tables for key, part in table.items() if getattr(part, name) is None
        }
        for name in ("left", *NAMES)
    }
    every = together(told)
    whole = tell_parts(added([parts for _, parts in emails]), every, whole=False, apart=apart)

    for name, number in vars(every).items():
        own = [getattr(each, name) for each in told]
        assert (number is None) == (None in own)
        assert number is None or number == sum(getattr(result, name) for result, _ in emails)
    for name in NAMES:
        for key in LANGUAGES:
            if getattr(whole[key], name) is not None:
                assert all(getattr(table[key], name) is not None for table in tables)


def test_a_sum_of_nothing_is_nothing() -> None:
    assert summed([]) == 0
    assert summed([7, None]) is None
    assert summed([7, 0]) == 7
