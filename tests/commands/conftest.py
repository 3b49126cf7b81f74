"""Commands are run here as in ``tests/test_cli.py``."""

from tests.test_cli import llamado

__all__ = ["llamado"]
