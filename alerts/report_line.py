"""What an alert's page says of its calls in one sentence, to be passed on, in each language; pure."""

from __future__ import annotations

from alerts.coverage import Totals
from alerts.numbers import FEW

LANGUAGES = ("en", "es")


def report_line(totals: Totals, language: str) -> str:
    """How many constituents reached how many offices; a small number of people is not told."""
    spanish = language == "es"
    if totals.people < FEW:
        people = f"menos de {FEW} personas" if spanish else f"fewer than {FEW} constituents"
        people = people[0].upper() + people[1:]
    else:
        people = f"{totals.people:,} {'personas' if spanish else 'constituents'}"
    offices = _counted(
        totals.offices, *(("oficina", "oficinas") if spanish else ("office", "offices"))
    )
    states = _counted(totals.states, *(("estado", "estados") if spanish else ("state", "states")))
    if spanish:
        verb = "se comprometió" if totals.committed == 1 else "se comprometieron"
        return f"{people} contactaron {offices} en {states}; {totals.committed:,} {verb}."
    return f"{people} reached {offices} in {states}; {totals.committed:,} committed."


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
