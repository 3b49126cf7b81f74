"""What a few cases of the matrix share when they run among the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.faults.own_postgres import own_postgres
from tests.faults.stage import Grounds

PEOPLE = 80


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    """A folder, and a PostgreSQL of our own once somebody asks for it."""
    folder: Path = tmp_path_factory.mktemp("faults")
    with ExitStack() as stack:
        server = cache(lambda: stack.enter_context(own_postgres()))
        yield Grounds(folder, server, people=PEOPLE)
