"""Count the tests of JUnit files, print the total as one plain line, and fail if any of them did."""

from __future__ import annotations

import sys
from xml.etree import ElementTree as Xml


def main(paths: list[str]) -> int:
    """Exit code: 0 when tests ran and none failed."""
    suites = [suite for path in paths for suite in Xml.parse(path).getroot().iter("testsuite")]
    total, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "skipped")
    )
    failed = sum(int(suite.get(name, 0)) for suite in suites for name in ("failures", "errors"))
    passed = total - failed - skipped
    sys.stdout.write(f"{passed} passed, {failed} failed, {skipped} skipped\n")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
