"""The log never ends what it tells of."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

import logs
from tests import plain_logs


class FullDisk(io.StringIO):
    """As a file on a disk without a byte left, until somebody makes room."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    yield
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)
    plain_logs.restore()


def test_full_disk_costs_lines_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    disk = FullDisk()
    logs.configure("info", stream=disk)

    structlog.get_logger("messages").error("outcomes not recorded", batch=2)
    logging.getLogger("somebody").warning("so it is")
    disk.full = False
    structlog.get_logger("messages").info("receipts", events=3)

    assert '"events": 3' in disk.getvalue()
    assert "outcomes" not in disk.getvalue()
    assert capsys.readouterr().err == ""


def test_closed_stream_is_no_error() -> None:
    stream = io.StringIO()
    logs.configure("info", stream=stream)
    stream.close()

    structlog.get_logger("messages").info("receipts", events=3)
