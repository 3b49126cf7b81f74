"""The scanners' silence is believed only where they have seen something; what they report is explained."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, build_opener, urlopen

import pytest

from tests.attacks.planted import full_of_holes
from tests.attacks.scanners import Broken, Finding, Scanners
from tests.attacks.suite import Held, read
from tests.attacks.tools import KNOWN, Told, is_known, report

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "docs" / "security.md").read_text("utf-8")
URL = "http://127.0.0.1:1/people?q=a"


class Unled(HTTPRedirectHandler):
    """Goes nowhere."""

    def redirect_request(self, *_told: object) -> None:
        return None


def make_scanner(folder: Path, name: str, said: str) -> Scanners:
    """A scanner that says just that."""
    program = folder / name
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n", encoding="utf-8")
    program.chmod(0o700)
    return Scanners(folder, folder)


def test_what_was_planted_is_there() -> None:
    with full_of_holes() as base:
        injected = urlopen(f"{base}/people?q={quote(chr(39) + ' OR 1=1--')}").read().decode()
        with pytest.raises(HTTPError) as led:
            build_opener(Unled()).open(f"{base}/go?next=https://evil.example")
        led.value.close()

    assert "('a',), ('b',)" in injected
    assert led.value.headers["Location"] == "https://evil.example"


def test_an_injection_is_read_from_what_sqlmap_says(tmp_path: Path) -> None:
    scanners = make_scanner(tmp_path, "sqlmap", "---\nParameter: q (GET)\n    Type: boolean-based")

    assert scanners.sqlmap(URL) == [Finding("sqlmap", "SQL injection", f"{URL}: q (GET)")]


def test_nothing_is_found_only_if_sqlmap_says_so(tmp_path: Path) -> None:
    words = "[CRITICAL] all tested parameters do not appear to be injectable."

    assert make_scanner(tmp_path, "sqlmap", words).sqlmap(URL) == []
    with pytest.raises(Broken):
        make_scanner(tmp_path, "sqlmap", "[CRITICAL] connection refused").sqlmap(URL)


def test_a_scanner_that_writes_no_report_has_not_worked(tmp_path: Path) -> None:
    with pytest.raises(Broken):
        make_scanner(tmp_path, "wapiti", "").wapiti("http://127.0.0.1:1/", seconds=8)


def test_bandit_that_read_nothing_has_not_worked(tmp_path: Path) -> None:
    said = {"errors": [], "results": [], "metrics": {"_totals": {"loc": 0}}}

    with pytest.raises(Broken):
        make_scanner(tmp_path, "bandit", json.dumps(said)).bandit()


def test_the_same_report_about_another_place_is_new() -> None:
    assert is_known(Finding("bandit", "B302", "contacts/chunking.py"))
    assert not is_known(Finding("bandit", "B302", "web/webhooks.py"))
    assert not is_known(Finding("sqlmap", "SQL injection", URL))


@pytest.mark.parametrize(("tool", "kind"), KNOWN)
def test_what_is_known_is_explained(tool: str, kind: str) -> None:
    [row] = [line for line in SECURITY.splitlines() if line.startswith(f"| {tool} | {kind} |")]

    assert len(row.split("|")[4].split()) > 5


def test_a_report_names_what_nobody_has_explained() -> None:
    told = Told()
    told.add("sqlmap at /x", [Finding("sqlmap", "SQL injection", URL)])

    assert f"**sqlmap SQL injection**: {URL}" in report(told)


def test_tests_are_read_by_file_and_name() -> None:
    said = read(
        '<testsuites><testsuite><testcase classname="tests.web.test_x" name="test_a[sqlite]"/>'
        '<testcase classname="tests.web.test_x" name="test_b"><failure/></testcase>'
        "</testsuite></testsuites>"
    )

    assert said == [
        ("tests/web/test_x.py::test_a", "passed"),
        ("tests/web/test_x.py::test_b", "failed"),
    ]


def test_no_test_holds_nothing() -> None:
    assert Held({"passed": 2}).good
    assert not Held({}).good
    assert not Held({"passed": 2, "skipped": 1}).good
