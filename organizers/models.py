"""Tables of organizers, what they may do, how they prove who they are, and their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
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
    network: Mapped[bool]  # True: of the network's office
    created_at: Mapped[datetime]
    # Of the network's office: may export its own people's addresses.
    exports: Mapped[bool] = mapped_column(server_default=text("false"))
    # Of their app's codes; "" = none.
    totp_secret: Mapped[str] = mapped_column(String(64), server_default=text("''"))
    # The half minute of the last code taken: each is good once.
    totp_step: Mapped[int] = mapped_column(server_default=text("0"))
    disabled_at: Mapped[datetime | None]  # since when they may not sign in
    # Which of our languages they read, with spaces between; "" = that of their console.
    reads: Mapped[str] = mapped_column(String(80), server_default=text("''"))
    # E.164; "" = none. Texts about approvals go there, and answers from there count as theirs.
    phone: Mapped[str] = mapped_column(String(20), server_default=text("''"))
    # A code that went to it came back: see ``organizers/phones.py``.
    phone_confirmed: Mapped[bool] = mapped_column(server_default=text("false"))


class PhoneCode(Base):
    """The code of the latest text to a phone that an organizer noted; only a keyed hash of it is kept."""

    __tablename__ = "phone_codes"

    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    tries: Mapped[int]


class OrganizerProject(Base):
    """An organizer's role in a project."""

    __tablename__ = "organizer_projects"

    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[int] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    # An organizers.roles.Role.
    role: Mapped[str] = mapped_column(String(16), server_default=text("'admin'"))
    # May export its people's addresses.
    exports: Mapped[bool] = mapped_column(server_default=text("false"))


class Passkey(Base):
    """A key that an organizer's own device holds; we hold its public half (WebAuthn)."""

    __tablename__ = "passkeys"

    id: Mapped[id_key]
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    credential_id: Mapped[str] = mapped_column(unique=True)  # base64url
    public_key: Mapped[str]  # base64url
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))  # as its owner calls it
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code to write down, good once in the place of a lost phone. Only its SHA-256 is kept."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    used_at: Mapped[datetime | None]


class Challenge(Base):
    """A random question that a passkey has to sign; good for one right answer, within some minutes."""

    __tablename__ = "challenges"

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organizer_id: Mapped[int | None] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )  # who adds a key; NULL = anybody, to sign in
    expires_at: Mapped[datetime]


class DoorLink(Base):
    """A link that opens the door once: an invitation, or the way to a new password.

    Only its token's SHA-256 is kept; NULL while the letter that carries it is not written.
    """

    __tablename__ = "door_links"

    id: Mapped[id_key]
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(16))  # an organizers.links.Purpose
    organizer_id: Mapped[int | None] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )  # whose password it is for; NULL of an invitation, and for an address nobody has
    email: Mapped[str]  # folded; of an invitation
    name: Mapped[str]
    language: Mapped[str] = mapped_column(String(8))
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )  # an invitation's; NULL = the network's office
    role: Mapped[str] = mapped_column(String(16))  # an organizers.roles.Role; "" of other links
    exports: Mapped[bool]
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Session(Base):
    """A signed-in browser. Only the token's SHA-256 is kept, so a stolen database opens no door."""

    __tablename__ = "sessions"

    id: Mapped[id_key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    organizer_id: Mapped[int] = mapped_column(
        ForeignKey("organizers.id", ondelete="CASCADE"), index=True
    )
    csrf_token: Mapped[str] = mapped_column(String(64))
    proof: Mapped[str] = mapped_column(String(16))  # an organizers.sessions.Proof
    browser: Mapped[str] = mapped_column(String(80))  # so that its owner knows it: Firefox, Linux
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    sure_until: Mapped[datetime]  # until then they count as having just shown who they are


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
