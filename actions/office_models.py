"""Tables of what is known of an office: what it said to an ask, who its aide is, and what waits for an organizer."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Stance(StrEnum):
    """What an office says to what is asked of it; a word on the office, never on a caller."""

    UNKNOWN = "unknown"
    WILL_LOOK = "will_look"  # "we will pass it on"
    CONSIDERING = "considering"
    COMMITTED = "committed"  # it says that it will
    DONE = "done"  # signed or cosponsored: an organizer has seen it
    DECLINED = "declined"


class Source(StrEnum):
    """From whom something about an office is known."""

    CALLER = "caller"  # told by a supporter, confirmed by an organizer
    ORGANIZER = "organizer"
    PUBLISHED = "published"  # on a list that anybody can read, such as a bill's cosponsors


class Kind(StrEnum):
    """What a caller's report is about."""

    STANCE = "stance"
    AIDE = "aide"


class Verdict(StrEnum):
    """What an organizer said to a caller's report."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class StanceLine(Base):
    """What an office said to an action, as of a time. Lines are only added; the latest holds."""

    __tablename__ = "stances"

    id: Mapped[id_key]
    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id", ondelete="CASCADE"))
    target: Mapped[str] = mapped_column(String(80))  # as responses keep it
    stance: Mapped[str] = mapped_column(String(16))  # a Stance
    source: Mapped[str] = mapped_column(String(16))  # a Source
    verified: Mapped[bool]  # somebody asked the office again, or read the list
    note: Mapped[str]  # without a caller's name
    actor: Mapped[str] = mapped_column(String(80))  # who wrote it down: "organizer:3"
    at: Mapped[datetime]

    __table_args__ = (Index(None, "action_id", "target"),)


class OfficeReport(Base):
    """What a caller heard at an office. It reaches nobody else before an organizer confirms it.

    Once it is settled its words are gone: what was confirmed stands as a stance or an aide.
    """

    __tablename__ = "office_reports"

    id: Mapped[id_key]
    response_id: Mapped[int] = mapped_column(ForeignKey("responses.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))  # a Kind
    stance: Mapped[str] = mapped_column(String(16))  # a Stance; "" in a report of an aide
    name: Mapped[str]  # the aide's, as the caller typed it
    role: Mapped[str]
    phone: Mapped[str]
    email: Mapped[str]
    at: Mapped[datetime]
    verdict: Mapped[str] = mapped_column(String(16))  # a Verdict
    settled_by: Mapped[str] = mapped_column(String(80))
    settled_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("response_id", "kind"),)


class Staffer(Base):
    """An office's aide, as an organizer confirmed; a project's alerts ask for its or the network's latest.

    Who is withdrawn or over is asked for no longer.
    """

    __tablename__ = "staffers"

    id: Mapped[id_key]
    target: Mapped[str] = mapped_column(String(80))  # as responses keep it
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="SET NULL"), index=True
    )  # whose organizer confirmed it; NULL = the network's
    name: Mapped[str]
    role: Mapped[str]  # "foreign affairs"
    phone: Mapped[str] = mapped_column(String(16))  # direct line, E.164; "" = not known
    email: Mapped[str]
    source: Mapped[str] = mapped_column(String(16))  # a Source
    learned_on: Mapped[date] = mapped_column(Date)
    verified_by: Mapped[str] = mapped_column(String(80))
    verified_at: Mapped[datetime]
    expires_on: Mapped[date] = mapped_column(Date)  # the last day on which callers ask for them
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(String(80))

    __table_args__ = (Index(None, "target"),)
