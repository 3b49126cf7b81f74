"""What belongs to a campaign: its alerts, whose pages are what it asks, and the calls that they brought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, case, delete, func, select

from actions.models import Action, ActionAsk, Response
from actions.office_hours import WASHINGTON
from actions.responses import REACHED
from alerts.at_risk import looked_for, namings
from alerts.follow_ups import stands_alone
from alerts.models import Alert, AlertCampaign, AlertText, Case
from alerts.titles import titles_by_alert
from database.upserts import insert_or
from messages.calling_off import taken_back
from messages.cautions import Said
from messages.findings import Finding
from messages.models import Message
from organizers.roles import Within, as_key, owned

MONTHS = 24  # that a picture shows
LATEST = 50  # alerts that one chooses from


class NotInCampaigns(ValueError):
    """What follows another alert belongs where that one does; add that one."""


class NamesSomebody(ValueError):
    """This names somebody who must not be named, and everybody would read it: say it without the name."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An alert of a campaign: a page with scripts and offices, and what came of it."""

    alert_id: int
    case_id: int
    message_id: int
    action_id: int
    slug: str
    titles: Mapping[str, str]  # by language
    project_id: int | None
    launched_at: datetime | None  # None: it is a draft, and nobody can open its page
    starts_at: datetime | None  # nothing leaves earlier
    taken_back: bool  # before anything of it left: nobody can open its page
    ends_at: datetime | None
    calls: int  # that an office heard

    def is_open(self, now: datetime) -> bool:
        """Whether its page asks for calls now, and nobody could take it back any more."""
        return self.has_begun(now) and not (self.ends_at and self.ends_at <= now)

    def has_begun(self, now: datetime) -> bool:
        """Whether anybody may have got it: it was launched, and not taken back while that could be done."""
        if self.launched_at is None or self.taken_back:
            return False
        return self.starts_at is None or self.starts_at <= now


@dataclass(frozen=True)
class MonthOfCalls:
    """Calls that offices heard in a month of Washington's."""

    first: date
    calls: int


_IN_CAMPAIGN = Alert.id.in_(
    select(AlertCampaign.alert_id).where(AlertCampaign.campaign_id == bindparam("campaign"))
)


def put_in(conn: Connection, alert_id: int, campaign_id: int | None) -> None:
    """Let an alert belong to a campaign, or to none. Raises NotInCampaigns for what follows another."""
    if campaign_id is None:
        conn.execute(delete(AlertCampaign).where(AlertCampaign.alert_id == alert_id))
        return
    alone = select(Alert.id).where(Alert.id == alert_id, stands_alone())
    if conn.scalar(alone) is None:
        raise NotInCampaigns(NotInCampaigns.__doc__)
    row = insert_or(conn, AlertCampaign).values(alert_id=alert_id, campaign_id=campaign_id)
    told = {"campaign_id": campaign_id}
    conn.execute(row.on_conflict_do_update(index_elements=["alert_id"], set_=told))


def campaign_of(conn: Connection, alert_id: int) -> int | None:
    """The campaign that an alert belongs to."""
    mine = select(AlertCampaign.campaign_id).where(AlertCampaign.alert_id == alert_id)
    found: int | None = conn.scalar(mine)
    return found


def asked_in(conn: Connection, campaign_id: int, within: Within) -> list[Asked]:
    """The alerts of a campaign that these projects (None: everybody) may see, the latest first."""
    rows = conn.execute(_of_campaign(as_key(within)), {"campaign": campaign_id})
    return _asked(conn, rows.all())


@lru_cache
def _of_campaign(within: tuple[int, ...] | None) -> Select[*tuple[Any, ...]]:
    return _alerts(_IN_CAMPAIGN, owned(Message.project_id, within))


def asked_of_all(conn: Connection, campaign_id: int) -> list[Asked]:
    """The launched alerts of a campaign, whose pages anybody may open; the latest first."""
    launched = _alerts(_IN_CAMPAIGN, Message.launched_at.is_not(None))
    return _asked(conn, conn.execute(launched, {"campaign": campaign_id}).all())


def asked_by_project(conn: Connection, project_id: int | None) -> list[Asked]:
    """The latest launched alerts of a project (None: the network's) that have a page of their own."""
    own = (stands_alone(), Message.project_id.is_not_distinct_from(project_id))
    mine = _alerts(Message.launched_at.is_not(None), *own).limit(LATEST)
    return _asked(conn, conn.execute(mine).all())


def titles_of_pages(conn: Connection, action_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """What the alerts with these pages are called, by page and language."""
    found: dict[int, dict[str, str]] = {}
    if action_ids:
        rows = (
            select(Alert.action_id, AlertText.language, AlertText.title)
            .join(AlertText, AlertText.alert_id == Alert.id)
            .where(Alert.action_id.in_(action_ids), stands_alone())
            .order_by(Alert.id, AlertText.language)
        )
        for action_id, language, title in conn.execute(rows):
            found.setdefault(action_id, {}).setdefault(language, title)
    return found


def could_join(conn: Connection, within: Within, *, language: str) -> list[tuple[int, str]]:
    """The latest alerts of these projects that belong to no campaign, each with its title."""
    title = select(AlertText.title).where(
        AlertText.alert_id == Alert.id, AlertText.language == language
    )
    free = Alert.id.not_in(select(AlertCampaign.alert_id))
    rows = (
        select(Alert.id, func.coalesce(title.scalar_subquery(), ""))
        .join(Message, Message.id == Alert.message_id)
        .where(free, stands_alone(), owned(Message.project_id, within))
        .order_by(Alert.id.desc())
        .limit(MONTHS)
    )
    return [(alert_id, words) for alert_id, words in conn.execute(rows)]


def calls_by_month(
    conn: Connection, actions: Sequence[int], *, now: datetime
) -> list[MonthOfCalls]:
    """Calls that offices heard, month by month from the first of them, for at most two years; in Washington."""
    if not actions:
        return []
    heard = (Response.action_id.in_(actions), Response.outcome.in_(REACHED))
    first = conn.scalar(select(func.min(Response.at)).where(*heard))
    if first is None:
        return []
    zone = ZoneInfo(WASHINGTON)
    firsts = months_between(first.astimezone(zone).date(), now.astimezone(zone).date())
    starts = [datetime.combine(each, time(), zone) for each in firsts]
    since = case(
        *((Response.at >= start, at) for at, start in reversed(list(enumerate(starts)))), else_=-1
    )
    nth = since.label("nth_month")
    counted = select(nth, func.count()).where(*heard).group_by("nth_month")
    calls: dict[int, int] = dict(conn.execute(counted).all())
    return [MonthOfCalls(first, calls.get(at, 0)) for at, first in enumerate(firsts)]


def require_no_names(conn: Connection, project_id: int | None, texts: Iterable[str]) -> None:
    """Let nothing be said to everybody that names people at risk. Raises NamesSomebody."""
    if not Discreet(conn, project_id).is_told(*texts):
        raise NamesSomebody(NamesSomebody.__doc__)


class Discreet:
    """Whom a project's public words must not name, as its lists and the network's are now."""

    def __init__(self, conn: Connection, project_id: int | None) -> None:
        self._people = looked_for(conn, None, project_id)

    def is_told(self, *texts: str) -> bool:
        """Whether everybody may read these words."""
        return not any(self._named(texts))

    def _named(self, texts: Iterable[str]) -> tuple[list[Finding], list[Finding]]:
        if not self._people:
            return [], []
        said = [Said("summary", "", text) for text in texts]
        return namings(said, self._people, {}, case_id=None)


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from one day to another; the latest, if there are too many."""
    number, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    start = max(number, end - MONTHS + 1)
    return [date(each // 12, each % 12 + 1, 1) for each in range(start, end + 1)]


def _alerts(*which: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Alert.id,
            Alert.case_id,
            Alert.message_id,
            Alert.action_id,
            Alert.slug,
            Message.project_id,
            Message.launched_at,
            Message.starts_at,
            taken_back().label("taken_back"),
            Message.expires_at,
            Action.deadline,
            Case.closed_at,
        )
        .join(Message, Message.id == Alert.message_id)
        .join(Action, Action.id == Alert.action_id)
        .join(Case, Case.id == Alert.case_id)
        .where(*which)
        .order_by(Alert.id.desc())
    )


def _asked(conn: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Asked]:
    if not rows:
        return []
    actions = [row.action_id for row in rows]
    titles = titles_by_alert(conn, [row.id for row in rows])
    calls, ends = _calls(conn, actions), _ends(conn, actions)
    return [
        Asked(
            alert_id=row.id,
            case_id=row.case_id,
            message_id=row.message_id,
            action_id=row.action_id,
            slug=row.slug,
            titles=titles.get(row.id, {}),
            project_id=row.project_id,
            launched_at=row.launched_at,
            starts_at=row.starts_at,
            taken_back=bool(row.taken_back),
            ends_at=min(
                (
                    each
                    for each in (
                        row.expires_at,
                        row.deadline,
                        row.closed_at,
                        ends.get(row.action_id),
                    )
                    if each is not None
                ),
                default=None,
            ),
            calls=calls.get(row.action_id, 0),
        )
        for row in rows
    ]


_ACTIONS: BindParameter[Any] = bindparam("actions", expanding=True)
_HEARD = (
    select(Response.action_id, func.count())
    .where(Response.action_id.in_(_ACTIONS), Response.outcome.in_(REACHED))
    .group_by(Response.action_id)
)
_LAST_ASKS = (
    select(ActionAsk.action_id, func.max(ActionAsk.expires_at))
    .where(ActionAsk.action_id.in_(_ACTIONS))
    .group_by(ActionAsk.action_id)
    .having(func.count() == func.count(ActionAsk.expires_at))
)


def _calls(conn: Connection, actions: Sequence[int]) -> dict[int, int]:
    return dict(conn.execute(_HEARD, {"actions": list(actions)}).all())


def _ends(conn: Connection, actions: Sequence[int]) -> dict[int, datetime]:
    """When the last of an action's asks ends, where each of them does."""
    rows = conn.execute(_LAST_ASKS, {"actions": list(actions)})
    return {action_id: at for action_id, at in rows if at is not None}
