"""What is written to the log: JSON lines with ids, never phone numbers, addresses or texts."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog

# They log the addresses they fetch, or every job of every second.
TALKATIVE = ("aiohttp.access", "twilio", "procrastinate", "alembic")
# It warns when something is due while it still runs, which is then left out, as we ask it to.
ANXIOUS = "apscheduler"


class Unfailing:
    """A stream that loses a line rather than the service.

    The disk that holds the log may be full, or whoever reads it may be gone, just when there is much to
    say; an error from here would end the sender that wants to tell of another.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure(level: str, *, stream: TextIO | None = None) -> None:
    """Send our own lines and the libraries' warnings to a stream (stderr), as JSON."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    safe = cast("TextIO", Unfailing(stream or sys.stderr))
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(safe),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(safe)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(numeric)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(numeric, logging.WARNING))
    logging.getLogger(ANXIOUS).setLevel(max(numeric, logging.ERROR))
