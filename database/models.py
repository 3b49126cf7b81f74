"""Tables that belong to the installation itself."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from database.tables import Base


class Secret(Base):
    """A secret this installation made for itself at its first start, e.g. the key that signs links."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str]
