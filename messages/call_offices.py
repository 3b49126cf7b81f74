"""Whom does a call lead to? The offices of a caller's place, in order, as rows and as words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from actions import responses
from actions.addressing import official
from actions.asks import read_action
from actions.models import Outcome
from actions.office_hours import is_open
from actions.scripts import ScriptWords, merge, plain
from actions.targets import (
    SWITCHBOARD,
    SWITCHBOARD_PHONE,
    Role,
    Target,
    Targets,
    targets_by_key,
    targets_for,
)
from actions.whereabouts import place_of_contact
from messages.call_limits import VoiceRules, may_dial
from messages.call_models import Call, CallLeg, LegStatus
from messages.call_words import office_said, said
from messages.providers.twilio_voice import Say
from representatives.districts import Place
from representatives.lookup import place

UNSURE = "unsure"
ANSWERED = ("completed", "answered")  # Twilio's words for an office that picked up
CONVERSATION = 20  # seconds: shorter is a greeting, a tape or a wrong number


@dataclass(frozen=True)
class Plan:
    """Whom to call, and what is to be said first."""

    offices: Sequence[Target]
    remarks: Sequence[Say]


def place_of(conn: Connection, call: Row[Call], now: datetime) -> Place:
    """Where a caller is: by what they keyed in, else as we know the contact."""
    contact = call.contact_id if not call.zip else None
    at = (
        place(conn, call.zip, now=now)
        if contact is None
        else place_of_contact(conn, contact, now=now)
    )
    state, _, number = call.picked.partition("-")
    if not number.isdigit():
        return at
    return replace(at, state=state, district=int(number), candidates=(), states=())


def targets_of(conn: Connection, call: Row[Call], now: datetime) -> Targets:
    """Whom a caller may be connected with, or what is to be asked first."""
    where, unsure = place_of(conn, call, now), call.picked == UNSURE
    return targets_for(conn, read_action(conn, call.action_id), where, now=now, unsure=unsure)


def plan(conn: Connection, call: Row[Call], targets: Targets, rules: VoiceRules) -> Plan:
    """The offices of a call, in order: those they have not reached yet, or else all of them.

    An office whose number several people found to be wrong, or which we do not dial, is called by another
    of its numbers, or passed over.
    """
    told = responses.told_so_far(conn, call.action_id, **who(call))
    doubtful = responses.totals(conn, call.action_id).doubtful_targets
    offices: list[Target] = []
    remarks = [said("vacant", call.language)] if any(t.vacant for t in targets.settled) else []
    for target in targets.settled:
        wrong = target.key in doubtful
        number = "" if target.lapsed else _number(target, rules, wrong=wrong)
        if remark := _remark(target, number, wrong=wrong):
            name = office_said(target, call.language)
            remarks.append(said(remark, call.language, office=name))
        offices += [replace(target, phone=number)] if number else []
    left = [each for each in offices if told.get(each.key) not in responses.REACHED]
    return Plan((left or offices)[: rules.most_offices], remarks)


def write_legs(conn: Connection, call_id: int, offices: Sequence[Target]) -> None:
    """Write down whom a call leads to; the caller has seen to it that this happens once."""
    rows = [
        {
            "call_id": call_id,
            "rank": rank,
            "target": target.key,
            "number": target.phone,
            "status": LegStatus.WAITING,
            "dial_status": "",
            "seconds": 0,
            "bridged": False,
            "closed": False,
        }
        for rank, target in enumerate(offices)
    ]
    if rows:
        conn.execute(insert(CallLeg), rows)


def legs_of(conn: Connection, call_id: int) -> Sequence[Row[CallLeg]]:
    """A call's offices, in order."""
    rows = select(CallLeg).where(CallLeg.call_id == call_id).order_by(CallLeg.rank)
    return conn.execute(rows).all()


def change_leg(conn: Connection, leg: Row[CallLeg], **values: object) -> None:
    """Note what became of one office."""
    mine = (CallLeg.call_id == leg.call_id, CallLeg.rank == leg.rank)
    conn.execute(update(CallLeg).where(*mine).values(**values))


def target_of(conn: Connection, leg: Row[CallLeg], now: datetime) -> Target:
    """The office of a leg, as it is known now."""
    return targets_by_key(conn, [leg.target], now=now)[0]


def announced(leg: Row[CallLeg], target: Target, language: str) -> Say:
    """Who will answer."""
    name = office_said(target, language)
    by_switchboard = leg.number == SWITCHBOARD_PHONE and leg.target != SWITCHBOARD
    return said("ask_for" if by_switchboard else "now", language, office=name)


def is_closed(target: Target, now: datetime) -> bool:
    """Whether nobody is there now, as far as its hours are known."""
    return target.schedule is not None and not is_open(target.schedule, now)


def asked(conn: Connection, action_id: int, target: Target, language: str) -> str:
    """What we ask an office for, in the caller's language; "" where that has no words."""
    scripts: Mapping[str, ScriptWords] = target.scripts or read_action(conn, action_id).scripts
    if language not in scripts:
        return ""
    spoken = target.name if target.role is Role.SENATOR else official(target, language)
    name = official(target, language) if language == "en" else spoken  # no voice says “Senador/a”
    values = {"official": name, "official_short": name}
    return plain(merge(scripts[language].ask, values, language)).replace("[", "").replace("]", "")


def written_script(conn: Connection, action_id: int, language: str) -> str:
    """The beginning of a script for a text that all callers share: with prompts, and nobody's name."""
    scripts = read_action(conn, action_id).scripts
    words = scripts.get(language) or next(iter(scripts.values()), None)
    if words is None:
        return ""
    return " ".join(plain(merge(part, {}, language)) for part in (words.opening, words.ask))


def note_outcome(
    conn: Connection,
    call: Row[Call],
    leg: Row[CallLeg],
    outcome: Outcome,
    *,
    sure: bool = False,
    now: datetime,
) -> None:
    """Keep what came of an office as the caller's response.

    What is only concluded from the telephone (not ``sure``) never takes back that an office was reached.
    """
    told = responses.told_so_far(conn, call.action_id, **who(call)).get(leg.target)
    if not sure and told in responses.REACHED and outcome not in responses.REACHED:
        return
    values = {"target": leg.target, "outcome": outcome, "channel": "voice", "now": now}
    responses.record(conn, call.action_id, **who(call), **values)


def was_heard(conn: Connection, call: Row[Call], legs: Sequence[Row[CallLeg]]) -> bool:
    """Whether any office of this call has heard its caller."""
    told = responses.told_so_far(conn, call.action_id, **who(call))
    return any(told.get(leg.target) in responses.REACHED for leg in legs)


def concluded(leg: Row[CallLeg]) -> Outcome:
    """What the telephone tells of an office: after twenty seconds somebody, or a machine, has listened."""
    if leg.dial_status in ANSWERED and leg.bridged and leg.seconds >= CONVERSATION:
        return Outcome.VOICEMAIL if leg.closed else Outcome.SPOKE
    if leg.dial_status in (*ANSWERED, "canceled"):
        return Outcome.SKIPPED  # left by the star, or too soon to have said anything
    return Outcome.NO_ANSWER


def who(call: Row[Call]) -> dict[str, Any]:
    """Whose response it is: a contact's, or somebody's of whom we know no more than this call."""
    if call.contact_id is not None:
        return {"contact_id": call.contact_id}
    return {"visitor": f"call:{sha256(call.token.encode()).hexdigest()[:24]}"}


def _remark(target: Target, number: str, *, wrong: bool) -> str:
    """The sentence on an office that is not called as its page says; "" where there is none."""
    if target.lapsed:
        return "lapsed"
    if not target.phone or (number and not wrong):
        return ""
    if wrong:
        return "doubtful" if number else "passed_over"
    return "out_of_reach"


def _number(target: Target, rules: VoiceRules, *, wrong: bool) -> str:
    """The number by which an office is called, unless its first is ``wrong``; "" where there is none.

    Numbers abroad and of premium rates are not dialled: their minutes cost more than is reckoned.
    """
    if not target.phone:
        return ""
    own = [branch.phone for branch in target.branches] + [line.number for line in target.lines]
    if target.role in (Role.REPRESENTATIVE, Role.DELEGATE, Role.SENATOR):
        own.append(SWITCHBOARD_PHONE)
    others = [each for each in own if each and each != target.phone]
    tried = others if wrong else [target.phone, *others]
    return next((each for each in tried if may_dial(each, rules)), "")
