"""What a mail server reports of an email of ours: it came back, it is late, its person complained.

Reports are of RFC 3464 (DSN) and RFC 5965 (ARF), or of the many forms that servers invented before those, for
which flufl.bounce knows the signs. They are anybody's words: whose copy it is, a token of ours alone tells.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum
from typing import Any

from flufl.bounce import all_failures

from messages.providers import mail_codes
from messages.providers.provider import Harm, Receipt, Trouble, Verdict

MACHINE_READ = re.compile(
    rb"content-type:[ \t]*message/(delivery-status|global-delivery-status|feedback-report)\b",
    re.IGNORECASE,
)
_STATUS_TYPES = ("text/x-delivery-status", "text/x-global-delivery-status")
_RETURNED_TYPES = (
    *("text/rfc822-headers", "message/rfc822", "message/rfc822-headers"),
    *("message/global", "message/global-headers"),
)
_MOST_TEXT = 50_000
_MOST_BLOCKS = 20
_FIELD = re.compile(
    r"^([A-Za-z-]{2,40})[ \t]*:[ \t]*([^\n]{0,2000}(?:\n[ \t][^\n]{0,2000}){0,10})", re.MULTILINE
)
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_PLAIN = re.compile(r"(?<!\d)([45])\d\d(?=[ -])")
_FULL = re.compile(
    r"over ?quota|quota (?:has been )?exceeded|(?:mail)?box (?:is |was )?full|insufficient storage"
    r"|buz[oó]n (?:est[aá] )?lleno|cuota (?:ha sido )?excedida",
    re.IGNORECASE,
)
_VAGUE = "5.0.0"
# Microsoft's Junk Mail Reporting Program attaches our email, and begins its headers with this one.
_JMRP = re.compile(r"^X-HmXmrOriginalRecipient:", re.IGNORECASE | re.MULTILINE)
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery|mdaemon", re.IGNORECASE)

logging.getLogger("flufl.bounce").disabled = True  # its lines quote addresses


class Act(StrEnum):
    """What a report tells."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"  # to a server that reports nothing
    COMPLAINT = "complaint"  # its person called it spam
    OPT_OUT = "opt_out"  # its person used the provider's own button to leave
    NOTHING = "nothing"


_ACTIONS = {
    "failed": Act.FAILED,
    "delayed": Act.DELAYED,
    "delivered": Act.DELIVERED,
    "relayed": Act.RELAYED,
    "expanded": Act.RELAYED,
}
# RFC 5965, 7.3, RFC 6430 and what providers send; "not-spam" takes a complaint back at theirs alone.
_FEEDBACK = {
    **dict.fromkeys(("abuse", "fraud", "virus", "other", "miscategorized"), Act.COMPLAINT),
    **dict.fromkeys(("opt-out", "opt-out-list"), Act.OPT_OUT),
}
_VERDICTS = {
    Act.FAILED: Verdict.UNDELIVERED,
    Act.DELIVERED: Verdict.DELIVERED,
    Act.RELAYED: Verdict.SENT,
    Act.NOTHING: Verdict.NOTHING,
}
_HARMS = {Act.COMPLAINT: Harm.COMPLAINED, Act.OPT_OUT: Harm.OPTED_OUT}


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported, of which nothing counts before a token in it is proven."""

    act: Act
    status: str  # RFC 3463, as 5.1.1
    quoted: str  # what it quotes of our email: its headers, or all there is


def read_report(
    message: Message, parts: Sequence[Message], text: str, *, empty_path: bool = False
) -> Report | None:
    """The report in an email; None where it is none."""
    for part in parts:
        kind = part.get_content_type()
        if kind in _STATUS_TYPES:
            return _delivery(_plain(part), _quoted(parts, text))
        if kind == "text/x-feedback-report":
            return _feedback(_plain(part), _quoted(parts, text))
    if any(_JMRP.search(_headers(part)) for part in _returned(parts)):
        return Report(Act.COMPLAINT, "", _quoted(parts, text))
    if empty_path or _may_report(message):
        return _unlike_others(message, parts, text)
    return None


def read_event(payload: Mapping[str, Any]) -> Receipt:
    """A report that was proven to be about a copy, as ``messages/mailroom.py`` keeps it."""
    act, status = Act(payload["act"]), str(payload["status"])
    trouble = _trouble(act, status)
    harm = Harm.BOUNCED if trouble is Trouble.HARD else _HARMS.get(act)
    return Receipt(
        delivery_id=int(payload["d"]),
        attempt=int(payload["a"]),
        token=str(payload["k"]),
        verdict=_VERDICTS.get(act, Verdict.ACCEPTED),  # whatever is said of it, it was taken
        code=status if act in (Act.FAILED, Act.DELAYED) else act.value,
        harm=harm,
        address=str(payload["address"]),
        trouble=trouble,
    )


def _trouble(act: Act, status: str) -> Trouble | None:
    """What a report counts as, by the rule that SendGrid's bounces follow.

    A late email is no sign to slow down: anybody can say of their own copy that it is late.
    """
    if act is Act.COMPLAINT:
        return Trouble.COMPLAINT
    if act is not Act.FAILED:
        return None
    return Trouble.HARD if mail_codes.is_lasting(status) else Trouble.SOFT


def _plain(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    return raw[:_MOST_TEXT].decode("utf-8", errors="replace").replace("\r\n", "\n")


def _delivery(text: str, quoted: str) -> Report:
    """RFC 3464: a block about the message, and one for each recipient."""
    blocks = re.split(r"\n{2,}", text.strip(), maxsplit=_MOST_BLOCKS)[:_MOST_BLOCKS]
    told = [_fields(block) for block in blocks]
    people = [each for each in told if "action" in each or "status" in each]
    acts = [_act(each) for each in people]
    # An email to a list of people that one of them did not get has arrived.
    order = (Act.DELIVERED, Act.RELAYED, Act.DELAYED, Act.FAILED)
    act = next((each for each in order if each in acts), Act.NOTHING)
    status = next((_status(each) for each, did in zip(people, acts, strict=True) if did is act), "")
    marks = "\n".join(each.get("original-envelope-id", "") for each in told)
    return Report(act, status, f"{marks}\n{quoted}")


def _act(fields: Mapping[str, str]) -> Act:
    action = fields.get("action", "").lower().split(" ")[0]
    if action in _ACTIONS:
        return _ACTIONS[action]
    return {"5": Act.FAILED, "4": Act.DELAYED, "2": Act.DELIVERED}.get(
        _status(fields)[:1], Act.NOTHING
    )


def _status(fields: Mapping[str, str]) -> str:
    """The status; where it says no more than "failed", what the receiving server's answer adds."""
    words = fields.get("diagnostic-code", "")
    said = _ENHANCED.search(fields.get("status", ""))
    if said is None or said[0].endswith(".0.0"):
        said = _ENHANCED.search(words) or said or _ENHANCED.search(_padded(words))
    return _told(said[0] if said else "", words)


def _told(status: str, words: str) -> str:
    """A status that says no more than "failed" as the words beside it have it."""
    if status != _VAGUE:
        return status
    if _FULL.search(words):
        return "5.2.2"
    return "5.1.1" if mail_codes.names_nobody(words) else status


def _padded(answer: str) -> str:
    """A plain code such as 550 as a status: 5.0.0."""
    plain = _PLAIN.search(answer)
    return f"{plain[1]}.0.0" if plain else ""


def _fields(block: str) -> dict[str, str]:
    return {
        name.lower(): re.sub(r"\s+", " ", value).strip() for name, value in _FIELD.findall(block)
    }


def _feedback(text: str, quoted: str) -> Report:
    """RFC 5965: fields about the complaint, and our email with it."""
    fields = _fields(text)
    act = _FEEDBACK.get(fields.get("feedback-type", "").lower(), Act.NOTHING)
    marks = f"{fields.get('original-mail-from', '')}\n{fields.get('original-envelope-id', '')}"
    return Report(act, "", f"{marks}\n{quoted}")


def _quoted(parts: Sequence[Message], text: str) -> str:
    """The headers of our email as they were returned; else whatever was written."""
    return "\n".join(map(_headers, _returned(parts))) or text[:_MOST_TEXT]


def _returned(parts: Sequence[Message]) -> list[Message]:
    return [part for part in parts if part.get_content_type() in _RETURNED_TYPES][:3]


def _headers(part: Message) -> str:
    inner = part.get_payload()
    if isinstance(inner, list):
        found = [each for each in inner[:1] if isinstance(each, Message)]
        lines = [f"{name}: {value}" for each in found for name, value in each.items()]
        return "\n".join(lines)[:_MOST_TEXT]
    return _plain(part)


def _may_report(message: Message) -> bool:
    submitted = str(message.get("Auto-Submitted", "")).strip().lower()
    return (
        str(message.get("Return-Path", "")).strip() == "<>"
        or submitted.startswith("auto-generated")
        or message.get("X-Failed-Recipients") is not None
        or _DAEMON.search(str(message.get("From", ""))[:500]) is not None
    )


def _unlike_others(message: Message, parts: Sequence[Message], text: str) -> Report | None:
    """What flufl.bounce makes of it; an answer of somebody who is away is no report."""
    try:
        late, gone = all_failures(message)
    except Exception:  # noqa: BLE001 - it reads what anybody sends, and has been seen to stumble
        return None
    if not (late or gone):
        return None
    everything = f"{text[:_MOST_TEXT]}\n{_quoted(parts, text)}"
    if not gone:
        return Report(Act.DELAYED, "", everything)
    found = _ENHANCED.search(text[:_MOST_TEXT])
    status = _told(found[0] if found else _VAGUE, text[:_MOST_TEXT])
    return Report(Act.FAILED, status, everything)
