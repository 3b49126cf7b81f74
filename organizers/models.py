"""Tables of organizers, the projects they serve, and their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Organizer(Base):
    """A person who signs in to the console."""

    __tablename__ = "organizers"

    id: Mapped[id_key]
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)  # folded
    password_hash: Mapped[str]  # argon2id
    language: Mapped[str] = mapped_column(String(8))  # of the console they see
    network: Mapped[bool]  # True: sees every project
    created_at: Mapped[datetime]


class OrganizerProject(Base):
    """An organizer serves a project and sees its people and messages."""

    __tablename__ = "organizer_projects"

    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[int] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Session(Base):
    """A signed-in browser. Only the token's SHA-256 is kept, so a stolen database opens no door."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SignInAttempt(Base):
    """A failed sign-in, counted per account and per network address for rate limits."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[id_key]
    subject: Mapped[str] = mapped_column(String(80), index=True)  # hash of email or address
    at: Mapped[datetime]
