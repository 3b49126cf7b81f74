"""Does an email name somebody who must not be named? Asked again as it leaves, of all that would go out.

Who is at risk is known by rooms that this one may not import: the house brings the question
(``messages/discretion.py``). Why some words may stand all the same is kept beside the plan, and is part of what
two people approve.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from campaigns import variants
from campaigns.calendar import change_email, find_email
from campaigns.experiment_models import Experiment
from campaigns.experiments import OPEN
from campaigns.models import CampaignRun
from campaigns.occurrences import WAITING
from messages import discretion
from messages.calling_off import LIVE
from messages.cautions import Said
from messages.control import Words
from messages.discretion import LetStand
from messages.findings import Finding
from messages.house import HouseRules
from messages.models import Message, MessageText


def take_turns(conn: Connection, house: HouseRules) -> None:
    """Let nobody come on a list until we commit; before any message is locked, as whoever keeps a list does it."""
    if house.discretion is not None:
        discretion.take_turns(conn)


def findings(
    conn: Connection,
    email: Row[Any],
    texts: Iterable[Mapping[str, Words]],
    *,
    house: HouseRules,
) -> Sequence[Finding]:
    """What of these words, each by language, must not be said; until we commit, nobody comes on a list."""
    return _asked(conn, email.project_id, texts, let_stand(email), house=house)


def findings_in_step(
    conn: Connection, project_id: int | None, step: Row[Any], *, house: HouseRules
) -> Sequence[Finding]:
    """The same of a step of a series, of which nobody may say why it names somebody all the same."""
    return _asked(conn, project_id, [_read(step.texts)], (), house=house)


def _asked(
    conn: Connection,
    project_id: int | None,
    texts: Iterable[Mapping[str, Words]],
    reasons: Collection[LetStand],
    *,
    house: HouseRules,
) -> Sequence[Finding]:
    if house.discretion is None:
        return ()
    take_turns(conn, house)
    said = [each for words in texts for each in said_in(words)]
    return house.discretion(conn, project_id, said, reasons)


def said_in(texts: Mapping[str, Words]) -> list[Said]:
    """Every text of an email."""
    return [
        said
        for language, words in texts.items()
        for said in discretion.said_in_email(language, words.subject, words.body)
    ]


def let_stand(email: Row[Any]) -> list[LetStand]:
    """Why its words may name somebody."""
    return [discretion.read(each) for each in email.let_stand]


def unsent(conn: Connection, email: Row[Any]) -> list[Said]:
    """All that an email may still send: its own words, those of single dates, and of what is tried or on its way."""
    own = _read(email.texts)
    plan = variants.read(email.experiment)
    texts = [own] if plan is None else variants.variants(plan, own)
    mine = (CampaignRun.email_id == email.id, CampaignRun.status.in_(WAITING))
    texts += [_read(each) for each in conn.scalars(select(CampaignRun.texts).where(*mine)) if each]
    tried = (
        select(Experiment.texts)
        .join(CampaignRun, CampaignRun.id == Experiment.run_id)
        .where(CampaignRun.email_id == email.id, Experiment.state.in_(OPEN))
    )
    texts += [_read(each) for ways in conn.scalars(tried) for each in ways]
    return [*_flying(conn, email.id), *(said for each in texts for said in said_in(each))]


def _flying(conn: Connection, email_id: int) -> list[Said]:
    """The words of what is on its way."""
    root = func.coalesce(Message.part_of, Message.id)
    rows = (
        select(Message.id)
        .join(CampaignRun, CampaignRun.message_id == root)
        .where(CampaignRun.email_id == email_id, Message.status.in_(LIVE))
    )
    return said_by(conn, conn.scalars(rows).all())


def said_by(conn: Connection, message_ids: Collection[int]) -> list[Said]:
    """The words of emails that have left, or are on their way."""
    columns = (MessageText.language, MessageText.subject, MessageText.body)
    rows = select(*columns).where(MessageText.message_id.in_(message_ids))
    found = conn.execute(rows.order_by(MessageText.message_id, MessageText.language))
    return [said for row in found for said in discretion.said_in_email(*row)]


def keep(conn: Connection, email_id: int, reason: LetStand) -> None:
    """Keep why an email may name somebody, in these words; what was said of the same person before is replaced.

    Who says so wrote part of what is approved, and approves none of it (``approving.writers_of``).
    """
    email = find_email(conn, email_id)
    others = [each for each in email.let_stand if each["person"] != reason.person]
    change_email(conn, email_id, let_stand=[*others, discretion.kept(reason)])


def _read(texts: Mapping[str, Mapping[str, str]]) -> dict[str, Words]:
    return {code: Words(**words) for code, words in texts.items()}
