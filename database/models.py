"""Tables that belong to the installation itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Secret(Base):
    """A secret this installation made for itself at its first start, e.g. the key that signs links."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str]


class Lock(Base):
    """A time during which nobody signs in and nothing leaves; one without an end is in force."""

    __tablename__ = "locks"

    id: Mapped[id_key]
    begun_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(String(80))  # organizer:3, command line
    reason: Mapped[str]  # in their words; "" = none given
    sessions: Mapped[int]  # sessions that it ended
    messages: Mapped[int]  # messages that it paused
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(80))
