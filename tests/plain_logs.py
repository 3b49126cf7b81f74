"""The log as tests print it: without pictures of every variable, which take seconds an exception."""

from __future__ import annotations

import structlog


def restore() -> None:
    """Forget what a test had configured."""
    structlog.reset_defaults()
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[structlog.stdlib.add_log_level, plain])
