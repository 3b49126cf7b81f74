"""Which folded parts of an alert's form stand open: what somebody opened, wrote in, or has to look at again.

A browser tells nobody what is unfolded. A script notes it in the form; without one, what was changed since the form
was begun tells where somebody is at work, so that no part closes over words that were just written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from multidict import MultiMapping

from actions.asks import BadAction
from actions.scripts import BadScript
from alerts.facts import BadFact
from messages.templates import BadTemplate
from web.console.alert_forms import BadForm
from web.console.ask_forms import SCRIPT_PARTS

NOTED = "open"  # the field in which a script notes what stands open
NOTHING = ("", "0")  # 0 hours: nobody is asked
LETTER = ("letter_subject", "letter")
NARROWS = ("language", "tag", "not_tag", "states", "districts", "joined_since", "not_acted")
SAID = tuple(each for each in SCRIPT_PARTS if each not in LETTER)
_ROW = re.compile(
    rf"ask_([0-9]{{1,2}})_(?:(mode|committees|until)|(?:{'|'.join(SCRIPT_PARTS)})_[a-z]{{2}})"
)
_PARTS = (
    (re.compile(r"case_(?:title|summary)_[a-z]{2}"), "case"),
    (re.compile(r"fact_[0-9]_(?!release).*"), "facts"),
    (re.compile(r"(?:subject|body)_[a-z]{2}"), "email"),
    (re.compile(r"(?:title|summary)_[a-z]{2}"), "page"),
    (re.compile(rf"(?:{'|'.join(SAID)})_[a-z]{{2}}"), "script"),
    (re.compile(rf"(?:{'|'.join(LETTER)})_[a-z]{{2}}"), "letter"),
    (re.compile(r"ask_[1-9][0-9]?_who"), "asks"),
    (re.compile(r"goal|ask_hours"), "more"),
    (re.compile("|".join(NARROWS)), "narrow"),
)
IN_A_ROW = ("rule_", "own_")  # the parts of each call
ALWAYS_SEEN = ("narrow", "facts")  # what stands in these is seen at once, whoever wrote it
# What may hold the reason of a refusal, by the first word of its name; a part that holds nothing does not.
_WRONG: Mapping[type[Exception], Collection[str]] = {
    BadForm: ("case", "facts", "rule", "more", "narrow"),
    BadFact: ("facts",),
    BadAction: ("asks", "rule", "more", "script"),
    BadScript: ("script", "letter", "own"),
    BadTemplate: ("email", "page", "script", "letter", "own"),
}
Form = MultiMapping[str]


def opened(form: Form, begun_with: Form, error: Exception | None = None) -> frozenset[str]:
    """The parts to show open: noted as open, changed since the beginning, or where ``error`` may lie."""
    held = {part for name in form if _values(form, name) and (part := part_of(name))}
    found = set(form.getall(NOTED)) if NOTED in form else _changed(form, begun_with)
    wrong = next((parts for kind, parts in _WRONG.items() if isinstance(error, kind)), ())
    found |= {part for part in held if part.partition("_")[0] in (*wrong, *ALWAYS_SEEN)}
    # What belongs to one call stands in its row, and every row but the first is folded.
    return frozenset(
        found | {"asks" for part in found if part.startswith(IN_A_ROW) and part[-2:] != "_0"}
    )


def part_of(name: str) -> str:
    """The folded part in which a field stands; "" for one that is always seen."""
    if row := _ROW.fullmatch(name):
        return f"{'rule' if row[2] else 'own'}_{row[1]}"
    return next((part for pattern, part in _PARTS if pattern.fullmatch(name)), "")


def _changed(form: Form, begun_with: Form) -> set[str]:
    names = dict.fromkeys([*form, *begun_with])
    differ = (each for each in names if _values(form, each) != _values(begun_with, each))
    return {part for each in differ if (part := part_of(each))}


def _values(form: Form, name: str) -> list[str]:
    """What was typed or chosen under a name; nothing where the form says that there is nothing."""
    typed = (str(each).replace("\r\n", "\n").strip() for each in form.getall(name, []))
    return sorted(each for each in typed if each not in NOTHING)
