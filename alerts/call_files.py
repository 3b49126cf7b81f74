"""Read the call of an alert file: whom people call, in which case, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta

from actions.asks import BadAction, OneAsk, check_ask, simple_asks
from actions.custom_targets import BadTarget, Line, NamedOffice, checked_office
from actions.models import AskMode, TargetKind, TargetRule
from actions.office_hours import WASHINGTON, BadHours, parse_hours
from actions.scripts import SPOKEN, BadScript, ScriptWords, check_script
from alerts.citing import without_citations
from alerts.drafts import CallDraft, Ending
from alerts.reading import Table
from contacts.addresses import BadPhone, normalise_phone

HARMLESS = ScriptWords(
    opening="…", ask="…", letter_subject="…", letter="…"
)  # stands around the one part being checked
NUMBER = "the number to call"


def read_call(document: Table, languages: Sequence[str]) -> CallDraft:
    """Understand ``[call]``; what is wrong is told by its key."""
    call = document.take_table("call", why="say whom to call and what to say")
    offices = tuple(_office(office) for office in call.take_tables("offices"))
    draft = CallDraft(
        asks=_asks(call, languages, [office.key for office in offices]),
        goal=call.take_whole("goal"),
        deadline=ending(call, "deadline"),
        offices=offices,
        scripts={
            language: _script(one)
            for language, one in call.take_languages(
                languages, why="write the script in this language too"
            ).items()
        },
    )
    call.close()
    return draft


def ending(table: Table, name: str) -> Ending:
    """Either an instant, or hours from when the file is read."""
    at, hours = table.take_instant(name), table.take_whole(f"{name}_in_hours")
    if at is not None and hours is not None:
        table.tell(name, f"given twice; leave out either {name} or {name}_in_hours")
    return Ending(at, None if hours is None else timedelta(hours=hours))


def _asks(call: Table, languages: Sequence[str], offices: Sequence[str]) -> tuple[OneAsk, ...]:
    """The list of asks, or the one word that stands for a plain one."""
    if not call.holds("asks"):
        return simple_asks(call.take_choice("targets", TargetRule), offices)
    asks = tuple(_ask(one, languages) for one in call.take_tables("asks"))
    if call.take_text("targets"):
        call.tell("targets", "given beside [[call.asks]]; leave it out, each ask has its own")
    if not asks:
        call.tell("asks", "empty; name at least one ask, or write targets instead")
    return asks


def _ask(one: Table, languages: Sequence[str]) -> OneAsk:
    rule = one.take_choice("targets", TargetRule)
    usual = AskMode.ONLY_IF if rule is TargetRule.COMMITTEE else AskMode.ALWAYS
    ask = OneAsk(
        rule=rule,
        office=one.take_text("office"),
        committees=tuple(each.strip().upper() for each in one.take_texts("committees")),
        mode=one.take_choice("show", AskMode, usual),
        expires_at=one.take_instant("expires"),
        scripts={
            language: _script(script)
            for language, script in one.take_languages(languages, why="", required=False).items()
        },
    )
    try:
        check_ask(replace(ask, scripts={}))
    except BadAction as error:
        one.tell("targets", str(error))
    one.close()
    return ask


def _script(one: Table) -> ScriptWords:
    letter = {"letter_subject": "what the letter is about", "letter": "the text of the letter"}
    call = {"opening": "what the caller says first", "ask": "the one thing we ask for"}
    written = any(one.holds(name) for name in letter)
    spoken = not written or any(one.holds(name) for name in SPOKEN)
    required = (letter if written else {}) | (call if spoken else {})
    parts = {
        part.name: one.take_text(part.name, why=required.get(part.name, ""))
        for part in fields(ScriptWords)
    }
    for name, text in parts.items():
        try:
            check_script(replace(HARMLESS, **{name: without_citations(text) or "…"}))
        except BadScript as error:
            one.tell(name, str(error))
    one.close()
    return ScriptWords(**parts)


def _office(office: Table) -> NamedOffice:
    hours, note = _hours(office.take_text("hours"), office.take_text("note"))
    draft = NamedOffice(
        key=office.take_text("key", why='a name of its own in our records, such as "sv-embassy"'),
        name=office.take_text("name", why="the name of the office"),
        kind=office.take_choice("kind", TargetKind, TargetKind.OTHER),
        phones=_lines(office),
        title=office.take_text("title"),
        salutation=office.take_text("salutation"),
        institution=office.take_text("institution"),
        email=office.take_text("email"),
        fax=office.take_text("fax"),
        address=office.take_text("address"),
        languages=office.take_texts("languages"),
        hours=hours,
        note=note,
        time_zone=office.take_text("time_zone") or WASHINGTON,
        source=office.take_text("source"),
        verified_on=office.take_day("verified_on"),
        verified_by=office.take_text("verified_by"),
        expires_on=office.take_day("expires_on"),
    )
    office.close()
    try:
        return checked_office(draft) if draft.name else draft
    except BadTarget as error:
        office.tell("name", str(error))
    return draft


def _hours(hours: str, note: str) -> tuple[str, str]:
    """Hours that a machine can read; others are told to callers as they are written."""
    try:
        return (parse_hours(hours).text if hours else ""), note
    except BadHours:
        return "", "; ".join(each for each in (hours, note) if each)


def _lines(office: Table) -> tuple[Line, ...]:
    """Its numbers: one as ``phone``, or several in order as ``[[…phones]]``."""
    if not office.holds("phones"):
        written_to = any(office.holds(each) for each in ("email", "fax", "address"))
        return _line(office, "phone", "", why="" if written_to else NUMBER)
    lines: tuple[Line, ...] = ()
    for each in office.take_tables("phones"):
        lines += _line(each, "number", each.take_text("label"))
        each.close()
    return lines


def _line(table: Table, name: str, label: str, *, why: str = NUMBER) -> tuple[Line, ...]:
    typed = table.take_text(name, why=why)
    try:
        return (Line(normalise_phone(typed), label),) if typed else ()
    except BadPhone as error:
        table.tell(name, str(error))
        return ()
