"""Tables of seats, members, offices and ZIPs.

A seat is permanent and people come and go; a vacancy is a seat without an open tenure, never a
missing row. ZIP-to-district rows carry the Congress whose lines they follow, because the lines move.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Dataset(Base):
    """One loaded version of the geography and members data, with where it came from."""

    __tablename__ = "datasets"

    id: Mapped[id_key]
    source: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    attribution: Mapped[str]
    congress: Mapped[int]
    loaded_at: Mapped[datetime]
    members: Mapped[int]
    zips: Mapped[int]
    offices: Mapped[int] = mapped_column(server_default=text("0"))
    dated: Mapped[date | None] = mapped_column(Date)  # when its members' file was published
    # The whole data set, to go back to; of the newest two alone.
    archive: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The data set that is back in force by this one; NULL = it came from outside.
    restores: Mapped[int | None]


class DatasetFile(Base):
    """A file that a data set was read from."""

    __tablename__ = "dataset_files"

    id: Mapped[id_key]
    dataset_id: Mapped[int] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    origin: Mapped[str]
    size: Mapped[int]  # bytes
    sha256: Mapped[str] = mapped_column(String(64))
    dated: Mapped[date | None] = mapped_column(Date)
    licence: Mapped[str]


class Correction(Base):
    """What an organizer says of a seat against the data, until the data says so too or it expires."""

    __tablename__ = "corrections"

    id: Mapped[id_key]
    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(String(8))  # a corrections.Field
    value: Mapped[str]  # a phone as E.164; of a vacancy ""
    was: Mapped[str]  # what the data said: the phone, or who sat there (bioguide)
    reason: Mapped[str]
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]
    expires_on: Mapped[date] = mapped_column(Date)
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(String(16))  # a corrections.End; "" while in force


class Recess(Base):
    """Days on which a chamber does not sit, from its published calendar."""

    __tablename__ = "recesses"

    id: Mapped[id_key]
    chamber: Mapped[str] = mapped_column(String(8))  # a recesses.Chamber
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)  # of the days without a sitting
    source: Mapped[str]  # the address of the calendar
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("chamber", "first_on"),
        Index(None, "last_on"),
        {"sqlite_autoincrement": True},  # a number is never given twice: the record tells of it
    )


class Seat(Base):
    """A seat in Congress: ``us:house:CA:14``, ``us:senate:CA:1`` (class), ``us:delegate:DC:0``."""

    __tablename__ = "seats"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    chamber: Mapped[str] = mapped_column(String(8))  # house | senate | delegate
    state: Mapped[str] = mapped_column(String(2))
    district: Mapped[int | None]  # 0 = at large or delegate; NULL for the Senate
    senate_class: Mapped[int | None]
    voting: Mapped[bool]

    __table_args__ = (Index(None, "state", "chamber", "district"),)


class Member(Base):
    """A person who holds, or held, a seat."""

    __tablename__ = "members"

    bioguide: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str]
    family_name: Mapped[str]
    party: Mapped[str] = mapped_column(String(1))
    caucus: Mapped[str] = mapped_column(String(1))
    phone: Mapped[str | None] = mapped_column(String(16))  # Washington office, E.164
    office: Mapped[str]
    url: Mapped[str]
    contact_form: Mapped[str]
    committees: Mapped[str]  # space-separated codes


class Tenure(Base):
    """Who sits in a seat, from when to when; ``ended_on`` is empty while they sit."""

    __tablename__ = "tenures"

    id: Mapped[id_key]
    seat_id: Mapped[str] = mapped_column(ForeignKey("seats.id", ondelete="CASCADE"), index=True)
    bioguide: Mapped[str] = mapped_column(
        ForeignKey("members.bioguide", ondelete="CASCADE"), index=True
    )
    started_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)  # end of the term they were elected to
    ended_on: Mapped[date | None] = mapped_column(Date)


class Office(Base):
    """A member's district office."""

    __tablename__ = "offices"

    id: Mapped[id_key]
    bioguide: Mapped[str] = mapped_column(
        ForeignKey("members.bioguide", ondelete="CASCADE"), index=True
    )
    city: Mapped[str]
    state: Mapped[str] = mapped_column(String(2))
    zip: Mapped[str] = mapped_column(String(5))
    phone: Mapped[str | None] = mapped_column(String(16))  # E.164
    address: Mapped[str]
    hours: Mapped[str]


class Zip(Base):
    """A ZIP code: text, because a leading zero is part of it."""

    __tablename__ = "zips"

    zip: Mapped[str] = mapped_column(String(5), primary_key=True)
    state: Mapped[str] = mapped_column(String(2))  # "" where no state follows from it (military)
    zone: Mapped[str] = mapped_column(String(64))
    near_zones: Mapped[str]  # space-separated zones with another offset within 10 km
    kind: Mapped[str] = mapped_column(String(1))  # z area, p point only, m military, f associated


class ZipDistrict(Base):
    """One district a ZIP may lie in; several rows mean that the ZIP alone cannot tell."""

    __tablename__ = "zip_districts"

    zip: Mapped[str] = mapped_column(ForeignKey("zips.zip", ondelete="CASCADE"), primary_key=True)
    congress: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(2), primary_key=True)
    district: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int]  # order in which to offer the candidates


class ZoneSet(Base):
    """A set of candidate time zones shared by many contacts, e.g. ``America/Chicago America/Denver``.

    Quiet hours ask of a set: is it inside the window in *every* zone? A few hundred sets serve a
    whole network, so the question is answered in Python once per set, not once per person.
    """

    __tablename__ = "zone_sets"

    id: Mapped[id_key]
    zones: Mapped[str] = mapped_column(unique=True)  # sorted, space-separated
