"""What does this installation bring to every message? Its name, its languages, its hours, its prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from contacts.countries import AT_HOME
from messages.discretion import Discretion
from messages.hours import DEFAULT, Hours
from messages.identity import Identity
from messages.volumes import COLD, WarmUp


@dataclass(frozen=True, kw_only=True)
class HouseRules:
    """The values of settings that a message is written, checked and launched by."""

    identity: Identity
    languages: tuple[str, ...] = ("en", "es")  # every message is written in each of them
    default_language: str = "en"
    hours: Hours | None = DEFAULT  # when texts may arrive
    weekly_cap: int | None = None
    countries: tuple[str, ...] = AT_HOME  # whose numbers may be texted
    alert_budget_cents: int = (
        0  # what an alert's texts may cost, unless it says otherwise; 0 = no limit
    )
    cents_per_segment: Decimal = Decimal("0.83")
    daily_budget_cents: int = 0  # what all texts of a day may cost; 0 = no limit
    segments_per_second: float = 0.0  # that a sender may send; 0 = no pace is known
    emails_per_second: float = 0.0
    undo_seconds: int = 60
    planned_waits_hours: int = 48  # planned mail, after a red alert to the same people
    approvals: int = 1  # people it takes to launch an alert; 1 = its author may do so alone
    real_email: bool = False  # email leaves the house, so the law wants a postal address under it
    discretion: Discretion | None = None  # whom words must not name; None: nobody is on a list
    warm_up: WarmUp = COLD  # how a sender domain that nobody has heard of begins
