"""Tables of what emails look like: pictures that we keep, each project's colours, and what anybody may read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base, Id, id_key


class Picture(Base):
    """A picture that emails show. It is in the database so that a backup and every machine have it."""

    __tablename__ = "pictures"

    id: Mapped[id_key]
    project_id: Mapped[int | None] = mapped_column(
        ForeignKey("projects.id", ondelete="RESTRICT"), index=True
    )  # NULL = the network's
    address: Mapped[str] = mapped_column(String(48), unique=True)  # "/i/….jpg", after its content
    name: Mapped[str]  # of the file it came as
    media_type: Mapped[str] = mapped_column(String(16))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]


class EmailLook(Base):
    """How the emails of a project look."""

    __tablename__ = "email_looks"

    # A project's id; 0 is the network's own. A key that may be NULL would let it be there twice.
    owner: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    accent: Mapped[str] = mapped_column(String(7))  # "#27357e"
    logo: Mapped[str] = mapped_column(String(48))  # a picture's address; "" = none
    archive: Mapped[bool]  # its emails may be shown to everybody, one by one


class ArchivedEmail(Base):
    """A sent email that its project shows to everybody."""

    __tablename__ = "archived_emails"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    shown_by: Mapped[str]
    shown_at: Mapped[datetime]
