"""From a draft to a launched alert: stored whole, checked against everybody, confirmed by number."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from actions.asks import BadAction, OneAsk, simple_asks
from actions.custom_targets import Line, NamedOffice, find_office
from actions.models import Action, CustomTarget, Script, TargetRule
from actions.scripts import ScriptWords
from alerts import launching
from alerts.cases import UnknownCase, close_case
from alerts.drafts import AlertDraft, CaseDraft, Ending
from alerts.fact_models import Fact, Release
from alerts.launching import AudienceChanged, NotReady
from alerts.models import Alert, AlertText, Case
from alerts.preflight import Check, NoSuchAlert, check
from contacts.models import Channel, Standing
from contacts.projects import NoSuchProject
from database.jobs import Jobs
from messages import control
from messages.audience import Audience, Filter
from messages.control import NotNow, Words
from messages.hours import Hours
from messages.models import Link, Message, MessageStatus, MessageText, Reach
from organizers.roles import NETWORKS
from tests.alerts.drafting import HOUSE, make_case, make_draft, make_fact_draft
from tests.builders import make_contact, make_office, make_project
from tests.doubles import NoJobs


@pytest.fixture
def jobs() -> Jobs:
    return NoJobs()


def create(conn: Connection, draft: AlertDraft, now: datetime) -> int:
    return launching.create(conn, draft, house=HOUSE, created_by="Amina", now=now)


def checked(conn: Connection, draft: AlertDraft, now: datetime) -> Check:
    return check(conn, create(conn, draft, now), house=HOUSE, now=now)


def codes(found: Check) -> tuple[list[str], list[str]]:
    """Blocking and warning codes."""
    return [each.code for each in found.blocking], [each.code for each in found.warnings]


def test_a_draft_is_stored_whole(conn: Connection, now: datetime) -> None:
    alert_id = create(conn, make_draft(), now)

    alert = conn.execute(select(Alert).where(Alert.id == alert_id)).one()
    message = conn.execute(select(Message).where(Message.id == alert.message_id)).one()
    assert conn.scalar(select(Case.slug).where(Case.id == alert.case_id)) == "suchitoto-14"
    assert (message.status, message.reach, message.sms_sender) == (
        MessageStatus.DRAFT,
        Reach.BOTH,
        "+12025550100",
    )
    for model, owner in ((MessageText, MessageText.message_id), (AlertText, AlertText.alert_id)):
        mine = alert.message_id if model is MessageText else alert_id
        assert conn.scalar(select(func.count()).select_from(model).where(owner == mine)) == 2
    assert conn.scalar(select(func.count()).where(Script.action_id == alert.action_id)) == 2
    assert len(alert.slug) == 11


def test_two_alerts_on_one_case_share_it_and_tell_no_fact_twice(
    conn: Connection, now: datetime
) -> None:
    create(conn, make_draft(), now)
    more = make_fact_draft("Five are released.", "Cinco salen libres.")
    create(conn, make_draft(case=make_case(facts=[make_fact_draft(), more])), now)

    assert conn.scalar(select(func.count()).select_from(Case)) == 1
    assert conn.scalar(select(func.count()).select_from(Fact)) == 2


def test_a_case_that_is_not_there_needs_words(conn: Connection, now: datetime) -> None:
    with pytest.raises(UnknownCase, match="no case is called santa-marta-5"):
        create(conn, make_draft(case=CaseDraft(slug="santa-marta-5")), now)


def test_projects_are_named_by_slug_and_a_near_miss_is_told(
    conn: Connection, now: datetime
) -> None:
    project_id = make_project(conn, slug="madison-arcatao", sms_sender="+16085550100")
    draft = make_draft(to_projects=["madison-arcatao"], project="madison-arcatao")

    alert_id = create(conn, draft, now)

    message = conn.execute(
        select(Message).join(Alert, Alert.message_id == Message.id).where(Alert.id == alert_id)
    ).one()
    assert message.audience == {"include": {"projects": [project_id]}}
    assert message.scopes == ["network", f"project:{project_id}"]
    assert (message.project_id, message.sms_sender) == (project_id, "+16085550100")
    with pytest.raises(NoSuchProject, match="did you mean madison-arcatao"):
        create(conn, make_draft(to_projects=["madison-arcatoa"]), now)


def test_offices_of_the_file_are_saved_and_named_on_the_action(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    office = NamedOffice(key="desk", name="El Salvador desk", phones=[Line("+12025550147")])
    draft = make_draft()
    asks = simple_asks(TargetRule.CONGRESS, ["desk"])
    call = replace(draft.call, offices=[office], asks=asks)

    found = checked(conn, replace(draft, call=call), now)

    assert conn.scalar(select(CustomTarget.phones).where(CustomTarget.key == "desk"))
    assert codes(found) == (["unverified_office"], [])
    assert "Nobody has checked the number of El Salvador desk" in str(found.blocking[0])


def with_office(draft: AlertDraft, **ask: Any) -> AlertDraft:
    """The draft, asking for a call to the embassy besides."""
    embassy = OneAsk(**{"rule": TargetRule.CUSTOM, "office": "embassy", **ask})
    return replace(draft, call=replace(draft.call, asks=[*draft.call.asks, embassy]))


@pytest.mark.parametrize(
    ("office", "code"),
    [
        ({}, None),
        ({"verified": False}, "unverified_office"),
        ({"verified_on": date(2026, 1, 5)}, "expired_office"),
        ({"phones": []}, "office_without_number"),
        ({"phones": [], "email": "desk@example.org"}, "office_without_number"),
    ],
)
def test_an_office_nobody_has_checked_lately_stands_in_the_way(
    conn: Connection, now: datetime, office: dict[str, Any], code: str | None
) -> None:
    make_contact(conn)
    target_id = make_office(conn, "embassy", **office)

    found = checked(conn, with_office(make_draft()), now)

    assert codes(found) == ([code] if code else [], [])
    assert all(each.values["target"] == target_id for each in found.blocking)
    assert all("The Embassy" in each.words("es") for each in found.blocking)


LETTER = {
    language: ScriptWords(letter_subject="Suchitoto", letter="Speak up.")
    for language in ("en", "es")
}


@pytest.mark.parametrize(
    ("office", "code"),
    [
        ({"email": "desk@example.org"}, None),
        ({"phones": [], "email": "desk@example.org"}, None),
        ({}, "office_without_address"),
    ],
)
def test_an_office_that_is_only_written_to_needs_no_number_but_an_address(
    conn: Connection, now: datetime, office: dict[str, Any], code: str | None
) -> None:
    make_contact(conn)
    make_office(conn, "embassy", **office)

    found = checked(conn, with_office(make_draft(), scripts=LETTER), now)

    assert codes(found)[0] == ([code] if code else [])


@pytest.mark.parametrize(
    ("spanish", "code"),
    [(ScriptWords("Hola.", "Hable."), "no_letter"), (LETTER["es"], "no_script")],
)
def test_what_one_language_has_the_other_needs(
    conn: Connection, now: datetime, spanish: ScriptWords, code: str
) -> None:
    make_contact(conn)
    english = replace(LETTER["en"], opening="Hello.", ask="Speak up.")
    draft = make_draft()
    draft = replace(draft, call=replace(draft.call, scripts={"en": english, "es": spanish}))

    found = checked(conn, draft, now)

    assert codes(found)[0] == [code]
    assert "Spanish" in str(found.blocking[0])


def test_an_office_is_not_in_the_way_of_an_alert_that_no_longer_asks_for_it(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    make_office(conn, "embassy", verified=False)

    assert checked(conn, with_office(make_draft(), expires_at=now), now).ready


def test_a_launch_is_refused_once_the_number_has_expired(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    make_office(conn, "embassy", expires_on=now.date())
    alert_id = create(conn, with_office(make_draft()), now)
    later = now + timedelta(days=1)

    assert check(conn, alert_id, house=HOUSE, now=now).ready
    with pytest.raises(NotReady, match="was to be trusted until 2026-11-19 only"):
        launching.launch(conn, NoJobs(), alert_id, house=HOUSE, confirmed=1, by="Amina", now=later)


def test_the_script_of_an_ask_is_looked_at_like_the_actions_own(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    make_office(conn, "embassy")
    fact = make_fact_draft("Their names are withheld for now.", "Aún no.", Release.WITHHELD)
    case = make_case(facts=[fact])
    script = {"en": ScriptWords("Hello.", "Their names are withheld for now, I know.")}

    found = checked(conn, with_office(make_draft(case=case), scripts=script), now)

    assert codes(found)[0] == ["no_script_of_ask", "withheld"]
    assert "Ask 2 has a script of its own, but not in Spanish" in str(found.blocking[0])


def test_a_file_corrects_an_office_and_keeps_what_was_checked(
    conn: Connection, now: datetime
) -> None:
    target_id = make_office(conn, "desk", phone="+12025550147")
    office = NamedOffice(key="desk", name="The Desk", phones=[Line("+12025550147")])
    draft = make_draft()

    create(conn, replace(draft, call=replace(draft.call, offices=[office])), now)

    kept = find_office(conn, target_id).office
    assert (kept.name, kept.verified_by) == ("The Desk", "Amina")


def test_web_addresses_in_texts_become_links_of_our_own(conn: Connection, now: datetime) -> None:
    texts = {
        language: Words("{{ link }} https://example.org/a", "s", "https://example.org/b")
        for language in ("en", "es")
    }
    create(conn, make_draft(texts=texts), now)

    assert set(conn.scalars(select(Link.url))) == {"https://example.org/a", "https://example.org/b"}


def test_an_action_nobody_could_carry_out_is_refused(conn: Connection, now: datetime) -> None:
    draft = make_draft()
    call = replace(draft.call, deadline=Ending(at=now - timedelta(hours=1)))

    with pytest.raises(BadAction, match="deadline has passed"):
        create(conn, replace(draft, call=call), now)


def test_a_draft_may_be_rewritten_until_it_is_launched(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    make_contact(conn)
    alert_id = create(conn, make_draft(), now)
    changed = make_draft(reach=Reach.EMAIL)

    launching.rewrite(conn, alert_id, changed, house=HOUSE, by="Amina", now=now)

    message_id = launching.message_of(conn, alert_id)
    assert conn.scalar(select(Message.reach).where(Message.id == message_id)) == Reach.EMAIL
    assert conn.scalar(select(func.count()).select_from(Action)) == 1
    launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=1, by="Amina", now=now)
    with pytest.raises(NotNow):
        launching.rewrite(conn, alert_id, changed, house=HOUSE, by="Amina", now=now)


def test_a_good_alert_is_launched_once_and_waits_for_the_undo_window(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    make_contact(conn)
    alert_id = create(conn, make_draft(expires=Ending(after=timedelta(hours=72))), now)

    launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=1, by="Amina", now=now)

    status = launching.status(conn, alert_id, now=now)
    assert status.progress.status is MessageStatus.SENDING
    assert status.progress.starts_at == now + timedelta(seconds=60)
    assert status.progress.expires_at == now + timedelta(hours=72)
    assert status.titles["es"] == "Llame por los 14 de Suchitoto"
    with pytest.raises(NotNow, match="already been launched"):
        launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=1, by="Amina", now=now)


def test_a_chosen_hour_is_waited_for_and_until_then_it_can_be_undone(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    make_contact(conn)
    alert_id = create(conn, make_draft(begins_at=now + timedelta(hours=13)), now)
    message_id = launching.message_of(conn, alert_id)

    launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=1, by="Amina", now=now)

    assert launching.status(conn, alert_id, now=now).progress.starts_at == now + timedelta(hours=13)
    control.undo(conn, message_id, now=now + timedelta(hours=12))
    assert launching.status(conn, alert_id, now=now).progress.status is MessageStatus.STOPPED


def test_an_hour_that_has_passed_is_waited_for_no_longer_than_the_undo_window(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    make_contact(conn)
    alert_id = create(conn, make_draft(begins_at=now - timedelta(hours=1)), now)

    launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=1, by="Amina", now=now)

    starts_at = launching.status(conn, alert_id, now=now).progress.starts_at
    assert starts_at == now + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [
        (timedelta(hours=3), timedelta(hours=3), "begins_after_end"),
        (timedelta(days=15), timedelta(days=30), "begins_far"),
    ],
)
def test_a_beginning_that_cannot_be_kept_blocks(
    conn: Connection, now: datetime, begins: timedelta, ends: timedelta, code: str
) -> None:
    make_contact(conn)

    found = checked(conn, make_draft(begins_at=now + begins, expires=Ending(at=now + ends)), now)

    assert codes(found)[0] == [code]


def test_a_beginning_after_the_last_call_blocks(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    draft = make_draft(begins_at=now + timedelta(hours=3))
    ending = replace(draft.call, deadline=Ending(at=now + timedelta(hours=2)))

    found = checked(conn, replace(draft, call=ending), now)

    assert codes(found)[0] == ["begins_after_end"]


def test_who_is_held_is_told_for_the_hour_at_which_it_begins(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Keala", zones=["Pacific/Honolulu"])
    night = now.replace(hour=8)  # 22:00 of the day before in Hawaii

    at_night = checked(conn, make_draft(), night)
    by_day = checked(conn, make_draft(begins_at=night + timedelta(hours=14)), night)

    assert at_night.forecast.total(Channel.SMS, "held") == 1
    assert by_day.forecast.total(Channel.SMS, "now") == 1


def test_an_audience_that_changed_since_it_was_confirmed_stops_the_launch(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    make_contact(conn, "Amina")
    alert_id = create(conn, make_draft(), now)
    make_contact(conn, "Ben")

    with pytest.raises(AudienceChanged, match="1 people were confirmed, but it would now reach 2"):
        launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=1, by="Amina", now=now)


def test_what_stands_in_the_way_stops_the_launch(
    conn: Connection, now: datetime, jobs: Jobs
) -> None:
    alert_id = create(conn, make_draft(), now)

    with pytest.raises(NotReady, match="Nobody is in this audience"):
        launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=0, by="Amina", now=now)

    message_id = launching.message_of(conn, alert_id)
    assert conn.scalar(select(Message.status).where(Message.id == message_id)) == "draft"


def test_an_alert_that_is_not_there_is_told(conn: Connection, now: datetime) -> None:
    with pytest.raises(NoSuchAlert, match="there is no alert 77"):
        launching.status(conn, 77, now=now)


def test_a_good_alert_has_nothing_in_its_way(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Amina")
    make_contact(conn, "Benita", language="es")

    found = checked(conn, make_draft(), now)

    assert codes(found) == ([], [])
    assert found.ready
    assert (found.people, found.forecast.reached, found.segments) == (2, 2, 2)
    assert found.cost == Decimal("0.02")
    assert {each.language: each.copies for each in found.estimates} == {"en": 1, "es": 1}


def test_an_audience_of_which_nobody_may_be_written_to_blocks(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Chloe", consent=Standing.OPTED_OUT)
    make_contact(conn, "Dora", consent=None)

    found = checked(conn, make_draft(), now)

    assert codes(found)[0] == ["nobody_reached"]
    assert "All 2 people" in str(found.blocking[0])


def test_a_missing_language_blocks_everywhere_it_is_missing(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    draft = make_draft()
    only_english: Any = {
        "words": {"en": draft.words["en"]},
        "texts": {"en": draft.texts["en"]},
        "call": replace(draft.call, scripts={"en": draft.call.scripts["en"]}),
    }

    found = checked(conn, replace(draft, **only_english), now)

    assert set(codes(found)[0]) == {"no_sms", "no_email", "no_page", "no_script"}


def test_an_email_is_not_missed_where_only_texts_go_out(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    texts = {language: Words(sms="{{ link }}") for language in ("en", "es")}

    found = checked(conn, make_draft(texts=texts, reach=Reach.SMS), now)

    assert codes(found) == ([], [])


@pytest.mark.parametrize("after", [timedelta(hours=-1), timedelta(0), timedelta(seconds=60)])
def test_an_expiry_before_the_first_message_could_leave_blocks(
    conn: Connection, now: datetime, after: timedelta
) -> None:
    make_contact(conn)

    found = checked(conn, make_draft(expires=Ending(at=now + after)), now)

    assert codes(found)[0] == ["expired"]


def test_people_asleep_until_after_the_expiry_are_warned_about(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Keala", zones=["Pacific/Honolulu"])
    night = now.replace(hour=8)  # 22:00 of the day before in Hawaii
    expires = Ending(at=night + timedelta(hours=2))

    found = checked(conn, make_draft(expires=expires), night)

    assert codes(found) == ([], ["asleep", "offices_closed"])


@pytest.mark.parametrize(
    ("begins", "told"),
    [
        ("2026-11-20T01:40", ["2026-11-20 09:00 (New York)"]),  # 20:40 in Washington
        ("2026-11-20T13:59", ["2026-11-20 09:00 (New York)"]),
        ("2026-11-20T14:00", []),
        ("2026-11-21T15:00", ["2026-11-23 09:00 (New York)"]),  # a Saturday
    ],
)
def test_that_the_offices_are_closed_when_it_arrives_is_told_with_their_next_hour(
    conn: Connection, now: datetime, begins: str, told: list[str]
) -> None:
    make_contact(conn)
    draft = make_draft(begins_at=datetime.fromisoformat(begins).replace(tzinfo=UTC))

    found = checked(conn, draft, now)

    warned = [each for each in found.warnings if each.code == "offices_closed"]
    assert [each.values["opens"] for each in warned] == told


def test_a_field_nobody_has_blocks_and_says_so(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Amina", city="")
    texts = {
        language: Words("{{ city }} {{ link }}", "s", "{{ link }}") for language in ("en", "es")
    }

    found = checked(conn, make_draft(texts=texts), now)

    assert codes(found)[0] == ["gap_nobody"]
    assert "{{ city }} in the English text message: none of the 1 people has one" in str(
        found.blocking[0]
    )


def test_a_field_some_lack_blocks_and_says_for_how_many(conn: Connection, now: datetime) -> None:
    for name in ("Amina", "Ben", "Chloe"):
        make_contact(conn, name, city="" if name == "Ben" else "Madison")
    make_contact(conn, "Dora", city="", consent=Standing.OPTED_OUT)  # gets none: does not count
    texts = {language: Words("{{ link }}", "{{ city }}", "{{ link }}") for language in ("en", "es")}

    found = checked(conn, make_draft(texts=texts), now)

    (blocking,) = found.blocking
    expected = "{{ city }} in the English email: 1 of 3 people have none. Give a default:"
    assert str(blocking).startswith(expected)
    assert found.blocking[0].words("es").startswith("{{ city }} en el correo en inglés: 1 de 3")


def test_a_default_in_the_text_or_of_the_message_fills_the_gap(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Amina", city="")
    make_contact(conn, "Benita", city="", language="es")
    texts = {
        "en": Words('{{ city | "your town" }} {{ link }}', "s", "{{ link }}"),
        "es": Words("{{ city }} {{ link }}", "s", "{{ link }}"),
    }

    found = checked(conn, make_draft(texts=texts, merge_defaults={"es": {"city": "su zona"}}), now)

    assert codes(found)[0] == []


def test_readers_of_another_language_count_with_the_text_they_get(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn, "Amina")
    make_contact(conn, "Chloé", city="", language="fr")
    texts = {
        "en": Words("{{ city }} {{ link }}", "s", "{{ link }}"),
        "es": Words("{{ link }}", "s", "{{ link }}"),
    }

    found = checked(conn, make_draft(texts=texts), now)

    assert codes(found) == (["gap_some"], ["other_languages"])
    assert found.blocking[0].values["of"] == 2


@pytest.mark.parametrize("field", ["community", "rep_name"])
def test_a_field_that_is_looked_up_is_counted_too(
    conn: Connection, now: datetime, field: str
) -> None:
    make_contact(conn, "Amina")  # in no project, and no members of Congress are loaded
    texts = {
        language: Words(f"{{{{ {field} }}}} {{{{ link }}}}", "s", "{{ link }}")
        for language in ("en", "es")
    }

    found = checked(conn, make_draft(texts=texts), now)

    assert codes(found)[0] == ["gap_nobody"]


def test_an_unknown_field_blocks_with_the_near_miss(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    alert_id = create(conn, make_draft(), now)
    conn.execute(update(MessageText).values(sms="{{ lnik }}"))

    found = check(conn, alert_id, house=HOUSE, now=now)

    assert "bad_template" in codes(found)[0]
    assert any("did you mean {{ link }}?" in str(each) for each in found.blocking)


def test_a_text_that_quotes_a_withheld_fact_cannot_be_launched(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    fact = make_fact_draft(
        "A relative of one of them has fled to the capital.",
        "Un familiar de una de ellas huyó a la capital.",
        Release.WITHHELD,
    )
    draft = make_draft(case=make_case(facts=[fact]))
    quoting = {
        **draft.texts,
        "es": replace(
            draft.texts["es"], body="Se supo que UN FAMILIAR de una de ellas huyo. {{ link }}"
        ),
    }

    found = checked(conn, replace(draft, texts=quoting), now)

    assert codes(found)[0] == ["withheld"]
    assert str(found.blocking[0]).startswith("The Spanish text quotes a fact that is withheld")


def test_a_fact_for_committees_is_not_said_in_the_script(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    fact = make_fact_draft("The aide is sympathetic.", "La asistente es amable.", Release.COMMITTEE)
    draft = make_draft(case=make_case(facts=[fact]))
    script = replace(draft.call.scripts["en"], reasons="I hear the aide is sympathetic.")
    call = replace(draft.call, scripts={**draft.call.scripts, "en": script})

    found = checked(conn, replace(draft, call=call), now)

    assert codes(found) == (["committee_only"], [])


def test_facts_that_are_not_quoted_do_no_harm(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    fact = make_fact_draft("The lawyer's name is known.", "Se sabe quién es.", Release.WITHHELD)

    found = checked(conn, make_draft(case=make_case(facts=[fact])), now)

    assert codes(found) == ([], [])


def test_numbers_abroad_are_counted_and_told(conn: Connection, now: datetime) -> None:
    make_contact(conn, "Amina")
    make_contact(conn, "Benita", phone="+50370001234")

    found = checked(conn, make_draft(), now)

    assert codes(found) == ([], ["foreign"])
    assert "1 people have numbers outside the countries" in str(found.warnings[0])


def test_a_draft_of_before_a_country_was_ruled_out_must_be_saved_again(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    allowed = replace(HOUSE, countries=("US", "SV"))
    alert_id = launching.create(
        conn, make_draft(), house=allowed, created_by="organizer:1", now=now
    )

    found = check(conn, alert_id, house=HOUSE, now=now)
    launching.rewrite(conn, alert_id, make_draft(), house=HOUSE, by="organizer:1", now=now)

    assert codes(found)[0] == ["countries_changed"]
    assert codes(check(conn, alert_id, house=HOUSE, now=now))[0] == []


def test_a_salvadoran_number_in_a_text_is_warned_about(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    draft = make_draft()
    texts = {**draft.texts, "en": replace(draft.texts["en"], body="+503 7000 1234 {{ link }}")}

    found = checked(conn, replace(draft, texts=texts), now)

    assert codes(found) == ([], ["salvadoran_number"])


def test_a_text_without_a_link_and_a_costly_character_are_warned_about(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    draft = make_draft()
    texts = {**draft.texts, "en": replace(draft.texts["en"], sms="Llamá “hoy”")}

    found = checked(conn, replace(draft, texts=texts), now)

    assert codes(found) == ([], ["costly", "no_link"])
    assert "á “ ”" in str(found.warnings[0])


def test_email_that_leaves_the_house_needs_a_postal_address(
    conn: Connection, now: datetime
) -> None:
    make_contact(conn)
    nowhere = replace(HOUSE, identity=replace(HOUSE.identity, postal_address=""))
    alert_id = create(conn, make_draft(), now)

    kept = check(conn, alert_id, house=nowhere, now=now)
    leaving = check(conn, alert_id, house=replace(nowhere, real_email=True), now=now)

    assert kept.ready
    assert codes(leaving)[0] == ["no_postal_address"]


def test_the_deadline_of_a_draft_left_lying_blocks(conn: Connection, now: datetime) -> None:
    make_contact(conn)
    draft = make_draft()
    call = replace(draft.call, deadline=Ending(after=timedelta(hours=1)))
    alert_id = create(conn, replace(draft, call=call), now)

    found = check(conn, alert_id, house=HOUSE, now=now + timedelta(hours=2))

    assert codes(found)[0] == ["deadline_over"]


def test_a_case_is_closed_once(conn: Connection, now: datetime) -> None:
    create(conn, make_draft(), now)
    case_id = conn.execute(select(Case.id)).scalar_one()

    close_case(conn, case_id, now=now)
    close_case(conn, case_id, now=now + timedelta(days=1))

    assert conn.scalar(select(Case.closed_at)) == now


def test_hours_of_the_house_are_the_messages(conn: Connection, now: datetime) -> None:
    hours = Hours(opens=now.time(), closes=now.time().replace(hour=23), sunday_opens=now.time())
    launching.create(
        conn, make_draft(), house=replace(HOUSE, hours=hours), created_by="Amina", now=now
    )

    assert conn.scalar(select(Message.hours)) == {
        "opens": "21:30",
        "closes": "23:30",
        "sunday_opens": "21:30",
    }


def test_an_audience_of_ids_and_of_slugs_is_one(conn: Connection, now: datetime) -> None:
    madison = make_project(conn, slug="madison")
    bangor = make_project(conn, slug="bangor")
    include = Filter(projects=(madison,))

    create(conn, make_draft(audience=Audience(include=include), to_projects=["bangor"]), now)

    assert conn.scalar(select(Message.audience)) == {
        "include": {"projects": [madison, bangor]},
        "among": [NETWORKS],
    }


def test_undo_takes_a_launch_back(conn: Connection, now: datetime, jobs: Jobs) -> None:
    make_contact(conn)
    alert_id = create(conn, make_draft(), now)
    launching.launch(conn, jobs, alert_id, house=HOUSE, confirmed=1, by="Amina", now=now)

    control.undo(conn, launching.message_of(conn, alert_id), now=now + timedelta(seconds=59))

    assert launching.status(conn, alert_id, now=now).progress.status is MessageStatus.STOPPED
