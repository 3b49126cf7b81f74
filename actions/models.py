"""Tables of actions, scripts, targets and responses."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Outcome(StrEnum):
    """What came of an attempt to reach an office; the digit is the SMS code."""

    SPOKE = "spoke"  # 1: spoke with a person
    VOICEMAIL = "voicemail"  # 2: left a message
    NO_ANSWER = "no_answer"  # 3: busy, full, nobody answered
    WRONG_NUMBER = "wrong_number"  # 4: not that office
    SKIPPED = "skipped"  # cannot call today


class TargetRule(StrEnum):
    """Whom an action asks people to call."""

    REPRESENTATIVE = "representative"  # their House member or delegate
    SENATORS = "senators"
    CONGRESS = "congress"  # House member first, then both senators
    CUSTOM = "custom"  # only the targets named on the action


class Action(Base):
    """A call that supporters are asked to make, with a goal and a deadline."""

    __tablename__ = "actions"

    id: Mapped[id_key]
    target_rule: Mapped[str] = mapped_column(String(16))  # a TargetRule
    goal: Mapped[int | None]  # calls hoped for
    deadline: Mapped[datetime | None]


class Script(Base):
    """What to say, in one language. Merge fields are filled per person and office."""

    __tablename__ = "scripts"

    action_id: Mapped[int] = mapped_column(
        ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    opening: Mapped[str]
    ask: Mapped[str]
    reasons: Mapped[str]
    if_yes: Mapped[str]
    if_no: Mapped[str]
    voicemail: Mapped[str]


class CustomTarget(Base):
    """An office outside Congress. Without ``verified_on`` nobody is asked to call it."""

    __tablename__ = "custom_targets"

    id: Mapped[id_key]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    title: Mapped[str]
    institution: Mapped[str]
    phone: Mapped[str] = mapped_column(String(16))  # E.164
    hours: Mapped[str]
    time_zone: Mapped[str] = mapped_column(String(64))
    source: Mapped[str]
    verified_on: Mapped[date | None] = mapped_column(Date)
    verified_by: Mapped[str]


class ActionTarget(Base):
    """A custom target named on an action."""

    __tablename__ = "action_targets"

    action_id: Mapped[int] = mapped_column(
        ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True
    )
    target_id: Mapped[int] = mapped_column(
        ForeignKey("custom_targets.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    rank: Mapped[int]


class Response(Base):
    """An attempt by a supporter: who, toward which office, with what outcome, told how."""

    __tablename__ = "responses"

    id: Mapped[id_key]
    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contacts.id", ondelete="SET NULL"), index=True
    )
    who: Mapped[str] = mapped_column(String(64))  # "contact:12", or "visitor:<random>"
    target: Mapped[str] = mapped_column(String(80))  # seat id, "custom:<key>", or "" = not named
    outcome: Mapped[str] = mapped_column(String(16))  # an Outcome
    channel: Mapped[str] = mapped_column(String(8))  # sms | web | organizer
    note: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("action_id", "who", "target"),
        Index(None, "action_id", "outcome"),
    )
