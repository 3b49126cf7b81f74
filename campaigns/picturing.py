"""Does a planned email need this picture? Its own words, an occurrence's, or those of a way of writing that is tried."""

from __future__ import annotations

from sqlalchemy import Connection, Text, cast, or_, select

from campaigns.experiment_models import Experiment
from campaigns.models import CampaignEmail, CampaignRun


def needed(conn: Connection, address: str) -> bool:
    """Whether any email of a campaign shows the picture with this address, whatever became of the email."""
    plans = (
        (CampaignEmail.id, (CampaignEmail.texts, CampaignEmail.experiment)),
        (CampaignRun.id, (CampaignRun.texts,)),
        (Experiment.id, (Experiment.texts, Experiment.plan)),
    )
    for key, columns in plans:
        shows = [cast(each, Text).contains(address, autoescape=True) for each in columns]
        if conn.scalar(select(key).where(or_(*shows)).limit(1)) is not None:
            return True
    return False
