"""The steps of a call that we put through: what is heard is noted, and what is said next decided.

A call is a row, and its ``step`` the number of the request that we expect. The request of that number is
acted on, once, in the transaction that writes down what we answer; an earlier one gets the answer it got
before, and a later one, which we have given nobody the address of, is refused. A call belongs to the first
``CallSid`` that uses it. So requests may come twice, late, or after we were killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from actions.models import Outcome
from actions.targets import Targets
from contacts.addresses import BadZip, normalise_zip
from database.jobs import Jobs
from messages import call_offices
from messages.call_limits import VoiceRules, billed, reserve
from messages.call_models import Call, CallLeg, CallStatus, CallStep, Direction, LegStatus, Stage
from messages.call_texts import text_script
from messages.call_words import OTHERS, counted, office_said, said
from messages.providers.twilio_voice import Dial, Gather, HangUp, Heard, Say, Verb, kept, read_kept
from representatives.lookup import place

TWICE = 2  # how often a question is put
MOST_CHOICES = 8  # districts that have a key; 9 means not sure
DONT_KNOW = "9"
ASKED_FROM = 5  # seconds with an office after which we ask how it went
KEYS = {
    "1": Outcome.SPOKE,
    "2": Outcome.VOICEMAIL,
    "3": Outcome.NO_ANSWER,
    "4": Outcome.WRONG_NUMBER,
}


class NoSuchCall(LookupError):
    """No such call, or another one's; it is to be ended politely."""


@dataclass(frozen=True)
class Subject:
    """What a call is about, as the room of alerts tells it."""

    slug: str
    titles: Mapping[str, str]  # by language
    # What is said in place of it, by its name among the words: "over", "withheld".
    instead: str = ""


@dataclass(frozen=True)
class Desk:
    """What deciding on one step needs."""

    conn: Connection
    jobs: Jobs
    rules: VoiceRules
    subject: Subject
    call: Row[Call]
    heard: Heard
    now: datetime

    @property
    def language(self) -> str:
        """What the caller speaks."""
        return str(self.call.language)

    def say(self, sentence: str, /, **values: object) -> Say:
        """A sentence in the caller's language."""
        return said(sentence, self.call.language, **values)

    def change(self, **values: object) -> Desk:
        """Write something about the call down, and go on with it as it is now."""
        row = update(Call).where(Call.id == self.call.id).values(**values)
        self.conn.execute(row)
        again = self.conn.execute(select(Call).where(Call.id == self.call.id)).one()
        return Desk(self.conn, self.jobs, self.rules, self.subject, again, self.heard, self.now)


def find(conn: Connection, token: str) -> Row[Call]:
    """The call of this name, held until the transaction ends. Raises NoSuchCall."""
    found = conn.execute(select(Call).where(Call.token == token).with_for_update()).one_or_none()
    if found is None:
        raise NoSuchCall
    return found


def name_of(conn: Connection, call_sid: str) -> str:
    """What we call a call of Twilio's. Raises NoSuchCall."""
    found = conn.scalars(select(Call.token).where(Call.call_sid == call_sid)).first()
    if found is None:
        raise NoSuchCall
    return found


def bind(conn: Connection, call: Row[Call], call_sid: str) -> Row[Call]:
    """Hold a call to the first CallSid that uses it. Raises NoSuchCall for another one."""
    if not call_sid or (call.call_sid is not None and call.call_sid != call_sid):
        raise NoSuchCall
    if call.call_sid is None:
        taken = conn.scalar(select(Call.id).where(Call.call_sid == call_sid))
        if taken is not None:
            raise NoSuchCall
        conn.execute(update(Call).where(Call.id == call.id).values(call_sid=call_sid))
    return conn.execute(select(Call).where(Call.id == call.id)).one()


def go_on(
    conn: Connection,
    jobs: Jobs,
    call: Row[Call],
    step: int,
    heard: Heard,
    *,
    rules: VoiceRules,
    subject: Subject,
    now: datetime,
) -> list[Verb]:
    """What is said to a request; the caller holds the call's row. Raises NoSuchCall."""
    call = bind(conn, call, heard.call_sid)
    if step < call.step:
        return _said_before(conn, call.id, step)
    if step > call.step:
        raise NoSuchCall
    desk = Desk(conn, jobs, rules, subject, call, heard, now)
    ended, stage = call.status == CallStatus.ENDED, Stage(call.stage)
    desk = desk.change(step=step + 1, status=call.status if ended else CallStatus.LIVE)
    verbs = _over(desk) if ended and stage not in STILL_HEARD else STEPS[stage](desk)
    conn.execute(insert(CallStep).values(call_id=call.id, step=step, verbs=kept(verbs), at=now))
    return verbs


def _said_before(conn: Connection, call_id: int, step: int) -> list[Verb]:
    where = (CallStep.call_id == call_id, CallStep.step == step)
    found = conn.execute(select(CallStep.verbs).where(*where)).one_or_none()
    return read_kept(found.verbs) if found else [HangUp()]


# The steps


def _hello(desk: Desk) -> list[Verb]:
    """Greet, and ask for a key. Nothing is said of the matter before a human has pressed one."""
    desk.change(stage=Stage.HELLO, tries=desk.call.tries + 1)
    network = desk.rules.network
    if desk.call.direction == Direction.IN and desk.call.contact_id is None:
        greeting = [said("hello_new", each, network=network) for each in ("en", "es")]
    else:
        name = "hello" if desk.call.direction == Direction.OUT else "hello_in"
        other = OTHERS.get(desk.language, "en")
        greeting = [desk.say(name, network=network), said("other", other)]
    return [Gather(greeting)]


def _key_pressed(desk: Desk) -> list[Verb]:
    """A human pressed a key, which may choose the language; without one no office is called."""
    key = desk.heard.digits
    if not key:
        return _hello(desk) if desk.call.tries < TWICE else _end(desk, desk.say("nobody"))
    language = desk.language
    if desk.call.direction == Direction.IN and desk.call.contact_id is None:
        language = {"1": "en", "2": "es"}.get(key, language)
    elif key.startswith("2"):
        language = OTHERS.get(language, "en")
    return _where(desk.change(began_at=desk.now, language=language, tries=0))


def _where(desk: Desk) -> list[Verb]:
    """Ask what is to be known of the caller's place, or begin; unless it is over or withheld, also since the call began."""
    if desk.subject.instead:
        return _end(desk, desk.say(desk.subject.instead))
    targets = call_offices.targets_of(desk.conn, desk.call, desk.now)
    if targets.choices and len(targets.choices) <= MOST_CHOICES:
        desk.change(stage=Stage.PICK, tries=desk.call.tries + 1)
        return [Gather(_choices(desk, targets))]
    if targets.choices:
        return _where(desk.change(picked=call_offices.UNSURE))
    if targets.needs_place and desk.call.picked != call_offices.UNSURE:
        desk.change(stage=Stage.ZIP, tries=desk.call.tries + 1)
        question = "zip_again" if desk.call.tries else "zip"
        return [Gather([desk.say(question)], digits=5)]
    return _begin(desk, targets)


def _choices(desk: Desk, targets: Targets) -> list[Say]:
    spoken = [desk.say("pick")]
    for key, choice in enumerate(targets.choices, start=1):
        values = {"key": key, "name": choice.name, "number": choice.district, "state": choice.state}
        spoken.append(desk.say("choice" if choice.name else "choice_seat", **values))
    return [*spoken, desk.say("unsure")]


def _zip_typed(desk: Desk) -> list[Verb]:
    """A ZIP code counts if we know it; after two that we do not, the Capitol's operators help."""
    try:
        typed = normalise_zip(desk.heard.digits)
    except BadZip:
        typed = ""
    if typed and place(desk.conn, typed, now=desk.now).state:
        return _where(desk.change(zip=typed, tries=0))
    if desk.call.tries < TWICE:
        return _where(desk)
    return _where(desk.change(picked=call_offices.UNSURE, tries=0))


def _picked(desk: Desk) -> list[Verb]:
    """The district they chose of those we named; whoever does not know gets the operators."""
    targets, key = call_offices.targets_of(desk.conn, desk.call, desk.now), desk.heard.digits
    if key.isdigit() and 1 <= int(key) <= len(targets.choices):
        return _where(desk.change(picked=targets.choices[int(key) - 1].code, tries=0))
    if key != DONT_KNOW and desk.call.tries < TWICE:
        return _where(desk)
    return _where(desk.change(picked=call_offices.UNSURE, tries=0))


def _begin(desk: Desk, targets: Targets) -> list[Verb]:
    """Say what it is about and how it goes, send the script, and lead to the first office."""
    planned = call_offices.plan(desk.conn, desk.call, targets, desk.rules)
    if not planned.offices:
        return _end(desk, *planned.remarks, desk.say("goodbye" if planned.remarks else "nothing"))
    call_offices.write_legs(desk.conn, desk.call.id, planned.offices)
    title = desk.subject.titles.get(desk.language, "")
    ask = call_offices.asked(desk.conn, desk.call.action_id, planned.offices[0], desk.language)
    opening = [
        *([desk.say("about", title=title.rstrip("."))] if title else []),
        *([desk.say("switchboard")] if desk.call.picked == call_offices.UNSURE else []),
        *planned.remarks,
        counted("count_one", "count", len(planned.offices), desk.language),
        *([desk.say("ask", ask=ask)] if ask else []),
        desk.say("how"),
        *([desk.say("texted")] if _is_texted(desk) else []),
    ]
    return [*opening, *_next_office(desk, first=True)]


def _is_texted(desk: Desk) -> bool:
    return text_script(
        desk.conn, desk.jobs, desk.call, rules=desk.rules, slug=desk.subject.slug, now=desk.now
    )


def _next_office(desk: Desk, *, first: bool = False) -> list[Verb]:
    """Lead to the next office: call it, or, where it is closed, ask before. With the last one, thank."""
    legs = call_offices.legs_of(desk.conn, desk.call.id)
    waiting = [leg for leg in legs if leg.status == LegStatus.WAITING]
    if not waiting:
        heard = call_offices.was_heard(desk.conn, desk.call, legs)
        return _end(desk, desk.say("thanks" if heard else "thanks_none"))
    leg, left = waiting[0], list[Say]()
    if not first:
        left.append(counted("left_one", "left", len(waiting), desk.language))
    target = call_offices.target_of(desk.conn, leg, desk.now)
    if call_offices.is_closed(target, desk.now):
        desk.change(stage=Stage.CLOSED, tries=0)
        name = office_said(target, desk.language)
        return [*left, Gather([desk.say("closed", office=name[:1].upper() + name[1:])])]
    announced = call_offices.announced(leg, target, desk.language)
    return _dial(desk, leg, [*left, announced], closed=False)


def _closed(desk: Desk) -> list[Verb]:
    """An office is closed: a message is left there if they say so, else it is passed over."""
    leg = _leg(desk, LegStatus.WAITING)
    if desk.heard.digits == "1":
        target = call_offices.target_of(desk.conn, leg, desk.now)
        announced = call_offices.announced(leg, target, desk.language)
        return _dial(desk, leg, [announced], closed=True)
    call_offices.change_leg(desk.conn, leg, status=LegStatus.SKIPPED)
    if desk.heard.digits:
        call_offices.note_outcome(desk.conn, desk.call, leg, Outcome.SKIPPED, now=desk.now)
    return _next_office(desk)


def _dial(desk: Desk, leg: Row[CallLeg], before: Sequence[Verb], *, closed: bool) -> list[Verb]:
    """Call an office, if the day has money left for it."""
    minutes, rules = desk.rules.leg_minutes, desk.rules
    if not reserve(desk.conn, minutes, rules, day=desk.call.asked_at):
        return _end(desk, desk.say("money"))
    call_offices.change_leg(desk.conn, leg, status=LegStatus.CALLING, closed=closed)
    desk.change(stage=Stage.DIAL, tries=0, minutes=desk.call.minutes + minutes)
    return [*before, Dial(leg.number, rules.ring_seconds, rules.longest_seconds)]


def _dialled(desk: Desk) -> list[Verb]:
    """Note what the telephone tells of an office, ask how it went if somebody was there, and go on."""
    leg, heard = _leg(desk, LegStatus.CALLING), desk.heard
    told = {"dial_status": heard.dial_status, "seconds": heard.dial_seconds}
    call_offices.change_leg(desk.conn, leg, status=LegStatus.DONE, bridged=heard.bridged, **told)
    leg = _leg(desk, LegStatus.DONE)
    outcome = call_offices.concluded(leg)
    call_offices.note_outcome(desk.conn, desk.call, leg, outcome, now=desk.now)
    if desk.call.status == CallStatus.ENDED:
        return _end(desk)
    back = 2 * billed(leg.seconds) - desk.rules.leg_minutes
    reserve(desk.conn, back, desk.rules, day=desk.call.asked_at)
    desk = desk.change(minutes=desk.call.minutes + back)
    if leg.dial_status in call_offices.ANSWERED and leg.seconds >= ASKED_FROM:
        desk.change(stage=Stage.TOLD)
        return [Gather([desk.say("told")], seconds=6)]
    before = [desk.say("no_answer")] if outcome is Outcome.NO_ANSWER else []
    return [*before, *_next_office(desk)]


def _told(desk: Desk) -> list[Verb]:
    """The caller's own word on how it went stands over what the telephone tells."""
    if outcome := KEYS.get(desk.heard.digits):
        leg = _leg(desk, LegStatus.DONE)
        call_offices.note_outcome(desk.conn, desk.call, leg, outcome, sure=True, now=desk.now)
    return _end(desk) if desk.call.status == CallStatus.ENDED else _next_office(desk)


def _over(_desk: Desk) -> list[Verb]:
    return [HangUp()]


def _end(desk: Desk, *says: Say) -> list[Verb]:
    desk.change(stage=Stage.OVER)
    return [*says, HangUp()]


def _leg(desk: Desk, status: LegStatus) -> Row[CallLeg]:
    """The office that is meant: the first that waits, or the last that was called."""
    legs = [each for each in call_offices.legs_of(desk.conn, desk.call.id) if each.status == status]
    return legs[0] if status == LegStatus.WAITING else legs[-1]


STEPS: Mapping[Stage, Callable[[Desk], list[Verb]]] = {
    Stage.START: _hello,
    Stage.HELLO: _key_pressed,
    Stage.ZIP: _zip_typed,
    Stage.PICK: _picked,
    Stage.CLOSED: _closed,
    Stage.DIAL: _dialled,
    Stage.TOLD: _told,
    Stage.OVER: _over,
}
STILL_HEARD = (Stage.DIAL, Stage.TOLD)
"""What is acted on although the call is over: its last report may overtake that of an office."""
