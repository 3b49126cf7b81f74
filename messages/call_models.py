"""Tables of calls that we put through: who asked, which offices, and what was said at each step."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Direction(StrEnum):
    """Who rings whom."""

    OUT = "out"  # we ring the supporter, who asked for it on their page
    IN = "in"  # the supporter rings the network's number


class CallStatus(StrEnum):
    """Where a call with a supporter stands."""

    WAITING = "waiting"  # asked for; Twilio has not been asked
    PLACING = "placing"  # the intent: written before the request leaves, which is never repeated
    PLACED = "placed"  # Twilio took it
    LIVE = "live"  # somebody, or a machine, has picked up
    ENDED = "ended"
    MISSED = "missed"  # busy, or nobody picked up
    REFUSED = "refused"  # Twilio did not take it
    UNKNOWN = "unknown"  # Twilio's answer was lost; it may have rung
    EXPIRED = "expired"  # nobody could ring in time, and later nobody wants it


class Stage(StrEnum):
    """What the next thing we hear of a call answers."""

    START = "start"
    HELLO = "hello"  # press a key: the proof of a human
    ZIP = "zip"
    PICK = "pick"  # which of the districts of a ZIP
    CLOSED = "closed"  # leave a message at an office that is closed, or pass it over
    DIAL = "dial"  # an office is being called
    TOLD = "told"  # how it went
    OVER = "over"


class LegStatus(StrEnum):
    """Where one office of a call stands."""

    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"
    SKIPPED = "skipped"  # passed over without being called


class Call(Base):
    """A call between us and a supporter. Its number is kept only until the call is over."""

    __tablename__ = "calls"

    id: Mapped[id_key]
    token: Mapped[str] = mapped_column(String(32), unique=True)  # random: names it to Twilio
    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contacts.id", ondelete="SET NULL"), index=True
    )
    direction: Mapped[str] = mapped_column(String(3))  # a Direction
    status: Mapped[str] = mapped_column(String(8))  # a CallStatus
    stage: Mapped[str] = mapped_column(String(8))  # a Stage
    step: Mapped[int]  # the number of the request that we expect next
    tries: Mapped[int]  # how often the question of this stage was asked
    language: Mapped[str] = mapped_column(String(8))
    phone: Mapped[str | None]  # E.164 of the supporter; NULL = forgotten
    zip: Mapped[str] = mapped_column(String(5))  # typed during the call; "" = none
    picked: Mapped[str] = mapped_column(String(8))  # "MA-7", "unsure", or "" = not asked
    call_sid: Mapped[str | None] = mapped_column(String(40), unique=True)  # bound at first use
    asked_at: Mapped[datetime]
    placed_at: Mapped[datetime | None]  # when the request to Twilio was written down
    began_at: Mapped[datetime | None]  # when a human pressed a key
    ended_at: Mapped[datetime | None]
    minutes: Mapped[int]  # of all legs: reserved while it lasts, then what they took
    why: Mapped[str] = mapped_column(String(40))  # Twilio's code, where it refused

    __table_args__ = (Index(None, "status", "asked_at"),)


class CallLeg(Base):
    """One office of a call, in order."""

    __tablename__ = "call_legs"

    call_id: Mapped[int] = mapped_column(
        ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True
    )
    rank: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(String(80))  # as responses name it
    number: Mapped[str] = mapped_column(String(16))  # E.164 of the office
    status: Mapped[str] = mapped_column(String(8))  # a LegStatus
    dial_status: Mapped[str] = mapped_column(String(16))  # Twilio's word; "" = none yet
    seconds: Mapped[int]  # from when it was answered
    bridged: Mapped[bool]  # whether both heard each other
    closed: Mapped[bool]  # it was called outside its hours, to leave a message


class CallStep(Base):
    """What we answered to one request, so that the same request gets the same answer."""

    __tablename__ = "call_steps"

    call_id: Mapped[int] = mapped_column(
        ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[int] = mapped_column(primary_key=True)
    verbs: Mapped[list[Any]]  # without anybody's number
    at: Mapped[datetime]

    __table_args__ = (Index(None, "at"),)
