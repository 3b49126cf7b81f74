"""Every address of the console, and what it asks of whoever opens it.

Each ``{…_id}`` is checked by ``guard`` before its page runs.
"""

from __future__ import annotations

from aiohttp import web

from organizers.roles import May
from web.console import (
    account,
    alert_writing,
    alerts,
    answers,
    approvals,
    beginnings,
    campaign_stories,
    campaigns,
    canned,
    cases,
    closing,
    confirming,
    contacts,
    counting,
    covering,
    datasets,
    emails,
    fate_people,
    following,
    home,
    imports,
    inbox,
    joining,
    lobbying,
    members,
    office_calls,
    own_phone,
    own_words,
    panic,
    person_calls,
    projects,
    proposals,
    recess_calendar,
    record,
    reports,
    rights,
    risk_lists,
    sign_up_forms,
    signing,
    streaming,
    targets,
    trials,
    unknowns,
)
from web.console.acts import Act, recorded
from web.console.needs import OPEN, OWN, Need, asking
from web.keys import Handler

ALERT = "{alert_id:[0-9]{1,15}}"
CANNED = "{canned_id:[0-9]{1,15}}"
CASE = "{case_id:[0-9]{1,15}}"
CAMPAIGN = "{campaign_id:[0-9]{1,15}}"
CORRECTION = "{correction_id:[0-9]{1,15}}"
CONTACT = "{contact_id:[0-9]{1,15}}"
DELIVERY = "{delivery_id:[0-9]{1,15}}"
EMAIL = "{email_id:[0-9]{1,15}}"
MEASURE = "{measure_id:[0-9]{1,15}}"
MOMENT = "{moment_id:[0-9]{1,15}}"
FACT = "{fact_id:[0-9]{1,15}}"
GUEST = "{guest_id:[0-9]{1,15}}"
IMPORT = "{import_id:[0-9]{1,15}}"
ORGANIZER = "{organizer_id:[0-9]{1,15}}"
LAUNCH = "{launch_id:[0-9]{1,15}}"  # of an alert that left without a second person
KEY = "{office:[A-Za-z0-9:_-]{1,80}}"  # as responses keep it
PROJECT = "{project_id:[0-9]{1,15}}"
POSTER = "{kind:png|svg|letter-poster|a4-poster}"
PROPOSAL = "{proposal_id:[0-9]{1,15}}"
RECESS = "{recess_id:[0-9]{1,15}}"
REPLY = "{reply_id:[0-9]{1,15}}"
RISK = "{risk_id:[0-9]{1,15}}"  # somebody whom a case keeps as a person at risk
REPORT = "{report_id:[0-9]{1,15}}"
STAFFER = "{staffer_id:[0-9]{1,15}}"
ACT = "{act:undo|pause|resume|stop}"
FOLLOW_UP = "follow-up/{follow_up:nudge|thanks|rest|reached|outcome|news}"
TARGET = "{target_id:[0-9]{1,15}}"
TOKEN = "{token:[A-Za-z0-9_-]{43}}"  # noqa: S105 - the form of one
OFF = "{off:strike|put-back}"
LINE = "{line:texts|held|emails|several}"
FATE = "{channel:sms|email}/{reason:[a-z0-9_]{1,64}}"


SEE, WRITE, SEND, EXPORT, ADMIN = (
    Need(may=May.SEE),
    Need(may=May.WRITE),
    Need(may=May.SEND),
    Need(may=May.EXPORT, sure=True),
    Need(may=May.ADMIN),
)
SURE = Need(sure=True)
LOCK = Need(may=May.ADMIN, urgent=True)
SEND_SURELY, ADMIN_SURELY = Need(may=May.SEND, sure=True), Need(may=May.ADMIN, sure=True)


def _get(path: str, handler: Handler, need: Need) -> web.RouteDef:
    """A page."""
    return web.get(path, asking("GET", handler, need))


def _post(path: str, handler: Handler, need: Need) -> web.RouteDef:
    """A form that is not an act of its own on the record; the tests know why."""
    return web.post(path, asking("POST", handler, need))


def _act(
    path: str, handler: Handler, need: Need, name: str, *, makes: bool = False
) -> web.RouteDef:
    """A route that does something, and puts it on the record under a name."""
    kind = name.partition(".")[0]
    return _post(path, recorded(handler, Act(name, kind, makes)), need)


DOOR = [
    _get("/sign-in", signing.show, OPEN),
    _post("/sign-in", signing.enter, OPEN),
    _post("/sign-in/second", signing.second, OPEN),
    _post("/sign-in/passkey-question", signing.passkey_question, OPEN),
    _post("/sign-in/passkey", signing.by_passkey, OPEN),
    _get("/forgot", joining.forgot, OPEN),
    _post("/forgot", joining.ask, OPEN),
    _get(f"/join/{TOKEN}", joining.invitation, OPEN),
    _post(f"/join/{TOKEN}", joining.accept, OPEN),
    _get(f"/reset/{TOKEN}", joining.new_password, OPEN),
    _post(f"/reset/{TOKEN}", joining.reset, OPEN),
    # The link in a letter that asks for an approval: good for that, and for nothing else.
    _get(f"/approve/{TOKEN}", approvals.by_link, OPEN),
    _post(f"/approve/{TOKEN}", approvals.answer_link, OPEN),
]
ACCOUNT = [
    _post("/sign-out", signing.leave, OWN),
    _post("/language", signing.speak, OWN),
    _get("/confirm", confirming.show, OWN),
    _post("/confirm", confirming.confirm, OWN),
    _get("/account", account.show, OWN),
    _post("/account/password", account.change_password, OWN),
    _get("/account/app", account.new_app, SURE),
    _post("/account/app", account.add_app, SURE),
    _post("/account/app/remove", account.remove_app, SURE),
    _post("/account/passkey-question", account.passkey_question, SURE),
    _post("/account/passkeys", account.add_passkey, SURE),
    _post("/account/passkeys/remove", account.remove_passkey, SURE),
    _post("/account/codes", account.new_codes, SURE),
    _post("/account/sessions", account.end_session, OWN),
    _post("/account/reading", own_words.reading, OWN),
    _post("/account/phone", own_phone.note, SURE),
    _post("/account/phone/code", own_phone.send, SURE),
    _post("/account/phone/confirm", own_phone.confirm, SURE),
]
OFFICE = [
    _get("/members", members.index, ADMIN),
    _act("/members", members.invite, ADMIN_SURELY, "invitation.make", makes=True),
    _act(f"/members/guests/{GUEST}/revoke", members.revoke, ADMIN_SURELY, "guest.revoke"),
    _act(f"/members/{ORGANIZER}/role", members.set_role, ADMIN_SURELY, "organizer.role"),
    _act(f"/members/{ORGANIZER}/disable", members.disable, ADMIN_SURELY, "organizer.disable"),
    _act(f"/members/{ORGANIZER}/clear", members.clear, ADMIN_SURELY, "organizer.clear"),
    _act(f"/members/{ORGANIZER}/link", members.new_link, ADMIN_SURELY, "organizer.link"),
    _get("/lock", panic.show, LOCK),
    _act("/lock", panic.lock, LOCK, "lock.begin", makes=True),
    _get("/record", record.show, ADMIN),
    _get("/record.csv", record.export, ADMIN_SURELY),
    _get("/representatives", datasets.show, SEE),
    _act(
        "/representatives/corrections",
        datasets.correct,
        ADMIN_SURELY,
        "correction.make",
        makes=True,
    ),
    _act(
        f"/representatives/corrections/{CORRECTION}/withdraw",
        datasets.withdraw,
        ADMIN_SURELY,
        "correction.withdraw",
    ),
    _get("/recesses", recess_calendar.show, SEE),
    _act("/recesses", recess_calendar.note, ADMIN_SURELY, "recess.note", makes=True),
    _act(f"/recesses/{RECESS}/remove", recess_calendar.remove, ADMIN_SURELY, "recess.remove"),
    _get("/projects", projects.index, SEE),
    _act("/projects", projects.add, ADMIN_SURELY, "project.add", makes=True),
    _get(f"/projects/{PROJECT}", projects.show, ADMIN),
    _act(f"/projects/{PROJECT}", projects.save, ADMIN_SURELY, "project.change"),
    _get(f"/projects/{PROJECT}/sign-up", sign_up_forms.show, ADMIN),
    _act(f"/projects/{PROJECT}/sign-up", sign_up_forms.save, ADMIN_SURELY, "project.form"),
    _get(f"/projects/{PROJECT}/sign-up/{POSTER}", sign_up_forms.poster, ADMIN),
]
ALERTS = [
    _get("/alerts", alerts.index, SEE),
    _get("/alerts/start", beginnings.show, WRITE),
    _get("/alerts/new", alert_writing.new, WRITE),
    _act("/alerts/new", alert_writing.create, WRITE, "alert.write", makes=True),
    _post("/alerts/measure", alert_writing.measure, WRITE),
    _post("/alerts/count", counting.count, WRITE),
    _get(f"/alerts/{ALERT}", alerts.show, SEE),
    _get(f"/alerts/{ALERT}/edit", alert_writing.edit, WRITE),
    _act(f"/alerts/{ALERT}/edit", alert_writing.save, WRITE, "alert.rewrite"),
    _get(f"/alerts/{ALERT}/left-out/{FATE}", fate_people.left_out, SEE),
    _get(f"/alerts/{ALERT}/people/{LINE}", fate_people.show, SEE),
    _act(f"/alerts/{ALERT}/{FOLLOW_UP}", following.draft, WRITE, "alert.follow_up", makes=True),
    _get(f"/alerts/{ALERT}/words", following.show_words, WRITE),
    _act(f"/alerts/{ALERT}/words", following.save_words, WRITE, "alert.rewrite"),
    _act(f"/alerts/{ALERT}/plain", alert_writing.plain, WRITE, "alert.rewrite"),
    # To oneself alone; nobody else's address is read.
    _act(f"/alerts/{ALERT}/test", trials.send, WRITE, "alert.test"),
    _get(f"/alerts/{ALERT}/test", trials.state, WRITE),
    _act(f"/alerts/{ALERT}/launch", alerts.start, SEND_SURELY, "alert.launch"),
    _act(f"/alerts/{ALERT}/launch-alone", alerts.start_alone, SEND_SURELY, "alert.launch_alone"),
    _get("/approvals", approvals.index, SEE),
    _get(f"/alerts/{ALERT}/approval", approvals.show, SEE),
    _act(f"/alerts/{ALERT}/approval", approvals.ask, WRITE, "alert.ask_approval"),
    _act(f"/alerts/{ALERT}/approve", approvals.approve, SEND, "alert.approve"),
    _act(f"/alerts/{ALERT}/send-back", approvals.send_back, SEND, "alert.send_back"),
    _act(f"/launches/{LAUNCH}/review", approvals.look_at, SEND, "launch.review"),
    _act(f"/alerts/{ALERT}/budget", alerts.budget, SEND_SURELY, "alert.budget"),
    # It stops what is on its way: whoever may only write does so once somebody has stopped it.
    _act(f"/alerts/{ALERT}/write-anew", alerts.write_anew, SEND, "alert.write_anew"),
    _act(f"/alerts/{ALERT}/work", lobbying.say, WRITE, "alert.work"),
    _act(f"/alerts/{ALERT}/hours", lobbying.hours, WRITE, "alert.hours"),
    _get("/lobbying", lobbying.show, SEE),
    _get("/lobbying.csv", lobbying.export, SEE),
    _act(f"/alerts/{ALERT}/again", alerts.again, SEND, "alert.resend"),
    _act(f"/alerts/{ALERT}/{ACT}", alerts.steer, SEND, "alert.{act}"),
    _get(f"/alerts/{ALERT}/events", streaming.events, SEE),
    _get(f"/alerts/{ALERT}/coverage", covering.show, SEE),
    _get(f"/alerts/{ALERT}/coverage.csv", covering.export, SEE),
    # Whoever may send to all of them may tell the public how many there were.
    _act(f"/alerts/{ALERT}/numbers", covering.numbers, SEND, "alert.numbers"),
    _get(f"/alerts/{ALERT}/offices/{KEY}", office_calls.show, SEE),
    _act(
        f"/alerts/{ALERT}/offices/{KEY}/stance",
        office_calls.note,
        WRITE,
        "stance.note",
        makes=True,
    ),
    _act(
        f"/alerts/{ALERT}/offices/{KEY}/call",
        office_calls.log,
        WRITE,
        "attempt.log",
        makes=True,
    ),
    _act(
        f"/alerts/{ALERT}/offices/{KEY}/aide",
        office_calls.add_aide,
        WRITE,
        "staffer.add",
        makes=True,
    ),
    _act(f"/reports/{REPORT}/confirm", office_calls.confirm_report, WRITE, "report.confirm"),
    _act(f"/reports/{REPORT}/dismiss", office_calls.dismiss_report, WRITE, "report.dismiss"),
    _act(f"/staffers/{STAFFER}/withdraw", office_calls.withdraw_aide, WRITE, "staffer.withdraw"),
    _act(f"/alerts/{ALERT}/ask", proposals.ask, SEND, "alert.ask"),
    _get("/proposals", proposals.index, SEE),
    _get(f"/proposals/{PROPOSAL}", proposals.show, SEE),
    _get(f"/proposals/{PROPOSAL}/coverage", covering.show_part, SEE),
    _act(f"/proposals/{PROPOSAL}/join", proposals.join, SEND_SURELY, "proposal.join"),
    _act(f"/proposals/{PROPOSAL}/decline", proposals.decline, SEND, "proposal.decline"),
    _act(f"/proposals/{PROPOSAL}/{ACT}", proposals.steer, SEND, "proposal.{act}"),
    _get("/unknown", unknowns.show, SEE),
    _act(f"/unknown/{DELIVERY}/again", unknowns.again, SEND, "delivery.resend"),
    _post(f"/unknown/{DELIVERY}/look", unknowns.look, SEND),
    _act(f"/unknown/{DELIVERY}/settle", unknowns.settle, SEND, "delivery.settle"),
    _get("/inbox", inbox.show, SEE),
    _get("/inbox/ready", canned.index, SEE),
    _act("/inbox/ready", canned.add, WRITE, "canned.add", makes=True),
    _act(f"/inbox/ready/{CANNED}", canned.change, WRITE, "canned.change"),
    _act(f"/inbox/ready/{CANNED}/remove", canned.remove, WRITE, "canned.remove"),
    _get(f"/inbox/{REPLY}", answers.show, SEE),
    # An answer goes to one person, who asked for it by writing: who may write may answer.
    _act(f"/inbox/{REPLY}/answer", answers.answer, WRITE, "reply.answer"),
    _post(f"/inbox/{REPLY}/draft", answers.draft, WRITE),
    _post(f"/inbox/{REPLY}/measure", answers.weigh, WRITE),
    _act(f"/inbox/{REPLY}/handled", inbox.handled, WRITE, "reply.handle"),
    _act(f"/inbox/{REPLY}/reopen", inbox.reopen, WRITE, "reply.reopen"),
    _act(f"/inbox/{REPLY}/assign", inbox.assign, WRITE, "reply.assign"),
    _act(f"/inbox/{REPLY}/snooze", inbox.snooze, WRITE, "reply.snooze"),
    _act(f"/inbox/{REPLY}/go-on", inbox.go_on, WRITE, "reply.go_on"),
    _act(f"/inbox/{REPLY}/undo", inbox.undo, WRITE, "reply.undo"),
    _act(f"/inbox/{REPLY}/note", inbox.note, WRITE, "reply.note"),
    _act(f"/inbox/{REPLY}/settle", inbox.settle, WRITE, "reply.settle"),
    _act(f"/inbox/{REPLY}/opt-out", inbox.opt_out, WRITE, "reply.opt_out"),
]
TARGETS = [
    _get("/targets", targets.index, SEE),
    _get("/targets/new", targets.new, WRITE),
    _act("/targets/new", targets.add, WRITE, "target.add", makes=True),
    _get(f"/targets/{TARGET}/edit", targets.edit, WRITE),
    _act(f"/targets/{TARGET}/edit", targets.save, WRITE, "target.change"),
    _act(f"/targets/{TARGET}/verify", targets.verify, WRITE, "target.verify"),
    _act(f"/targets/{TARGET}/remove", targets.remove, WRITE, "target.remove"),
]
ENDINGS = [
    _get(f"/cases/{CASE}/close", closing.show, SEND),
    _act(f"/cases/{CASE}/close", closing.end, SEND, "case.close"),
    _get(f"/cases/{CASE}/report", reports.of_case, SEE),
    _get(f"/cases/{CASE}/report.csv", reports.of_case_csv, SEE),
    _get(f"/alerts/{ALERT}/report", reports.of_alert, SEE),
    _get(f"/alerts/{ALERT}/report.csv", reports.of_alert_csv, SEE),
    _act(f"/cases/{CASE}/reopen", closing.open_again, SEND, "case.reopen"),
]
CASES = [
    _get("/cases", cases.index, SEE),
    _get("/cases/new", cases.new, WRITE),
    _act("/cases/new", cases.begin, WRITE, "case.begin", makes=True),
    _get(f"/cases/{CASE}", cases.show, SEE),
    _get(f"/cases/{CASE}/facts/new", cases.new_fact, WRITE),
    _act(f"/cases/{CASE}/facts/new", cases.add_fact, WRITE, "fact.note", makes=True),
    _get(f"/facts/{FACT}/change", cases.edit_fact, WRITE),
    _act(f"/facts/{FACT}/change", cases.change_fact, WRITE, "fact.change"),
    _act(f"/facts/{FACT}/withdraw", cases.withdraw_fact, WRITE, "fact.withdraw"),
    # What is told cannot be taken back: whoever releases it sends.
    _act(f"/facts/{FACT}/correct", cases.correct, WRITE, "alert.correct", makes=True),
    _act(f"/facts/{FACT}/clear", cases.clear_fact, SEND, "fact.clear"),
    _get(f"/cases/{CASE}/people-at-risk/new", risk_lists.new, WRITE),
    _act(f"/cases/{CASE}/people-at-risk/new", risk_lists.add, WRITE, "risk.add", makes=True),
    _get(f"/people-at-risk/{RISK}/change", risk_lists.edit, WRITE),
    _act(f"/people-at-risk/{RISK}/change", risk_lists.change, WRITE, "risk.change"),
    _act(f"/people-at-risk/{RISK}/remove", risk_lists.remove, SEND, "risk.remove"),
    _act(f"/alerts/{ALERT}/may-stand", risk_lists.may_stand, SEND, "alert.let_name_stand"),
]
CAMPAIGNS = [
    _get("/campaigns", campaigns.index, SEE),
    _act("/campaigns", campaigns.create, WRITE, "campaign.begin", makes=True),
    _get(f"/campaigns/{CAMPAIGN}", campaigns.show, SEE),
    # What is scheduled goes out by itself: whoever schedules sends.
    _act(f"/campaigns/{CAMPAIGN}", campaigns.schedule, SEND_SURELY, "email.schedule", makes=True),
    _get(f"/campaigns/{CAMPAIGN}/story", campaign_stories.show, SEE),
    _act(f"/campaigns/{CAMPAIGN}/story", campaign_stories.change, WRITE, "campaign.change"),
    _act(f"/campaigns/{CAMPAIGN}/close", campaign_stories.close, SEND, "campaign.close"),
    _act(f"/campaigns/{CAMPAIGN}/reopen", campaign_stories.reopen, SEND, "campaign.reopen"),
    _act(f"/campaigns/{CAMPAIGN}/alerts", campaign_stories.join, WRITE, "campaign.join"),
    _act(f"/alerts/{ALERT}/leave-campaign", campaign_stories.leave, WRITE, "alert.leave_campaign"),
    _act(f"/campaigns/{CAMPAIGN}/moments", campaign_stories.note, WRITE, "moment.note", makes=True),
    _get(f"/moments/{MOMENT}", campaign_stories.edit, WRITE),
    _act(f"/moments/{MOMENT}", campaign_stories.amend, WRITE, "moment.change"),
    _act(f"/moments/{MOMENT}/{OFF}", campaign_stories.strike, WRITE, "moment.{off}"),
    _act(
        f"/campaigns/{CAMPAIGN}/measures",
        campaign_stories.measure,
        WRITE,
        "measure.begin",
        makes=True,
    ),
    _act(f"/measures/{MEASURE}/readings", campaign_stories.read_off, WRITE, "measure.read"),
    _act(f"/measures/{MEASURE}/{OFF}", campaign_stories.strike_measure, WRITE, "measure.{off}"),
    _get(f"/emails/{EMAIL}", emails.show, SEE),
    _get(f"/emails/{EMAIL}/change", emails.edit, SEND),
    _act(f"/emails/{EMAIL}/change", emails.change, SEND_SURELY, "email.change"),
    _get(f"/emails/{EMAIL}/words", emails.words, SEND),
    _act(f"/emails/{EMAIL}/words", emails.change_words, SEND_SURELY, "email.words"),
    _act(f"/emails/{EMAIL}/move", emails.move, SEND_SURELY, "email.move"),
    _act(f"/emails/{EMAIL}/put-back", emails.put_back, SEND_SURELY, "email.put_back"),
    _act(f"/emails/{EMAIL}/take-up", emails.take_up, SEND_SURELY, "email.take_up"),
    _act(f"/emails/{EMAIL}/approve", emails.approve, SEND, "email.approve"),
    _act(f"/emails/{EMAIL}/send", emails.send_held, SEND_SURELY, "email.send_held"),
    _act(f"/emails/{EMAIL}/skip", emails.leave_out, SEND, "email.skip_held"),
    _act(f"/emails/{EMAIL}/cancel", emails.cancel, SEND, "email.cancel"),
]
PEOPLE = [
    _get("/contacts", contacts.index, SEE),
    _get("/contacts/new", contacts.new, WRITE),
    _act("/contacts/new", contacts.add, WRITE, "contact.add", makes=True),
    _get(f"/contacts/{CONTACT}", contacts.show, SEE),
    _get(f"/contacts/{CONTACT}/calls/{ALERT}", person_calls.show, WRITE),
    _act(f"/contacts/{CONTACT}/calls/{ALERT}", person_calls.log, WRITE, "attempt.log", makes=True),
    _get(f"/contacts/{CONTACT}/edit", contacts.edit, WRITE),
    _act(f"/contacts/{CONTACT}/edit", contacts.save, WRITE, "contact.change"),
    _act(f"/contacts/{CONTACT}/district", contacts.set_district, WRITE, "contact.district"),
    _act(f"/contacts/{CONTACT}/reveal", contacts.reveal, SEE, "contact.reveal"),
    _act(f"/contacts/{CONTACT}/export", rights.export, EXPORT, "contact.export"),
    _get(f"/contacts/{CONTACT}/erase", rights.ask, ADMIN),
    _act(f"/contacts/{CONTACT}/erase", rights.erase, ADMIN_SURELY, "contact.erase"),
    _get("/imports/new", imports.new, WRITE),
    _post("/imports/check", imports.check, WRITE),
    _post("/imports/problems", imports.problems, WRITE),
    _post("/imports", imports.run, WRITE),
    _get(f"/imports/{IMPORT}", imports.show, SEE),
    _act(f"/imports/{IMPORT}/undo", imports.take_back, WRITE, "import.undo"),
]
ROUTES = [
    _get("/", home.show, OWN),
    *DOOR,
    *ACCOUNT,
    *OFFICE,
    *ALERTS,
    *ENDINGS,
    *CASES,
    *TARGETS,
    *CAMPAIGNS,
    *PEOPLE,
]
