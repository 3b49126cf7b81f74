"""Tables of cases and alerts; those of facts are in ``fact_models``."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, id_key


class Level(StrEnum):
    """How urgent an alert is."""

    RED = "red"  # lives or liberty at stake now
    AMBER = "amber"  # days matter
    GREEN = "green"  # weeks matter


class Work(StrEnum):
    """What kind of work it is, as a charity reports it in the United States: only lobbying is limited.

    IRC 501(c)(3) and 501(h) with Form 5768; 26 CFR 56.4911-2 says what lobbying is, and when it is grassroots.
    """

    EDUCATION = "education"  # tells what is so, and asks for nothing
    ADVOCACY = "advocacy"  # asks somebody to act, but about no law that is to be made
    DIRECT = "direct_lobbying"  # speaks to legislators about specific legislation
    GRASSROOTS = "grassroots_lobbying"  # asks the public to


class Case(Base):
    """Something that happened to people, followed over time: the Suchitoto 14."""

    __tablename__ = "cases"

    id: Mapped[id_key]
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="RESTRICT"), index=True
    )  # NULL = the network's
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class CaseText(Base):
    """A case's title and summary in one language."""

    __tablename__ = "case_texts"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    title: Mapped[str]
    summary: Mapped[str]


class Alert(Base):
    """An urgent action on a case: one message, one action, one public page."""

    __tablename__ = "alerts"

    id: Mapped[id_key]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="RESTRICT"), index=True)
    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="RESTRICT"), unique=True
    )
    action_id: Mapped[int] = mapped_column(
        ForeignKey("actions.id", ondelete="RESTRICT"), unique=True
    )
    level: Mapped[str] = mapped_column(String(8))  # a Level
    slug: Mapped[str] = mapped_column(String(64), unique=True)  # random: not guessable, shareable
    # Anybody may read its totals, by state: ``alerts/numbers.py``.
    shows_numbers: Mapped[bool] = mapped_column(server_default=false())
    # Who followed their link and told nothing is asked so many hours later; 0 = nobody is.
    ask_hours: Mapped[int] = mapped_column(server_default=text("0"))
    work: Mapped[str] = mapped_column(
        String(24), server_default=text("''")
    )  # a Work; "" = not said


class FollowUpKind(StrEnum):
    """What an alert says to those who got another one."""

    NUDGE = "nudge"  # a reminder, to those who have not acted
    THANKS = "thanks"  # with the total, to those who have
    REST = "rest"  # the same again in better words, to those whose copy was stopped
    REACHED = "reached"  # what has changed since, to those who got it
    OUTCOME = "outcome"  # how the case ended, to those who acted
    NEWS = "news"  # the same to the others who got an alert on it
    CORRECTION = "correction"  # to those who were told otherwise: a row in ``fact_corrections``


class FollowUp(Base):
    """A reminder or thanks that follows another alert, once of each kind; its copies lead to the other's page."""

    __tablename__ = "follow_ups"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    of_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))  # a FollowUpKind

    __table_args__ = (UniqueConstraint("of_id", "kind"),)


class Answer(StrEnum):
    """What a project says to an alert that the network proposes."""

    OPEN = "open"  # nobody has answered yet
    YES = "yes"
    NO = "no"
    STANDING = "standing"  # it joins red alerts without being asked


class Proposal(Base):
    """An alert of the network's, proposed to a project, which keeps its list to itself."""

    __tablename__ = "alert_proposals"

    id: Mapped[id_key]
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    project_id: Mapped[int] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    answer: Mapped[str] = mapped_column(String(16))  # an Answer
    asked_at: Mapped[datetime]
    answered_by: Mapped[str] = mapped_column(String(80))
    answered_at: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL"), unique=True
    )  # its part of the launched alert
    # Its senders are to be told: it was asked, or its answer was to other words.
    letter_due: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (UniqueConstraint("alert_id", "project_id"),)


class AlertCampaign(Base):
    """The long work that an alert is a part of."""

    __tablename__ = "alert_campaigns"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), index=True
    )


class AlertText(Base):
    """An alert's public title and summary in one language."""

    __tablename__ = "alert_texts"

    alert_id: Mapped[int] = mapped_column(
        ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    title: Mapped[str]
    summary: Mapped[str]
