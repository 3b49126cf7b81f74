"""What the page of a draft alert shows: its words, its people, its checks and its preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts import approving
from alerts.approvers import project_of, writers_of
from alerts.drafts import AlertDraft
from alerts.follow_ups import Followed
from alerts.passing import Passed, passed
from alerts.preflight import Check, check_stored, find_alert
from alerts.stored import stored_alert
from messages.house import HouseRules
from messages.seeing import Seen
from organizers.approvers import Ballot
from organizers.roles import May, Within
from organizers.sessions import Viewer
from web.console.approval_letters import mailbox_of, told_alone
from web.console.fates import Fates, fates
from web.console.previews import Measured, measured, preview


@dataclass(frozen=True)
class Review:
    """A draft alert before its launch."""

    draft: AlertDraft
    check: Check
    passed: Sequence[Passed]
    fates: Fates
    preview: Seen | None
    followed: Followed | None
    measures: list[Measured]

    @property
    def cheaper(self) -> bool:
        """Whether plain characters would take fewer segments."""
        return any(each.plain.segments < each.measure.segments for each in self.measures)


def review(
    conn: Connection,
    alert_id: int,
    *,
    house: HouseRules,
    within: Within,
    person: int = 0,
    wanted: str = "",
    now: datetime,
) -> Review:
    """Read a draft alert, checked now. Raises NoSuchAlert."""
    alert = stored_alert(conn, find_alert(conn, alert_id))
    texts: Mapping[str, str] = {code: words.sms for code, words in alert.draft.texts.items()}
    found = check_stored(conn, alert, house=house, now=now)
    return Review(
        draft=alert.draft,
        check=found,
        passed=passed(conn, alert, found, house=house, now=now),
        fates=fates(conn, found, alert.message_id, house=house, within=within, now=now),
        preview=preview(
            conn, found.message, house, within=within, person=person, wanted=wanted, now=now
        ),
        followed=alert.followed,
        measures=measured(texts, house.identity),
    )


@dataclass(frozen=True)
class Asking:
    """How a draft stands with those who approve it, for one who looks at it."""

    standing: Ballot
    may_send: bool
    open_to: list[str]  # languages that the viewer may approve
    wrote: bool  # the viewer wrote some of it
    letters_to: list[str]  # who would be told if the viewer launched it alone


def asking(
    conn: Connection, alert_id: int, viewer: Viewer, *, house: HouseRules, now: datetime
) -> Asking | None:
    """Who has approved a draft, and who might; None where one person is enough."""
    if not approving.is_on(house):
        return None
    found = approving.standing(conn, alert_id, house=house, now=now)
    project = project_of(conn, alert_id)
    return Asking(
        standing=found,
        may_send=viewer.may(May.SEND, project),
        open_to=found.open_to(viewer.organizer_id),
        wrote=viewer.actor in writers_of(conn, alert_id),
        letters_to=_letters_to(conn, project, viewer, house),
    )


def _letters_to(conn: Connection, project: int, viewer: Viewer, house: HouseRules) -> list[str]:
    told = told_alone(conn, project, viewer.actor)
    return [each.name for each in told] or list(filter(None, [mailbox_of(house)]))
