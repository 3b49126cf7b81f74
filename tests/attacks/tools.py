"""Let wapiti, sqlmap and bandit look for holes, in a service of its own; write build/attack.md.

    python -m tests.attacks.tools --tools build/scanners/bin

Each first has to find the holes of a service that is full of them. Exit code 1 when one reports what
docs/security.md does not explain, or did not do its work.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from tests.attacks.planted import HOLES, full_of_holes
from tests.attacks.scanners import Broken, Finding, Scanners
from tests.attacks.stage import Facts, staged
from tests.attacks.visitors import COOKIE, SAME, Visitor

# What was looked at and is no hole, by tool and kind: in which words of ``where``. The reasons are in
# docs/security.md, under "What the scanners report".
KNOWN = {
    ("bandit", "B101"): r"messages/(reconciling|remembering)\.py",
    ("bandit", "B104"): r"fitting\.py",
    ("bandit", "B105"): r".",
    ("bandit", "B106"): r".",
    ("bandit", "B302"): r"contacts/chunking\.py",
    (
        "bandit",
        "B311",
    ): r"commands/invented\.py|messages/providers/simulated_lives\.py|web/errors\.py",
    ("bandit", "B404"): r"contacts/aside\.py",
    ("bandit", "B603"): r"contacts/aside\.py",
    ("bandit", "B608"): r"contacts/ledger\.py|database/bulk\.py",
    ("wapiti", "Cross Site Request Forgery"): (
        r"^POST (/a/\w+|/p/\w+|/u/\w+|/console/(sign-in(/passkey)?|forgot)): Lack of anti CSRF token$"
    ),
}
# Where a scanner would sign itself out, or take its own rights away, and see nothing from then on.
LEAVING = ("sign-out", "account", "language", "confirm", "lock")


@dataclass
class Told:
    """What the scanners said, and how much they looked at."""

    findings: list[Finding] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # of the report, a sentence each

    def add(self, sentence: str, found: Sequence[Finding]) -> None:
        self.findings += found
        self.lines.append(f"{sentence}: {len(found)} reported.")
        say(self.lines[-1])

    @property
    def unexplained(self) -> list[Finding]:
        return sorted(each for each in self.findings if not is_known(each))


def say(sentence: str) -> None:
    """Tell whoever waits."""
    Console(soft_wrap=True).print(sentence, highlight=False, markup=False)


def is_known(finding: Finding) -> bool:
    """Whether docs/security.md explains it."""
    where = KNOWN.get((finding.tool, finding.kind))
    return where is not None and re.search(where, finding.where) is not None


def look_at_planted(scanners: Scanners, told: Told) -> None:
    """Raise Broken unless wapiti and sqlmap see what anybody would."""
    with full_of_holes() as base:
        _, found = scanners.wapiti(f"{base}/", seconds=60)
        missed = HOLES - {each.kind for each in found}
        if missed:
            raise Broken(f"wapiti did not see what was planted: {', '.join(sorted(missed))}")
        if not scanners.sqlmap(f"{base}/people?q=a"):
            raise Broken("sqlmap did not see the injection that was planted")
    told.lines.append(
        "In a service full of holes, wapiti and sqlmap found those that were planted."
    )
    say(told.lines[-1])


def look_as_organizer(scanners: Scanners, facts: Facts, told: Told, *, seconds: int) -> None:
    """The console, as an admin of a project who is signed in by a second step."""
    ana, base = facts.accounts["ana"], f"{facts.url}/console/"
    browser = Visitor(facts.url).sign_in(ana)
    headers = {"Cookie": f"{COOKIE}={browser.cookie}", **SAME}
    leave = [f"{base}{each}*" for each in (*LEAVING, f"members/{ana.id}/")]
    pages, found = scanners.wapiti(base, headers=headers, leave=leave, seconds=seconds)
    _require_in(browser)
    told.add(f"wapiti as an organizer, {pages} pages and forms", found)
    addresses = (
        "contacts?q=a&project=1&from=0",
        "record?kind=session&who=x&before=9",
        "unknown?message=1",
        f"alerts/{facts.ours['draft_id']}?person=1",
        "sign-in?next=/console/",
    )
    for each in addresses:
        told.add(f"sqlmap at /console/{each}", scanners.sqlmap(base + each, headers=headers))
    _require_in(browser)


def look_as_stranger(scanners: Scanners, facts: Facts, told: Told, *, seconds: int) -> None:
    """The public pages, the sign-in and the webhooks."""
    base = facts.url
    pages = [f"{base}/p/{facts.slug}", f"{base}/a/{facts.token}", f"{base}/u/{facts.token}"]
    seen, found = scanners.wapiti(f"{base}/", starts=pages, headers=SAME, seconds=seconds)
    told.add(f"wapiti as a stranger, {seen} pages and forms", found)
    for path, body in (
        (f"/p/{facts.slug}?zip=53703&district=WI-2&target=x&after=x&lang=en", ""),
        (f"/a/{facts.token}?zip=53703&district=WI-2&target=x&after=x&lang=en", ""),
        (f"/p/{facts.slug}", "target=x&outcome=spoke&note=x"),
        ("/console/sign-in", "email=a@example.org&password=x&next=/"),
        ("/console/forgot", "email=a@example.org"),
    ):
        found = scanners.sqlmap(base + path, body=body, headers=SAME)
        told.add(f"sqlmap at {path.partition('?')[0]}{' (form)' if body else ''}", found)


def _require_in(browser: Visitor) -> None:
    """A scanner whose session has ended knocks at the sign-in and calls that a good result."""
    if browser.get("/console/contacts").status != 200:
        raise Broken("the scanner's session ended while it was at work")


def report(told: Told) -> str:
    """What is kept of it."""
    counts = Counter((each.tool, each.kind) for each in told.findings)
    lines = ["# What the scanners said", "", *(f"- {each}" for each in told.lines), ""]
    lines += ["| scanner | reports | times | explained |", "|---|---|---|---|"]
    unexplained = {(each.tool, each.kind) for each in told.unexplained}
    for (tool, kind), times in sorted(counts.items()):
        explained = "no" if (tool, kind) in unexplained else "in docs/security.md"
        lines.append(f"| {tool} | {kind} | {times} | {explained} |")
    lines += ["", *_listed(told.unexplained)]
    lines.append("Schemathesis waits: there is no API whose description it could read.")
    return "\n".join(lines) + "\n"


def _listed(findings: Iterable[Finding]) -> list[str]:
    return [f"- **{each.tool} {each.kind}**: {each.where}" for each in findings]


def main() -> int:
    """Run, write the report, and say in a line how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path, default=Path("build/scanners/bin"))
    parser.add_argument("--seconds", type=int, default=240, help="for each walk of wapiti (240)")
    parser.add_argument("--write", type=Path, default=Path("build/attack.md"))
    asked, told = parser.parse_args(), Told()
    try:
        with tempfile.TemporaryDirectory() as folder:
            scanners = Scanners(asked.tools.resolve(), Path(folder))
            look_at_planted(scanners, told)
            with staged(Path(folder)) as stage:
                look_as_organizer(scanners, stage.facts, told, seconds=asked.seconds)
                look_as_stranger(scanners, stage.facts, told, seconds=asked.seconds)
            told.add("bandit over the source", scanners.bandit())
    except Broken as error:
        say(f"✗ scanners: {error}")
        return 1
    asked.write.parent.mkdir(exist_ok=True)
    asked.write.write_text(report(told), encoding="utf-8")
    new, all_of_them = told.unexplained, len(told.findings)
    for line in _listed(new):
        say(line)
    mark, rest = (
        ("✗", f"{len(new)} not explained") if new else ("✓", "each explained in docs/security.md")
    )
    say(f"{mark} scanners: {all_of_them} reports, {rest}; {asked.write}")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
