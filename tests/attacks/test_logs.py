"""No text that a stranger sends begins a line of its own in the log, or colours a terminal (case 23)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

import logs
from tests import plain_logs

DECEIVING = [
    'x\n{"event": "audit head", "entries": 1}',
    "x\r\nlevel=error",
    "\x1b[2J\x1b[31mred",
    "\x00\x07\x08",
    "x\u2028y\u2029z\x85",
    "\u202egpj.exe",
]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    told = io.StringIO()
    logs.configure("info", stream=told)
    yield told
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)
    plain_logs.restore()


@pytest.mark.parametrize("text", DECEIVING, ids=range(len(DECEIVING)))
def test_a_text_stays_within_its_own_line(stream: io.StringIO, text: str) -> None:
    structlog.get_logger("web").info("request", route=text)
    logging.getLogger("aiohttp.server").warning("bad request: %s", text)

    lines = stream.getvalue().splitlines()

    assert len(lines) == 2
    assert json.loads(lines[0])["route"] == text
    assert all(line.isascii() and line.isprintable() for line in lines)
