"""The letter an action page offers: what to write to an office, and every way to send it; pure."""

from __future__ import annotations

from dataclasses import dataclass

from actions.letters import Letter, letter, letter_language, mailto
from actions.targets import Target
from web.public.offices import Phone, phone
from web.public.telling import addressee, caller
from web.public.visits import Visit


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A letter, and where it goes."""

    letter: Letter  # in a language that the office reads
    own: Letter | None  # the same in the visitor's, where that is another one
    email: str
    mailto: str
    form: str  # address of a member's own form, or of their site
    fax: Phone
    address: str  # by post


def writing(seen: Visit, target: Target, language: str) -> Writing | None:
    """What this visitor writes to an office; None where no letter is asked for or it has no address."""
    written = target.scripts or seen.page.ask.scripts
    chosen = letter_language(target, written, language)
    if not chosen or not target.ways.any:
        return None
    sent = _letter(seen, target, chosen)
    translated = chosen != language and language in written and written[language].writes
    return Writing(
        letter=sent,
        own=_letter(seen, target, language) if translated else None,
        email=target.ways.email,
        mailto=mailto(target.ways.email, sent) if target.ways.email else "",
        form=target.ways.form,
        fax=phone(target.ways.fax),
        address=target.ways.address,
    )


def _letter(seen: Visit, target: Target, language: str) -> Letter:
    words = (target.scripts or seen.page.ask.scripts)[language]
    to = addressee(seen, target, language)
    return letter(words, caller(seen, language), target, to, language)
