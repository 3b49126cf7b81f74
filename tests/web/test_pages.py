from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import jinja2
import pytest

from web.pages import compiling, environment

WITHIN = 60


@pytest.fixture
def templates() -> jinja2.Environment:
    """Those in English, none of which was looked at."""
    made = environment("en")
    assert made.cache is not None
    made.cache.clear()
    return made


def known(templates: jinja2.Environment) -> Sequence[object]:
    return list(templates.cache or ())


async def test_templates_are_compiled_before_anybody_looks(templates: jinja2.Environment) -> None:
    async with compiling(["en"]), asyncio.timeout(WITHIN):
        while len(known(templates)) < len(templates.list_templates()):  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0.05)


async def test_a_service_that_ends_at_once_compiles_no_more(templates: jinja2.Environment) -> None:
    async with compiling(["en"]):
        pass
    compiled = len(known(templates))

    time.sleep(0.2)  # noqa: ASYNC251 - only a thread could go on

    assert len(known(templates)) == compiled < len(templates.list_templates())
