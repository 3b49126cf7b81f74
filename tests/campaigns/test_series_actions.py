"""A series follows one alert alone, and its emails lead to the page of one, until that is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from campaigns import enrolling, series, step_approving
from campaigns.leading import close_pages
from campaigns.series import BadSeries, SeriesDraft, StepDraft
from messages.control import Words
from messages.models import Message
from messages.series_models import SeriesStep, StepCopy, Trigger
from tests.builders import make_alert, make_contact, make_membership, make_project
from tests.campaigns.test_series import (
    DAY,
    HOUR,
    NINE,
    START,
    join,
    make_response,
    make_series,
    steps,
    sweep,
)
from tests.doubles import NoJobs

LINKED = {
    "en": Words(subject="Call", body='Call them: {{ link | "the page" }}'),
    "es": Words(subject="Llame", body='Llame: {{ link | "la página" }}'),
}


def act(conn: Connection, project: int, name: str, action_id: int) -> int:
    """Somebody of a project answers an alert."""
    person = make_contact(conn, name, phone=None)
    make_membership(conn, project, person)
    make_response(conn, action_id, person, "contacted", START + HOUR)
    return person


def test_who_answers_another_alert_is_not_taken_in(conn: Connection) -> None:
    project = make_project(conn, "Madison")
    one, other = [make_alert(conn, project_id=project).action_id for _ in range(2)]
    made = make_series(conn, project, trigger=Trigger.ACTED, only_action_id=one)
    any_of_them = make_series(conn, project, trigger=Trigger.ACTED)
    act(conn, project, "Rosa", one)
    act(conn, project, "Luz", other)

    taken = [enrolling.enrol(conn, each, now=START + DAY) for each in (made, any_of_them)]

    assert taken == [1, 2]
    draft: dict[str, Any] = {"name": "Thanks", "trigger": Trigger.ACTED, "zone": "UTC"}
    with pytest.raises(BadSeries):
        series.change(conn, made, SeriesDraft(**draft, only_action_id=other), now=START)
    series.change(conn, made, SeriesDraft(**draft, only_action_id=one), now=START)


def leading(conn: Connection, project: int, action_id: int) -> int:
    """A series of one step that leads to a page, for Rosa who joined the day before."""
    made = make_series(conn, project, days=(1,))
    step = StepDraft(days=1, hour="09:00", texts=LINKED, action_id=action_id)
    series.change_step(conn, steps(conn, made)[0], step, by="x")
    join(conn, project, "Rosa", START + DAY)
    return made


def test_its_email_leads_to_the_page_of_the_alert(conn: Connection) -> None:
    project = make_project(conn, "Madison")
    page = make_alert(conn, project_id=project).action_id
    made = leading(conn, project, page)

    assert sweep(conn, NoJobs(), made, NINE) == {"fired": 1}

    assert conn.scalars(select(Message.action_id).where(Message.key.like("series:%"))).all() == [
        page
    ]


def test_what_would_lead_to_a_page_that_is_over_is_held(conn: Connection) -> None:
    project = make_project(conn, "Madison")
    page = make_alert(conn, project_id=project).action_id
    made = leading(conn, project, page)
    close_pages(conn, [page], now=NINE)

    assert sweep(conn, NoJobs(), made, NINE + timedelta(minutes=1)) == {"held": 1}

    [details] = conn.scalars(select(StepCopy.details))
    assert "leads_to_the_end" in str(details)


def test_an_approval_is_of_where_it_leads_and_whom_it_follows(conn: Connection) -> None:
    made = make_series(conn, make_project(conn), days=(1,), trigger=Trigger.ACTED, started=False)

    def digest() -> str:
        return step_approving.digest(series.look_at(conn, made), series.steps_of(conn, made)[0])

    seen = [digest()]
    conn.execute(update(SeriesStep).values(action_id=1))
    seen.append(digest())
    draft = SeriesDraft(name="x", trigger=Trigger.ACTED, zone="America/Chicago", only_action_id=1)
    series.change(conn, made, draft, now=START)
    seen.append(digest())

    assert len(set(seen)) == 3
