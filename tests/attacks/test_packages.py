"""Every package is pinned by hash, and none is older than where its known holes were closed (case 63)."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
# Versions that closed a published hole which a request could reach.
FLOORS = {
    "aiohttp": "3.14.1",  # CVE-2025-53643, CVE-2025-69223 to 69230, CVE-2026-54278 and 54279
    "jinja2": "3.1.6",  # CVE-2025-27516
    "cryptography": "44.0.1",  # CVE-2024-12797
    "nh3": "0.2.18",
    "orjson": "3.9.15",  # CVE-2024-27454: endless recursion
}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_has_hashes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    pinned = re.findall(
        r"^([a-z0-9][\w.\[\]-]*)==\S+(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL
    )

    assert len(pinned) > 20
    assert [package for package, rest in pinned if "--hash=sha256:" not in rest] == []
    assert "http://" not in text
    assert "--extra-index-url" not in text


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_what_is_installed_is_not_older_than_its_last_hole(package: str, floor: str) -> None:
    assert Version(version(package)) >= Version(floor)


def test_whatever_installs_asks_for_the_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    installs = re.findall(r"\$\(PIP\).*-r.*", makefile)
    assert installs
    assert all("--require-hashes" in line for line in installs)
