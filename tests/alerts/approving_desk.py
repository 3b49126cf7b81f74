"""A draft, who wrote it, and who may approve it, for the tests of two people before anything leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from alerts import approving, launching
from alerts.alone import BreakGlass
from alerts.approval_models import ApprovalAsk
from alerts.fingerprint import digest
from alerts.preflight import check
from messages.house import HouseRules
from organizers.approvers import Ballot, How
from organizers.roles import Role
from tests.alerts.drafting import HOUSE, make_draft
from tests.builders import make_contact, make_organizer, make_project
from tests.doubles import NoJobs

TWO = replace(HOUSE, approvals=2)
BERTA_PHONE = "+16085550142"


@dataclass
class Committee:
    """Amina writes in Madison; Berta reads both languages, Carla Spanish, Dora looks on."""

    conn: Connection
    now: datetime
    project: int
    amina: int
    berta: int
    carla: int
    dora: int
    alert_id: int
    house: HouseRules = TWO

    @property
    def digest(self) -> str:
        return digest(self.conn, self.alert_id)

    def approve(self, who: int, *languages: str, **changed: Any) -> list[str]:
        said: dict[str, Any] = {
            "seen": self.digest,
            "languages": languages or ("en", "es"),
            "how": How.CONSOLE,
            "house": self.house,
            "now": self.now,
        }
        return approving.approve(self.conn, self.alert_id, who, **{**said, **changed})

    def standing(self) -> Ballot:
        return approving.standing(self.conn, self.alert_id, house=self.house, now=self.now)

    def launch(self, by: int | None = None, glass: BreakGlass | None = None) -> None:
        people = check(self.conn, self.alert_id, house=self.house, now=self.now).people
        launching.launch(
            self.conn,
            NoJobs(),
            self.alert_id,
            house=self.house,
            confirmed=people,
            by=f"organizer:{by or self.amina}",
            now=self.now,
            glass=glass,
        )

    def asked(self, who: int) -> Any:
        mine = (ApprovalAsk.alert_id == self.alert_id, ApprovalAsk.organizer_id == who)
        return self.conn.execute(select(ApprovalAsk).where(*mine)).one()


def make_committee(conn: Connection, now: datetime, **changed: Any) -> Committee:
    project = make_project(conn, "Madison – Arcatao", slug="madison")
    make_contact(conn, "María", language="es", projects=[project])
    amina = make_organizer(conn, "Amina", projects=[project], reads="en es")
    berta = make_organizer(
        conn, "Berta", projects=[project], role=Role.SENDER, reads="en es", phone=BERTA_PHONE
    )
    carla = make_organizer(conn, "Carla", projects=[project], role=Role.SENDER, language="es")
    dora = make_organizer(conn, "Dora", projects=[project], role=Role.DRAFTER, reads="en es")
    draft = make_draft(project="madison", to_projects=["madison"], **changed)
    author = f"organizer:{amina}"
    alert_id = launching.create(conn, draft, house=TWO, created_by=author, now=now)
    return Committee(conn, now, project, amina, berta, carla, dora, alert_id)
