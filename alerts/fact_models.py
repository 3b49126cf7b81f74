"""Tables of what is known about a case: facts, and what has been said of each, version by version."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Release(StrEnum):
    """Who may read a fact. A message that quotes a withheld fact cannot be launched."""

    PUBLIC = "public"
    COMMITTEE = "committee"
    WITHHELD = "withheld"  # until family or lawyer have cleared it


class FactKind(StrEnum):
    """What a fact tells."""

    EVENT = "event"
    PERSON = "person"  # somebody's name: it can put them at risk
    NUMBER = "number"
    CHARGE = "charge"
    PLACE = "place"
    HEARING = "hearing"  # its day lies ahead
    OTHER = "other"


class ClearedBy(StrEnum):
    """Who said that what was withheld may be told."""

    FAMILY = "family"
    LAWYER = "lawyer"
    ORGANIZER = "organizer"


class Fact(Base):
    """Something that is known about a case. What it says, it says in its versions."""

    __tablename__ = "facts"

    id: Mapped[id_key]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    key: Mapped[str] = mapped_column(String(40))  # as texts cite it: {{ fact.charged }}

    __table_args__ = (UniqueConstraint("case_id", "key"),)


class FactVersion(Base):
    """What was known of a fact from one moment on. It is never changed and never deleted."""

    __tablename__ = "fact_versions"

    id: Mapped[id_key]
    fact_id: Mapped[int] = mapped_column(ForeignKey("facts.id", ondelete="CASCADE"))
    number: Mapped[int]  # 1, 2, 3; the highest is what is known now
    kind: Mapped[str] = mapped_column(String(16))  # a FactKind
    happened_on: Mapped[date] = mapped_column(Date)
    sources: Mapped[list[Any]]  # texts; two make it fit to be published
    override_by: Mapped[str]  # who decided that fewer are enough; "" = nobody had to
    override_why: Mapped[str]
    release: Mapped[str] = mapped_column(String(16))  # a Release
    embargo_until: Mapped[datetime | None]  # it is not public before
    cleared_by: Mapped[str] = mapped_column(String(16))  # a ClearedBy, of what was withheld; "" = –
    withdrawn: Mapped[bool] = mapped_column(Boolean)  # it turned out false
    note: Mapped[str]  # why it was changed or withdrawn
    noted_by: Mapped[str]
    noted_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("fact_id", "number"),)


class FactText(Base):
    """A version of a fact in one language."""

    __tablename__ = "fact_texts"

    version_id: Mapped[int] = mapped_column(
        ForeignKey("fact_versions.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    words: Mapped[str]
