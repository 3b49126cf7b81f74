"""How a person can be reached, and what may hold for an address: words that tables and files share."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """How a person can be reached."""

    SMS = "sms"  # address is a phone number in E.164
    EMAIL = "email"  # address is a normalised, case-folded email address


class Standing(StrEnum):
    """What holds now for one address in one scope; the ledger says how it came to be."""

    GRANTED = "granted"  # may be written to
    OPTED_OUT = "opted_out"  # said stop; only their own explicit word undoes it
    REVIEW = "review"  # may have said stop; nothing is sent until a person has read it
    BOUNCED = "bounced"  # the address does not exist (hard bounce, unknown handset)
    COMPLAINED = "complained"  # marked our mail as spam
    NOT_TEXTABLE = "not_textable"  # a landline, or unreachable by SMS
    BLOCKED = "blocked"  # the carrier refuses this recipient for us
    # Only in the ledger: a consent that was never given, e.g. of an import that was undone.
    WITHDRAWN = "withdrawn"


NETWORK = "network"  # the scope of a consent, or an opt-out, that covers every project


def project_scope(project_id: int) -> str:
    """Name the scope of a consent given to one project only."""
    return f"project:{project_id}"
