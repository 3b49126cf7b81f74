"""Asked by letter and by text: whose link and whose code count, for what, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from alerts import approval_asks, approving, launching
from alerts.approval_asks import Heard
from alerts.approval_models import Approval
from alerts.fingerprint import digest
from alerts.stored import stored_draft
from messages.control import NotNow
from messages.providers.provider import Inbound
from organizers.approvers import BadAsk, How, MayNotApprove, NobodyChosen
from organizers.members import set_grant
from organizers.models import AuditEntry, Organizer
from organizers.roles import Grant, Role
from tests.alerts.approving_desk import BERTA_PHONE, Committee, make_committee
from tests.alerts.test_approving import rewrite


@pytest.fixture
def there(conn: Connection, now: datetime) -> Committee:
    return make_committee(conn, now)


def ask(there: Committee, *who: int) -> None:
    by = f"organizer:{there.amina}"
    approval_asks.ask(there.conn, there.alert_id, who, by=by, now=there.now)


def says(there: Committee, body: str, *, phone: str = BERTA_PHONE, later: int = 0) -> Heard | None:
    inbound = Inbound(channel="sms", address=phone, body=body, key="SM1")
    at = there.now + timedelta(minutes=later)
    return approval_asks.heard(there.conn, inbound, house=there.house, now=at)


def token(there: Committee, who: int) -> str:
    return approval_asks.issue(there.conn, there.asked(who).id)


def approved(there: Committee) -> list[tuple[str, str]]:
    rows = select(Approval.language, Approval.how).order_by(Approval.language)
    return [(row.language, row.how) for row in there.conn.execute(rows)]


def test_who_is_asked_gets_one_letter(there: Committee) -> None:
    ask(there, there.berta, there.carla)

    letters = approval_asks.letters_due(there.conn, there.now)

    assert [each.name for each in letters] == ["Berta", "Carla"]
    assert letters[0].phone == BERTA_PHONE
    assert not approval_asks.any_due(there.conn)
    assert approval_asks.letters_due(there.conn, there.now) == []


def test_only_who_may_approve_is_asked(there: Committee) -> None:
    with pytest.raises(MayNotApprove):
        ask(there, there.berta, there.amina)
    with pytest.raises(MayNotApprove):
        ask(there, there.dora)
    with pytest.raises(NobodyChosen):
        ask(there)
    assert not approval_asks.any_due(there.conn)


def test_what_is_launched_is_asked_of_nobody(there: Committee) -> None:
    there.approve(there.berta)
    there.launch()

    with pytest.raises(NotNow):
        ask(there, there.carla)


def test_a_letter_is_not_written_about_what_has_changed(there: Committee) -> None:
    ask(there, there.berta)
    rewrite(there, budget_cents=700)

    assert approval_asks.letters_due(there.conn, there.now) == []


def test_a_link_is_of_one_person_for_a_day(there: Committee) -> None:
    ask(there, there.berta)
    good = token(there, there.berta)

    found = approval_asks.look(there.conn, good, there.now)
    assert (found.organizer_id, found.alert_id) == (there.berta, there.alert_id)
    with pytest.raises(BadAsk):
        approval_asks.look(there.conn, good, there.now + timedelta(hours=24))
    with pytest.raises(BadAsk):
        approval_asks.look(there.conn, "x" * 43, there.now)


def test_a_link_is_spent_by_its_answer_and_by_another_letter(there: Committee) -> None:
    ask(there, there.berta)
    first = token(there, there.berta)
    ask(there, there.berta)
    second = token(there, there.berta)
    with pytest.raises(BadAsk):
        approval_asks.look(there.conn, first, there.now)

    there.approve(there.berta, "en", how=How.LINK)
    approval_asks.look(there.conn, second, there.now)
    there.approve(there.berta, "es", how=How.LINK)

    with pytest.raises(BadAsk):
        approval_asks.look(there.conn, second, there.now)


def test_a_link_dies_with_its_owners_account_and_with_the_launch(there: Committee) -> None:
    ask(there, there.berta, there.carla)
    of_berta, of_carla = token(there, there.berta), token(there, there.carla)
    mine = update(Organizer).where(Organizer.id == there.carla)
    there.conn.execute(mine.values(disabled_at=there.now))

    with pytest.raises(BadAsk):
        approval_asks.look(there.conn, of_carla, there.now)

    there.approve(there.berta)
    there.launch()
    with pytest.raises(BadAsk):
        approval_asks.look(there.conn, of_berta, there.now)


def test_a_link_ends_with_the_right_to_approve(there: Committee) -> None:
    ask(there, there.berta, there.carla)
    of_berta = token(there, there.berta)
    set_grant(there.conn, there.berta, there.project, Grant(Role.VIEWER))

    with pytest.raises(BadAsk):
        approval_asks.look(there.conn, of_berta, there.now)
    letters = approval_asks.letters_due(there.conn, there.now)
    assert [each.name for each in letters] == ["Carla"]


@pytest.mark.parametrize(
    "yes", ["YES {}", "yes {}", "Sí {}", "SI, {}.", "si {}", "Y {}", " ¡Sí! {} "]
)
@pytest.mark.parametrize("spell", [str.upper, str.lower])
def test_yes_and_the_code_from_their_own_phone_approves(
    there: Committee, yes: str, spell: type[str]
) -> None:
    ask(there, there.berta)
    code = there.asked(there.berta).code

    found = says(there, yes.format(spell(code)))

    assert found is not None
    assert (found.why, found.approved) == ("", ("en", "es"))
    assert approved(there) == [("en", "reply"), ("es", "reply")]
    entry = there.conn.execute(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.act, entry.actor) == ("alert.approve", f"organizer:{there.berta}")
    assert BERTA_PHONE not in entry.after


@pytest.mark.parametrize(
    "body",
    [
        "YES",
        "yes please",
        "1",
        "STOP",
        "YES 7K3M2",
        "no 7K3M",
        "7K3M",
        "si gracias",
        "YES BBBB",
        "y2k",
    ],
)
def test_anything_else_goes_on_as_before(there: Committee, body: str) -> None:
    ask(there, there.berta)

    assert says(there, body) is None
    assert approved(there) == []


def test_a_code_from_another_phone_is_nobodys(there: Committee) -> None:
    ask(there, there.berta)
    code = there.asked(there.berta).code

    assert says(there, f"YES {code}", phone="+16085550143") is None
    assert approved(there) == []


def test_another_organizers_code_does_not_count(there: Committee) -> None:
    phone = "+16085550144"
    there.conn.execute(
        update(Organizer)
        .where(Organizer.id == there.carla)
        .values(phone=phone, phone_confirmed=True)
    )
    ask(there, there.berta, there.carla)

    found = says(there, f"YES {there.asked(there.berta).code}", phone=phone)

    assert found is not None
    assert found.why == "code"
    assert approved(there) == []


def test_a_code_is_good_for_a_day_and_once(there: Committee) -> None:
    ask(there, there.berta)
    code = there.asked(there.berta).code
    late = says(there, f"YES {code}", later=24 * 60)
    assert late is not None
    assert late.why == "code"

    says(there, f"YES {code}")
    again = says(there, f"YES {code}", later=1)

    assert again is not None
    assert again.why == "code"
    assert len(approved(there)) == 2


def test_a_code_for_what_has_changed_says_so(there: Committee) -> None:
    ask(there, there.berta)
    rewrite(there, budget_cents=700)

    found = says(there, f"YES {there.asked(there.berta).code}")

    assert found is not None
    assert (found.why, found.language) == ("changed", "en")
    assert approved(there) == []


def test_a_code_of_somebody_who_has_begun_to_write_says_so(there: Committee) -> None:
    ask(there, there.berta)
    seen = digest(there.conn, there.alert_id)
    draft = stored_draft(there.conn, there.alert_id)
    by = f"organizer:{there.berta}"
    for budget in (7, draft.budget_cents):
        changed = draft.__class__(**{**vars(draft), "budget_cents": budget})
        launching.rewrite(
            there.conn, there.alert_id, changed, house=there.house, by=by, now=there.now
        )
    assert digest(there.conn, there.alert_id) == seen

    found = says(there, f"YES {there.asked(there.berta).code}")

    assert found is not None
    assert found.why == "not_yours"
    assert approved(there) == []


def test_guessing_codes_ends_after_five(there: Committee) -> None:
    ask(there, there.berta)
    right = there.asked(there.berta).code
    wrong = [code for code in ("2BCD", "3BCD", "4BCD", "5BCD", "6BCD", "7BCD") if code != right][:5]

    told = [says(there, f"YES {code}") for code in wrong]
    blocked = says(there, f"YES {right}", later=1)
    later = says(there, f"YES {right}", later=17)

    assert [each and each.why for each in told] == ["code"] * 5
    assert blocked is not None
    assert blocked.why == "tries"
    assert later is not None
    assert later.why == ""


def test_an_email_is_no_answer_by_text(there: Committee) -> None:
    ask(there, there.berta)
    body = f"YES {there.asked(there.berta).code}"
    inbound = Inbound(channel="email", address=BERTA_PHONE, body=body, key="x")

    assert approval_asks.heard(there.conn, inbound, house=there.house, now=there.now) is None


def test_what_waits_for_somebody_is_theirs_to_see(there: Committee) -> None:
    ask(there, there.berta)
    mine = approval_asks.waiting_for(there.conn, there.berta)
    assert [row.alert_id for row in mine] == [there.alert_id]
    assert approval_asks.waiting_for(there.conn, there.carla) == []

    approving.send_back(
        there.conn,
        there.alert_id,
        there.berta,
        seen=there.digest,
        note="No.",
        house=there.house,
        now=there.now,
    )

    assert approval_asks.waiting_for(there.conn, there.berta) == []


def test_codes_are_easy_to_type_and_hard_to_guess() -> None:
    codes = {approval_asks.new_code() for _ in range(200)}

    assert len(codes) > 190
    assert all(approval_asks.YES.fullmatch(f"yes {code}") for code in codes)
