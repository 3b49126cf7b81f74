"""Tables of actions, scripts, targets and responses."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Outcome(StrEnum):
    """What came of an attempt to reach an office; the digit is the SMS code."""

    SPOKE = "spoke"  # 1: spoke with a person
    VOICEMAIL = "voicemail"  # 2: left a message
    NO_ANSWER = "no_answer"  # 3: busy, full, nobody answered
    WRONG_NUMBER = "wrong_number"  # 4: not that office
    WROTE = "wrote"  # by email, a form, fax or post
    NOT_MINE = "not_mine"  # not who represents them
    SKIPPED = "skipped"  # cannot call today


class TargetRule(StrEnum):
    """Whom an ask is about."""

    REPRESENTATIVE = "representative"  # their House member or delegate
    SENATORS = "senators"
    CONGRESS = "congress"  # House member first, then both senators
    COMMITTEE = "committee"  # those of their members who sit on one of the named committees
    CUSTOM = "custom"  # an office outside Congress


class AskMode(StrEnum):
    """When an ask is shown."""

    ALWAYS = "always"
    ONLY_IF = "only_if"  # only where it leads to somebody to ring; else it is passed over
    FIRST = "first"  # of such asks in a row, only the first that leads to somebody


class TargetKind(StrEnum):
    """What an office outside Congress is."""

    CONGRESS = "us_congress"  # of Congress as a whole, such as its switchboard
    STATE = "us_state"  # the Department of State
    US_EMBASSY = "us_embassy"
    SV_EMBASSY = "sv_embassy"
    SV_CONSULATE = "sv_consulate"
    SV_OFFICIAL = "sv_official"  # an authority in El Salvador
    LEGISLATOR = "legislator"  # of a state
    OTHER = "other"


class Action(Base):
    """A call that supporters are asked to make, with a goal and a deadline."""

    __tablename__ = "actions"

    id: Mapped[id_key]
    goal: Mapped[int | None]  # calls hoped for
    deadline: Mapped[datetime | None]


class Script(Base):
    """What to say and to write, in one language. Merge fields are filled per person and office."""

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
    if_away: Mapped[str] = mapped_column(server_default=text("''"))
    letter_subject: Mapped[str] = mapped_column(server_default=text("''"))
    letter: Mapped[str] = mapped_column(server_default=text("''"))


class CustomTarget(Base):
    """An office outside Congress. Nobody is asked to call it but while its number is verified."""

    __tablename__ = "custom_targets"

    id: Mapped[id_key]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(16))  # a TargetKind
    name: Mapped[str]
    title: Mapped[str]
    salutation: Mapped[str]  # how a letter to it begins
    institution: Mapped[str]
    phones: Mapped[list[Any]]  # [{"number": E.164, "label": text}], the first is tried first
    email: Mapped[str]
    fax: Mapped[str] = mapped_column(String(16))  # E.164
    address: Mapped[str]
    languages: Mapped[str]  # space-separated codes
    time_zone: Mapped[str] = mapped_column(String(64))
    hours: Mapped[str]  # as ``office_hours`` keeps them; "" = not known
    closed_on: Mapped[str]  # space-separated dates
    note: Mapped[str]  # for callers, beside the number
    source: Mapped[str]
    verified_on: Mapped[date | None] = mapped_column(Date)
    verified_by: Mapped[str]
    expires_on: Mapped[date | None] = mapped_column(Date)  # the last day on which it is trusted
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="RESTRICT"), index=True
    )  # NULL = the network's


class ActionAsk(Base):
    """One of the things an action asks, in their order: whom, in which case, and until when."""

    __tablename__ = "action_asks"

    action_id: Mapped[int] = mapped_column(
        ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True
    )
    rank: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(16))  # a TargetRule
    target_id: Mapped[int | None] = mapped_column(
        ForeignKey("custom_targets.id", ondelete="CASCADE"), index=True
    )
    committees: Mapped[str]  # space-separated codes, such as HSFA07
    mode: Mapped[str] = mapped_column(String(8))  # an AskMode
    expires_at: Mapped[datetime | None]
    scripts: Mapped[dict[str, Any]]  # by language, its parts; {} = the action's own


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
    channel: Mapped[str] = mapped_column(String(8))  # sms | web | by_hand: by an organizer
    note: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("action_id", "who", "target"),
        Index(None, "action_id", "outcome"),
        Index(None, "at"),
    )


class AnswerCount(Base):
    """How many answers came from one place in an hour or a day: ``actions/flooding.py``."""

    __tablename__ = "answer_counts"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)  # "hour:<keyed hash>"
    since: Mapped[datetime] = mapped_column(primary_key=True)
    answers: Mapped[int]

    __table_args__ = (Index(None, "since"),)
