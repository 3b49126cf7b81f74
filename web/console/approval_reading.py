"""Exactly what somebody approves: every word in each language, for whom, until when, and what it may cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from actions.custom_targets import NamedOffice, offices_of_action
from alerts import approvers, approving
from alerts.drafts import AlertDraft
from alerts.models import Alert, AlertText
from alerts.pages import AT_LAST, AlertPage, page_of_action
from alerts.passing import Passed, passed
from alerts.preflight import Check, check_stored, find_alert
from alerts.stored import stored_alert
from contacts.models import Project
from messages.eligibility import stored_message
from messages.house import HouseRules
from organizers.access import names
from organizers.approvers import Ballot
from organizers.roles import NETWORKS
from web.console.fates import Fates, fates
from web.console.previews import Sample, samples

_PROJECTS = select(Project.id, Project.name)
_OF_ACTIONS = (
    select(Alert.action_id, AlertText.language, AlertText.title)
    .join(AlertText, AlertText.alert_id == Alert.id)
    .where(Alert.action_id.in_(bindparam("actions", expanding=True)))
)
_OF_MESSAGES = (
    select(Alert.message_id, AlertText.language, AlertText.title)
    .join(AlertText, AlertText.alert_id == Alert.id)
    .where(Alert.message_id.in_(bindparam("messages", expanding=True)))
)


@dataclass(frozen=True)
class Reading:
    """A draft before the eyes of whoever approves it."""

    alert_id: int
    project: str  # "" = the network's
    writers: Sequence[str]  # by name
    draft: AlertDraft
    page: AlertPage  # to which its copies lead, with what is still under embargo
    follows: bool  # that is the page of another alert
    offices: Sequence[NamedOffice]
    check: Check
    passed: Sequence[Passed]
    fates: Fates  # as the alert's own organizers see them
    samples: Sequence[Sample]
    standing: Ballot
    projects: Mapping[int, str]  # for the audience, by number
    asked_of: Mapping[int, Mapping[str, str]]  # titles, by action
    sent_as: Mapping[int, Mapping[str, str]]  # titles, by message
    hours: Mapping[str, str]  # in which texts arrive, {} = any

    def title(self, language: str) -> str:
        """Its title in a language, or in any."""
        titles = {code: words.title for code, words in self.draft.words.items()}
        return titles.get(language) or next((each for each in titles.values() if each), "")


def reading(conn: Connection, alert_id: int, *, house: HouseRules, now: datetime) -> Reading:
    """Read all of a draft. Raises NoSuchAlert."""
    alert = stored_alert(conn, find_alert(conn, alert_id))
    draft, project = alert.draft, approvers.project_of(conn, alert_id)
    standing = approving.standing(conn, alert_id, house=house, now=now)
    projects = {row.id: row.name for row in conn.execute(_PROJECTS)}
    known, checked = names(conn), check_stored(conn, alert, house=house, now=now)
    follows, leads_to = alert.leads_to is not alert.ask, alert.leads_to.action_id
    offices = offices_of_action(conn, leads_to) if follows else alert.offices
    return Reading(
        alert_id=alert_id,
        project="" if project == NETWORKS else projects[project],
        writers=sorted(known.get(each, each) for each in approvers.writers_of(conn, alert_id)),
        draft=draft,
        page=page_of_action(conn, leads_to, now=AT_LAST),
        follows=follows,
        offices=[each.office for each in offices],
        check=checked,
        passed=passed(conn, alert, checked, house=house, now=now),
        fates=fates(conn, checked, alert.message_id, house=house, within=[project], now=now),
        samples=samples(checked.message.compiled, house),
        standing=standing,
        projects=projects,
        asked_of=_titles_by_action(conn, draft),
        sent_as=_titles_by_message(conn, draft),
        hours=stored_message(conn, alert.message_id).hours or {},
    )


def _titles_by_action(conn: Connection, draft: AlertDraft) -> dict[int, dict[str, str]]:
    lines = (draft.audience.include, draft.audience.exclude)
    named = [(line.acted, line.not_acted, *line.acted_any, *line.not_acted_any) for line in lines]
    actions = {each for line in named for each in line if each}
    found: dict[int, dict[str, str]] = {}
    if not actions:
        return found
    for row in conn.execute(_OF_ACTIONS, {"actions": list(actions)}):
        found.setdefault(row.action_id, {})[row.language] = row.title
    return found


def _titles_by_message(conn: Connection, draft: AlertDraft) -> dict[int, dict[str, str]]:
    lines = (draft.audience.include, draft.audience.exclude)
    named = [(line.got, *line.got_any, *line.not_got_any) for line in lines]
    messages = {each for line in named for each in line if each}
    found: dict[int, dict[str, str]] = {}
    if not messages:
        return found
    for row in conn.execute(_OF_MESSAGES, {"messages": list(messages)}):
        found.setdefault(row.message_id, {})[row.language] = row.title
    return found
