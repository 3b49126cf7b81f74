"""The attacks as the table in docs/security.md; print it anew after cases.py has changed.

python -m tests.attacks.listing
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.attacks import outside
from tests.attacks.cases import ATTACKS, CASES, Case


def rows() -> Iterator[str]:
    """A row for each attack: its number, what it tries, and where its proof is."""
    for case in CASES:
        yield f"| {case.number} | {case.title} | {_proof(case)} |"


def _proof(case: Case) -> str:
    if case.kind == "A":
        where = ATTACKS[case.number].__module__.replace(".", "/")
        return f"from outside: `{where}.py`"
    if case.kind == "S":
        return ", ".join(
            f"`{file}`" for file in sorted({each.partition("::")[0] for each in case.proofs})
        )
    return f"waits: {', '.join(case.proofs)}"


if __name__ == "__main__":
    assert outside.MODULES  # importing them fills ATTACKS
    sys.stdout.write("\n".join(rows()) + "\n")
