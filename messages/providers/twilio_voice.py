"""Twilio's voice: rings a phone once, says in TwiML what is heard next, and reads what came of it.

Documents are made by the SDK's builders, which escape everything but the control characters that no XML
may have; the request that rings somebody is written by hand, as that of a text is and for the same
reason. https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from twilio.twiml.voice_response import VoiceResponse
from yarl import URL

from messages.providers import wire
from messages.providers.provider import Outcome
from messages.providers.twilio import RETRY_CALLBACKS, TwilioAccount, read_answer

PATH = "/webhooks/twilio/voice"  # where the supporters' number is to lead, too
LONGEST_SAY = 1_200  # characters: a Polly voice takes 3,000, a document of ours 4,000
LONGEST_DOCUMENT = 4_000
SHORTER, SHORTEST = (600, 300, 150), 60
AT_ONCE = 2
VOICES: Mapping[str, tuple[str, str]] = {
    "en": ("en-US", "Polly.Joanna-Neural"),
    "es": ("es-MX", "Polly.Mia-Neural"),
}
# The highest word of SHAKEN/STIR; with any other the number that is shown may be anybody's.
# https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir
VOUCHED_FOR = "TN-Validation-Passed-A"
_NEVER_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CALLER = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9*#]{0,16}")
_SECONDS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class Say:
    """Words that are spoken, in a language."""

    text: str
    language: str
    verb: str = "say"


@dataclass(frozen=True)
class Gather:
    """Words, during or after which keys are waited for; whatever comes, we hear of it."""

    says: Sequence[Say]
    digits: int = 1
    seconds: int = 10
    verb: str = "gather"


@dataclass(frozen=True)
class Dial:
    """An office is called; the supporter's own number is shown there. The star leaves it."""

    number: str
    ring_seconds: int
    longest_seconds: int
    verb: str = "dial"


@dataclass(frozen=True)
class HangUp:
    """The end."""

    verb: str = "hangup"


Verb = Say | Gather | Dial | HangUp


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a request of Twilio's tells about a call."""

    call_sid: str
    caller: str  # E.164 of who called, or was called: the supporter; "" = hidden
    vouched_for: bool = False  # the caller's carrier knows them, and that the number is theirs
    digits: str = ""
    dial_status: str = ""  # of the office just called
    dial_seconds: int = 0
    bridged: bool = False
    status: str = ""  # of the call itself
    seconds: int = 0  # that the call took; told with its last status


class Ring(NamedTuple):
    """Somebody to be rung."""

    token: str  # names the call
    to: str
    sender: str
    ring_seconds: int


@dataclass(frozen=True)
class TwilioCalls:
    """Rings supporters. To be built inside a running event loop, and closed."""

    account: TwilioAccount
    _session: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_session", wire.open_session(connections=AT_ONCE))

    async def ring(self, item: Ring, *, deadline: float) -> Outcome:
        """Ask Twilio once to ring somebody. Never raises, but for cancellation."""
        account = self.account
        answer = await wire.post(
            self._session,
            URL(f"{account.api_base}/2010-04-01/Accounts/{account.account_sid}/Calls.json"),
            body=URL().with_query(request_fields(account, item)).raw_query_string.encode(),
            headers={
                "Authorization": account.authorization,
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            deadline=deadline,
            patience=account.timeout,
        )
        return read_answer(answer) if isinstance(answer, wire.Answer) else answer

    async def close(self) -> None:
        """Let go of connections."""
        await self._session.close()


def request_fields(account: TwilioAccount, item: Ring) -> dict[str, str]:
    """The form of one call."""
    here = f"{account.public_url}{PATH}/{item.token}"
    return {
        "To": item.to,
        "From": item.sender,
        "Url": f"{here}/0{RETRY_CALLBACKS}",
        "StatusCallback": f"{here}/status{RETRY_CALLBACKS}",
        "Timeout": str(item.ring_seconds),
    }


def document(verbs: Iterable[Verb], *, action: str, caller: str) -> str:
    """The TwiML of these verbs; ``action`` is where what comes of them is told.

    ``caller`` is the number that an office is shown; Twilio allows that of the call itself. What would be
    too long for a document loses the ends of its longest sentences, never a verb.
    """
    said = list(verbs)
    lengths = (LONGEST_SAY, *SHORTER)
    texts = (_document(said, action=action, caller=caller, longest=each) for each in lengths)
    return next((text for text in texts if len(text) <= LONGEST_DOCUMENT), "") or _document(
        said, action=action, caller=caller, longest=SHORTEST
    )


def _document(verbs: Sequence[Verb], *, action: str, caller: str, longest: int) -> str:
    response = VoiceResponse()
    for verb in verbs:
        match verb:
            case Say():
                _say(response, verb, longest)
            case Gather():
                gather = response.gather(
                    input="dtmf",
                    num_digits=verb.digits,
                    timeout=verb.seconds,
                    action=action,
                    method="POST",
                    action_on_empty_result=True,
                )
                for say in verb.says:
                    _say(gather, say, longest)
            case Dial():
                dial = response.dial(
                    caller_id=caller,
                    action=action,
                    method="POST",
                    timeout=verb.ring_seconds,
                    time_limit=verb.longest_seconds,
                    hangup_on_star=True,
                    answer_on_bridge=True,
                )
                dial.number(verb.number)
            case HangUp():
                response.hangup()
    return str(response)


def action_url(public_url: str, token: str, step: int) -> str:
    """Where Twilio is to tell what came of a step."""
    return f"{public_url}{PATH}/{token}/{step}{RETRY_CALLBACKS}"


def kept(verbs: Iterable[Verb]) -> list[dict[str, Any]]:
    """Verbs as they are stored."""
    return [asdict(verb) for verb in verbs]


def read_kept(rows: Iterable[Mapping[str, Any]]) -> list[Verb]:
    """Verbs as they were stored."""
    kinds: Mapping[str, type[Say | Dial | HangUp]] = {"say": Say, "dial": Dial, "hangup": HangUp}
    return [
        Gather([Say(**say) for say in row["says"]], row["digits"], row["seconds"])
        if row["verb"] == "gather"
        else kinds[row["verb"]](**row)
        for row in rows
    ]


def read_voice(form: Mapping[str, str]) -> Heard:
    """What a request tells; anything that is not as Twilio writes it counts as not said."""
    out = form.get("Direction", "").startswith("outbound")
    caller = form.get("To" if out else "From", "")
    digits = form.get("Digits", "")
    return Heard(
        call_sid=form.get("CallSid", "")[:40],
        caller=caller if _CALLER.fullmatch(caller) else "",
        vouched_for=form.get("StirVerstat", "") == VOUCHED_FOR,
        digits=digits if _DIGITS.fullmatch(digits) else "",
        dial_status=form.get("DialCallStatus", "")[:16],
        dial_seconds=_seconds(form.get("DialCallDuration", "")),
        bridged=form.get("DialBridged", "") == "true",
        status=form.get("CallStatus", "")[:16],
        seconds=_seconds(form.get("CallDuration", "")),
    )


def plain(text: str, longest: int = LONGEST_SAY) -> str:
    """One line of what can be said, without what no XML may have, and not longer than that."""
    line = " ".join(_NEVER_IN_XML.sub("", text).split())
    return line if len(line) <= longest else line[:longest].rsplit(" ", 1)[0]


def _say(parent: Any, say: Say, longest: int) -> None:
    language, voice = VOICES.get(say.language, VOICES["en"])
    parent.say(plain(say.text, longest), language=language, voice=voice)


def _seconds(text: str) -> int:
    return int(text) if _SECONDS.fullmatch(text) else 0
