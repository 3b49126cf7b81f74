"""Tables of organizers, the projects they serve, and their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, Id, id_key


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


class AuditEntry(Base):
    """One thing that somebody did. Never changed; each row's hash covers the row before it.

    No foreign keys: what is erased elsewhere stays on the record, by its number.
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)  # no gaps
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))  # organizer:3, command line
    act: Mapped[str] = mapped_column(String(64))  # alert.launch
    project_id: Mapped[int | None]  # None = the network's
    object: Mapped[str] = mapped_column(String(80))  # alert:12
    before: Mapped[str]  # JSON, "" for nothing; never a name, an address or a text
    after: Mapped[str]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_audit_entries_project_id_id", "project_id", "id"),)


class AuditHead(Base):
    """The end of the chain: one row, locked by whoever adds to it."""

    __tablename__ = "audit_heads"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    last_id: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
