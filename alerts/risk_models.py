"""Tables of people who may be endangered when they are named, and of who said that a name may stand."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class MaySay(StrEnum):
    """What may be said of somebody's name in public."""

    NOTHING = "nothing"
    FIRST = "first"  # the first name only
    FULL = "full"


class Cleared(StrEnum):
    """Who said so."""

    PERSON = "person"  # themself
    FAMILY = "family"
    LAWYER = "lawyer"
    ORGANIZER = "organizer"


class PersonAtRisk(Base):
    """Somebody whom a case keeps so that no text names them unasked. On no public page, in no export."""

    __tablename__ = "people_at_risk"

    id: Mapped[id_key]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    given_names: Mapped[str]
    family_names: Mapped[str]
    also_called: Mapped[str]  # other names, parted by commas
    may_say: Mapped[str] = mapped_column(String(8))  # a MaySay
    cleared_by: Mapped[str] = mapped_column(String(16))  # a Cleared; "" = nobody has
    cleared_at: Mapped[datetime | None]
    note: Mapped[str]
    noted_by: Mapped[str]
    noted_at: Mapped[datetime]


class NamingReason(Base):
    """Why an alert may name somebody all the same: who says so, and of which words."""

    __tablename__ = "naming_reasons"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people_at_risk.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    said: Mapped[list[Any]]  # the words that named them, folded: others need another reason
    why: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
