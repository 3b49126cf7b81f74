"""Tables of projects, contacts, addresses, tags, consent and imports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from contacts.standing import NETWORK, Channel, Standing, project_scope
from database.tables import Base, id_key

__all__ = [
    "NETWORK",
    "Address",
    "AddressStanding",
    "Channel",
    "Consent",
    "ConsentWording",
    "Contact",
    "ContactTag",
    "Import",
    "ImportChange",
    "Membership",
    "PeopleChange",
    "Preference",
    "Project",
    "SignUp",
    "SignUpForm",
    "Standing",
    "SuppressedHash",
    "Tag",
    "project_scope",
]


class Project(Base):
    """A sister-city project: a US committee paired with a Salvadoran community."""

    __tablename__ = "projects"

    id: Mapped[id_key]
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    us_city: Mapped[str]
    us_state: Mapped[str] = mapped_column(String(2))
    community: Mapped[str]  # the Salvadoran community
    region: Mapped[str]
    since: Mapped[int | None]  # year
    sms_sender: Mapped[str]  # messaging service SID or E.164 number; "" = the network's
    email_sender: Mapped[str]  # "" = the network's
    created_at: Mapped[datetime]
    # The network's office sees its people and writes to them as its own.
    shares_list: Mapped[bool] = mapped_column(server_default=text("true"))
    # It joins the network's red alerts without being asked each time.
    joins_red: Mapped[bool] = mapped_column(server_default=text("false"))


class Contact(Base):
    """A supporter."""

    __tablename__ = "contacts"

    id: Mapped[id_key]
    given_name: Mapped[str]
    family_name: Mapped[str]
    language: Mapped[str] = mapped_column(String(8))
    zip: Mapped[str] = mapped_column(String(5))  # "" = unknown
    city: Mapped[str]
    state: Mapped[str] = mapped_column(String(2))  # "" = unknown
    district: Mapped[int | None]  # 0 = at large or delegate; NULL = open, see district_how
    # How it is known, or why it is open: a code of ``representatives.districts``.
    district_how: Mapped[str] = mapped_column(String(16))
    zone_set_id: Mapped[int] = mapped_column(
        ForeignKey("zone_sets.id", ondelete="RESTRICT"), index=True
    )
    search_text: Mapped[str]  # folded names, addresses and city, for the console's search
    joined_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime]
    import_id: Mapped[int | None] = mapped_column(
        ForeignKey("imports.id", ondelete="SET NULL"), index=True
    )
    # Whose lines the district follows, or was looked for in: it lapses when those move.
    district_congress: Mapped[int] = mapped_column(server_default=text("119"))

    # All that an audience asks of a contact itself, so that counting one reads no rows.
    __table_args__ = (
        Index("ix_contacts_audience", "state", "district", "language", "joined_on", "id"),
        Index(None, "created_at"),
    )


class Address(Base):
    """A phone number or email address of a contact. A household's phone may belong to several."""

    __tablename__ = "addresses"

    id: Mapped[id_key]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str]
    rank: Mapped[int]  # 0 = the one we write to; further ones identify the person

    __table_args__ = (
        UniqueConstraint("contact_id", "channel", "rank"),
        UniqueConstraint("channel", "address", "contact_id"),
    )


class Membership(Base):
    """A contact belongs to a project; some belong to several, some to none."""

    __tablename__ = "memberships"

    project_id: Mapped[int] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    import_id: Mapped[int | None] = mapped_column(
        ForeignKey("imports.id", ondelete="SET NULL"), index=True
    )
    joined_at: Mapped[datetime | None]  # NULL: before this was noted

    __table_args__ = (
        Index(None, "contact_id", "project_id"),
        Index(None, "project_id", "joined_at"),
    )


class Tag(Base):
    """A word organizers put on contacts; compared without regard to case or accents."""

    __tablename__ = "tags"

    id: Mapped[id_key]
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(unique=True)


class ContactTag(Base):
    """A contact carries a tag."""

    __tablename__ = "contact_tags"

    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    import_id: Mapped[int | None] = mapped_column(
        ForeignKey("imports.id", ondelete="SET NULL"), index=True
    )

    __table_args__ = (Index(None, "contact_id", "tag_id"),)


class Consent(Base):
    """One line of the append-only ledger: who said yes or no, when, in which words, where."""

    __tablename__ = "consents"

    id: Mapped[id_key]
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str]
    scope: Mapped[str] = mapped_column(String(32))  # "network" or "project:<id>"
    standing: Mapped[str] = mapped_column(String(16))  # a Standing
    source: Mapped[str] = mapped_column(String(32))  # import, sms, email, one_click, provider, …
    evidence: Mapped[str]  # the words said or agreed to, or the provider's code
    actor: Mapped[str]  # who recorded it: "organizer:3", "supporter", "provider:twilio"
    at: Mapped[datetime]
    import_id: Mapped[int | None] = mapped_column(
        ForeignKey("imports.id", ondelete="SET NULL"), index=True
    )
    # The ConsentWording that was agreed to, by its hash; "" = other words, told in ``evidence``.
    wording: Mapped[str] = mapped_column(String(64), server_default=text("''"))

    __table_args__ = (
        Index(None, "channel", "address"),
        # The few refusals among very many consents: who left us lately (``messages/faring.py``).
        Index(
            "ix_consents_refusals",
            "at",
            sqlite_where=text("standing IN ('opted_out', 'complained')"),
            postgresql_where=text("standing IN ('opted_out', 'complained')"),
        ),
    )


class ConsentWording(Base):
    """The exact words somebody was asked to agree to; written once, never changed."""

    __tablename__ = "consent_wordings"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the words
    channel: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(8))
    version: Mapped[str] = mapped_column(String(24))  # of ``contacts.consent_wordings``
    words: Mapped[str]
    first_used_at: Mapped[datetime]


class SignUpForm(Base):
    """How strangers join a project by themselves."""

    __tablename__ = "sign_up_forms"

    project_id: Mapped[int] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    is_open: Mapped[bool]
    slug: Mapped[str] = mapped_column(String(64), unique=True)  # /join/<slug>
    keyword: Mapped[str | None] = mapped_column(String(20), unique=True)  # folded; NULL = none
    sites: Mapped[str]  # origins that may show the form in a frame, with spaces between
    welcome: Mapped[dict[str, Any]]  # language -> what stands above the form


class SignUp(Base):
    """One address that somebody says is theirs, until its owner confirms; afterwards only counted."""

    __tablename__ = "sign_ups"

    id: Mapped[id_key]
    # NULL: no project; the contact below wants to be written to here instead.
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    # Who asked from their own page, or has confirmed.
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(String(8))
    address: Mapped[str | None]  # NULL once confirmed
    given_name: Mapped[str]
    family_name: Mapped[str]
    zip: Mapped[str] = mapped_column(String(5))
    language: Mapped[str] = mapped_column(String(8))  # "" = told by the answer
    wording: Mapped[str] = mapped_column(String(64))  # a ConsentWording
    source: Mapped[str] = mapped_column(String(16))  # form, embed, poster, keyword, preferences
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]  # NULL: no question has left
    confirmed_at: Mapped[datetime | None]
    # Random: the other address that was typed into the same form has it too. NULL = there was none, or
    # nobody asks any more whether both are one person's.
    pair: Mapped[str | None] = mapped_column(String(32), index=True)
    beside: Mapped[str] = mapped_column(server_default=text("''"))  # that other address, masked
    # Whoever owns this address says that the other one is theirs as well.
    one_person: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        UniqueConstraint("channel", "address", "project_id"),
        Index(None, "created_at"),
    )


class Preference(Base):
    """What a contact has asked for on their own page."""

    __tablename__ = "preferences"

    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    urgent_only: Mapped[bool]  # no campaigns
    paused_until: Mapped[date | None] = mapped_column(Date)  # the first day they hear from us again


class AddressStanding(Base):
    """The ledger's present outcome per address and scope: what every sending path asks."""

    __tablename__ = "address_standings"

    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(32), primary_key=True)
    standing: Mapped[str] = mapped_column(String(16))  # a Standing
    since: Mapped[datetime]

    __table_args__ = (
        # The few that a person has to decide on: they come first in the inbox.
        Index(
            "ix_address_standings_review",
            "channel",
            "address",
            sqlite_where=text("standing = 'review'"),
            postgresql_where=text("standing = 'review'"),
        ),
    )


class PeopleChange(Base):
    """That something about people changed: written by triggers of the database, see ``contacts.changes``."""

    __tablename__ = "people_changes"

    id: Mapped[id_key]
    stamp: Mapped[int]  # random, so that none ever comes again


class SuppressedHash(Base):
    """All that is left of an address whose owner asked to be erased: it is known again, never read."""

    __tablename__ = "suppressed_hashes"

    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # HMAC-SHA256, keyed here
    scope: Mapped[str] = mapped_column(String(32), primary_key=True)
    since: Mapped[datetime]


class Import(Base):
    """One file of contacts, with the consent statement its organizer made for the whole batch."""

    __tablename__ = "imports"

    id: Mapped[id_key]
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="SET NULL"), index=True
    )
    filename: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    consent: Mapped[str]  # the statement; "" = none known, nobody in it may be written to
    counts: Mapped[dict[str, Any]]  # what happened: created, updated, unchanged, refused …
    actor: Mapped[str]
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class ImportChange(Base):
    """What an import changed on a contact that was already there, so that it can be undone."""

    __tablename__ = "import_changes"

    id: Mapped[id_key]
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), index=True
    )
    before: Mapped[dict[str, Any]]  # column -> value before the import
    after: Mapped[
        dict[str, Any]
    ]  # column -> value it wrote; undo restores only what still holds it
