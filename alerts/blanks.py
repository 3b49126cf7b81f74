"""Places that wait to be filled in: what stands in [brackets] in a text, so that it never reaches anybody.

A starting text says there what its author does not know yet. A Markdown link is none, nor is […], which
leaves something out. Whoever means brackets writes round ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from alerts.citing import SENT
from alerts.stored import StoredAlert
from alerts.weighing import said_in
from messages.cautions import gathered
from messages.findings import Finding

FIELD_OR_MARK = r"(?:\{\{[^{}]*\}\}|[^\[\]{}\w\n])*"
LINKED = r"(?:\(|\[\d+\]|:\s*https?:)"  # what follows the words of a Markdown link
BLANK = re.compile(rf"\[(?!\d+\])(?={FIELD_OR_MARK}\w)[^\[\]\n]*\](?!{LINKED})")


def blanks(texts: Iterable[str]) -> list[str]:
    """What is still to be filled in, brackets included, each once and in order."""
    return list(dict.fromkeys(found for text in texts for found in BLANK.findall(text)))


def fill_in(text: str, known: Mapping[str, str]) -> str:
    """A text with what is known in its place; what is not known stays as it is."""
    return BLANK.sub(lambda found: known.get(found[0], found[0]), text)


def blank_findings(alert: StoredAlert) -> list[Finding]:
    """What is still to be filled in of a stored alert, one finding a language, with all its places."""
    said = said_in(alert.as_written)
    if alert.followed is not None:  # it leads to the page and the script of another
        said = [each for each in said if each.place in SENT]
    return list(gathered("blank_left", said, lambda each: BLANK.findall(each.text)))
