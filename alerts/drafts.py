"""An alert as its author has it in mind, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from actions.asks import OneAsk
from actions.custom_targets import NamedOffice
from actions.scripts import ScriptWords
from alerts.fact_models import FactKind, Release
from alerts.models import Level, Work
from messages.audience import EVERYBODY, Audience
from messages.control import Words
from messages.models import Reach


@dataclass(frozen=True)
class Headline:
    """A title and a summary in one language."""

    title: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class FactDraft:
    """Something that is known, since when, from whom."""

    happened_on: date
    words: Mapping[str, str]  # by language
    sources: Sequence[str] = ()
    kind: FactKind = FactKind.EVENT
    release: Release | None = None  # None: everybody may read it, but of a person nobody yet
    embargo_until: datetime | None = None
    override: str = ""  # why fewer than two sources are enough to publish it; "" = they are not
    key: str = ""  # as texts cite it; "" = made of its words


@dataclass(frozen=True, kw_only=True)
class CaseDraft:
    """What happened; an alert on a case of the same slug adds to it what is new."""

    slug: str
    words: Mapping[str, Headline] = field(default_factory=dict)
    facts: Sequence[FactDraft] = ()


@dataclass(frozen=True)
class Ending:
    """When something ends: at an instant, some time after it was written down, or never."""

    at: datetime | None = None
    after: timedelta | None = None

    def instant(self, now: datetime) -> datetime | None:
        """The instant, for what is written down now."""
        return now + self.after if self.after is not None else self.at


@dataclass(frozen=True, kw_only=True)
class CallDraft:
    """The call that is asked for."""

    asks: Sequence[OneAsk]  # in the order in which people call
    scripts: Mapping[str, ScriptWords]
    goal: int | None = None
    deadline: Ending = Ending()
    offices: Sequence[NamedOffice] = ()  # outside Congress; saved, or corrected, with the alert


@dataclass(frozen=True, kw_only=True)
class AlertDraft:
    """Everything an organizer would type."""

    case: CaseDraft
    level: Level
    words: Mapping[str, Headline]  # of the public page
    texts: Mapping[str, Words]
    call: CallDraft
    reach: Reach = Reach.BOTH
    merge_defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    audience: Audience = EVERYBODY
    # Projects by slug, as files name them; they are added to the audience's own.
    to_projects: Sequence[str] = ()
    not_to_projects: Sequence[str] = ()
    project: str = ""  # slug of the project whose alert it is; "" = the network's
    begins_at: datetime | None = None  # nothing leaves earlier; None: as soon as it is launched
    expires: Ending = Ending()
    budget_cents: int | None = (
        None  # what its texts may cost; 0 = no limit, None = as the network says
    )
    capped: bool = True  # False: also people who have had as many messages this week as they may
    ask_hours: int = 0  # after which who followed their link is asked how it went; 0 = nobody is
    work: Work | None = (
        None  # what kind of work it is; None = nobody has said, and it waits for that
    )
