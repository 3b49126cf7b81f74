"""The records of our senders' domains, looked up once a day and kept, with whether they got better or worse."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, bindparam, select, update

from contacts.models import Project
from database.engine import Database
from database.upserts import insert_or
from messages.mailboxes import sender_domain
from messages.providers.resolving import Records
from messages.reach_models import SenderDomain
from messages.sender_records import Finding, Verdict, Wanted, examine

log = structlog.get_logger("messages")

EVERY = timedelta(days=1)
AGAIN = timedelta(hours=1)  # where nobody answered
UNASKED = "_unasked"
RANK = {Verdict.GOOD: 0, Verdict.THINK: 1, Verdict.BAD: 2}
_OWN = select(Project.id, Project.email_sender).order_by(Project.id)
_KNOWN = select(SenderDomain)
_KNOWN_OF_SOME = _KNOWN.where(SenderDomain.domain.in_(bindparam("domains", expanding=True)))


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found about a domain, and when."""

    domain: str
    warm: bool
    checked_at: datetime | None
    findings: Sequence[Finding]
    changed_at: datetime | None
    change: str  # better | worse | other; "" = never another than at first

    @property
    def verdict(self) -> Verdict | None:
        """The worst of it; None before the first look."""
        if self.checked_at is None:
            return None
        verdicts = (each.verdict for each in self.findings)
        return max(verdicts, key=RANK.__getitem__, default=Verdict.GOOD)

    def fresh(self, now: datetime) -> bool:
        """Whether there is no need to look again yet."""
        unasked = any(each.code.endswith(UNASKED) for each in self.findings)
        return self.checked_at is not None and self.checked_at > now - (AGAIN if unasked else EVERY)


def senders(conn: Connection, network: str) -> dict[str, list[int | None]]:
    """The domains emails come from, with the projects that send from each; None is the network."""
    found: dict[str, list[int | None]] = {}
    for project_id, sender in [(None, network), *conn.execute(_OWN)]:
        domain = sender_domain(sender or network)
        if domain:
            found.setdefault(domain, []).append(project_id)
    return found


def known(conn: Connection, domains: Collection[str] | None = None) -> dict[str, Checked]:
    """What is kept of these domains, or of all."""
    rows = (
        conn.execute(_KNOWN)
        if domains is None
        else conn.execute(_KNOWN_OF_SOME, {"domains": list(domains)})
    )
    return {
        row.domain: Checked(
            row.domain,
            row.warm,
            row.checked_at,
            [Finding.read(each) for each in row.findings],
            row.changed_at,
            row.change,
        )
        for row in rows
    }


def due(conn: Connection, network: str, *, now: datetime) -> list[str]:
    """The sender domains whose records are to be looked up now."""
    ours = senders(conn, network)
    fresh = {each.domain for each in known(conn, ours).values() if each.fresh(now)}
    return sorted(ours.keys() - fresh)


async def check_due(
    database: Database, records: Records, network: str, wanted: Wanted, *, now: datetime
) -> int:
    """Look up what is due, no transaction being open meanwhile; return how many domains that were."""
    domains = await database.read(due, network, now=now)
    for domain in domains:
        findings = await examine(records, domain, wanted)
        change = await database.write(keep, domain, findings, now=now)
        if change:
            log.info("sender records changed", domain=domain, change=change)
    return len(domains)


def keep(conn: Connection, domain: str, findings: Sequence[Finding], *, now: datetime) -> str:
    """Write down what was found; return how it changed, "" where it did not.

    What nobody answered about is no change, and is asked again within the hour.
    """
    before = known(conn, [domain]).get(domain)
    change = "" if before is None or before.checked_at is None else _change(before, findings)
    values: dict[str, Any] = {
        "checked_at": now,
        "findings": [each.written() for each in findings],
    }
    if change:
        values |= {"changed_at": now, "change": change}
    new = {"domain": domain, "warm": False, "change": "", **values}
    statement = insert_or(conn, SenderDomain).values(new)
    conn.execute(statement.on_conflict_do_update(index_elements=["domain"], set_=values))
    return change


def _change(before: Checked, findings: Sequence[Finding]) -> str:
    old, new = _stands(before.findings), _stands(findings)
    places = {place for place in old.keys() & new.keys() if old[place] != new[place]}
    if not places:
        return ""
    worse = {place for place in places if RANK[new[place][1]] > RANK[old[place][1]]}
    better = {place for place in places if RANK[new[place][1]] < RANK[old[place][1]]}
    return "worse" if worse else "better" if better else "other"


def _stands(findings: Sequence[Finding]) -> Mapping[str, tuple[str, Verdict]]:
    """What stands for each kind of record, but for those nobody answered about."""
    found: dict[str, tuple[str, Verdict]] = {}
    for each in findings:
        kind = each.code.partition("_")[0]
        if each.code.endswith(UNASKED):
            continue
        worst = found.get(kind)
        if worst is None or RANK[each.verdict] > RANK[worst[1]]:
            found[kind] = (each.code, each.verdict)
    return found


def look_again(conn: Connection) -> None:
    """Have the records of all senders looked up at the clock's next turn."""
    conn.execute(update(SenderDomain).values(checked_at=None))
