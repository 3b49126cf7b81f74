"""How an alert looks in a terminal, and how it reads as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from actions.models import Outcome
from alerts.launching import Status
from alerts.models import Answer
from alerts.preflight import Check
from contacts.models import Channel
from messages import forecast
from messages.progress import Equation

REASONS: Mapping[str, str] = {
    "opted_out": "said stop",
    "review": "may have said stop; somebody has to read it",
    "bounced": "address does not exist",
    "complained": "marked us as spam",
    "not_textable": "landline, or cannot be texted",
    "blocked": "blocked by the carrier",
    "no_consent": "no consent",
    "foreign": "number abroad",
    "no_address": "no address on this channel",
    "erased": "asked to be erased",
    "shared_address": "shares an address that gets a copy",
    "texted": "gets the text instead",
    "text_not_sent": "their text was left out; the email is to go",
    "weekly_cap": "had enough messages this week",
    "paused": "asked for a pause",
    "urgent_only": "wants urgent actions only",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.SPOKE: "spoke with the office",
    Outcome.VOICEMAIL: "left a message",
    Outcome.NO_ANSWER: "no answer",
    Outcome.WRONG_NUMBER: "wrong number",
    Outcome.SKIPPED: "cannot call today",
}
FAILURES: Mapping[str, str] = {
    "30003": "handset unreachable",
    "30004": "blocked by the recipient or the carrier",
    "30005": "number does not exist",
    "30006": "landline, or unreachable carrier",
    "30007": "filtered by the carrier as spam",
    "5.1.1": "mailbox does not exist",
    "blocked": "refused by the receiving server",
}
CHANNELS: Mapping[Channel, str] = {Channel.SMS: "texts", Channel.EMAIL: "emails"}

ANSWERS: Mapping[Answer | None, str] = {
    None: "not asked",
    Answer.OPEN: "has not answered",
    Answer.YES: "joins",
    Answer.NO: "does not join",
    Answer.STANDING: "joins red alerts unasked",
}


def local(at: datetime | None) -> str:
    """An instant as this machine's clock shows it."""
    return "" if at is None else f"{at.astimezone():%a %d %b %H:%M %Z}"


def check_view(check: Check) -> RenderableType:
    """What a check found, as its launcher needs it."""
    parts: list[RenderableType] = [_fates(check)]
    if check.parts:
        parts.append(_committees(check))
    if check.estimates:
        parts.append(_cost(check))
    for each in check.estimates:
        title = f"longest text in {each.language}: {each.most} segments"
        parts.append(Panel(escape(each.longest), title=title, title_align="left"))
    parts += [Text.assemble(("! ", "yellow"), str(finding)) for finding in check.warnings]
    parts += [Text.assemble(("✗ ", "bold red"), str(finding)) for finding in check.blocking]
    return Group(*parts)


def check_json(check: Check) -> dict[str, Any]:
    """The same for a program."""
    return {
        "ready": check.ready,
        "people": check.people,
        "committees": [
            {
                "project": each.committee.name,
                "answer": each.committee.answer,
                "reached": each.reached,
            }
            for each in check.parts
        ],
        "reached": check.forecast.reached,
        "languages": dict(check.forecast.languages),
        "fates": [
            {
                "channel": fate.channel,
                "fate": fate.fate,
                "reason": fate.reason,
                "opens_at": None if fate.opens_at is None else fate.opens_at.isoformat(),
                "count": fate.count,
            }
            for fate in check.forecast.fates
        ],
        "segments": check.segments,
        "cost": str(check.cost),
        "blocking": [str(finding) for finding in check.blocking],
        "warnings": [str(finding) for finding in check.warnings],
    }


def status_view(status: Status, now: datetime) -> RenderableType:
    """Where an alert stands: the account, what people did, and what waits for when."""
    progress = status.progress
    heading = Text.assemble(
        (next(iter(status.titles.values()), ""), "bold"), f"  #{status.alert_id}  ", progress.status
    )
    parts: list[RenderableType] = [heading, equation_view(progress.equation, progress.channels)]
    parts.append(_responses(status))
    for at, count in progress.openings.items():
        if at > now:
            parts.append(Text(f"{count:,} texts wait for their people's morning, {local(at)}"))
    if progress.paused_because:
        parts.append(Text(progress.paused_because, style="yellow"))
    return Group(*parts)


def status_json(status: Status) -> dict[str, Any]:
    """The same for a program."""
    progress, totals = status.progress, status.totals
    return {
        "alert": status.alert_id,
        "status": progress.status,
        "expanded": progress.expanded,
        "equation": equation_json(progress.equation),
        "channels": {
            channel: equation_json(equation) for channel, equation in progress.channels.items()
        },
        "held_until": {at.isoformat(): count for at, count in progress.openings.items()},
        "paused_because": progress.paused_because,
        "budget_cents": progress.budget_cents,
        "spent_segments": progress.spent_segments,
        "people_who_called": totals.people,
        "calls": totals.calls,
        "outcomes": {outcome: count for outcome, count in totals.by_outcome.items() if count},
    }


def equation_json(equation: Equation) -> dict[str, Any]:
    """Both sides of the account."""
    return {
        "eligible": equation.eligible,
        "delivered": equation.delivered,
        "sent": equation.sent,
        "held": equation.held,
        "waiting": equation.waiting,
        "calling_off": equation.calling_off,
        "sending": equation.sending,
        "skipped": dict(equation.skipped),
        "failed": dict(equation.failed),
        "unknown": equation.unknown,
        "stopped": equation.stopped,
        "expired": equation.expired,
        "balanced": equation.balanced,
    }


def equation_view(equation: Equation, channels: Mapping[Channel, Equation]) -> RenderableType:
    """The account of all copies, by channel, and whether it balances."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("")
    shown = [(CHANNELS[channel], one) for channel, one in channels.items()]
    for name, _ in [*shown, ("all", equation)]:
        table.add_column(name, justify="right")
    columns = [one for _, one in shown] + [equation]
    for name, counts in _lines(columns):
        table.add_row(name, *(f"{count:,}" if count else "·" for count in counts))
    table.add_section()
    table.add_row("eligible", *(f"{one.eligible:,}" for one in columns), style="bold")
    return Group(table, _verdict(equation))


def _lines(columns: list[Equation]) -> Iterable[tuple[str, list[int]]]:
    """The account's lines that say anything; what must always be seen is always there."""
    for name in ("delivered", "sent", "held", "waiting", "sending"):
        label = {"sent": "sent, not confirmed yet", "sending": "on the wire"}.get(name, name)
        yield label, [getattr(one, name) for one in columns]
    for reason in sorted({reason for one in columns for reason in one.skipped}):
        label = f"left out: {REASONS.get(reason, reason)}"
        yield label, [one.skipped.get(reason, 0) for one in columns]
    for code in sorted({code for one in columns for code in one.failed}):
        yield f"failed: {_failure(code)}", [one.failed.get(code, 0) for one in columns]
    for name in ("unknown", "calling_off", "stopped", "expired"):
        counts = [getattr(one, name) for one in columns]
        if any(counts):
            yield {"calling_off": "being called off"}.get(name, name), counts


def _failure(code: str) -> str:
    return f"{FAILURES[code]} ({code})" if code in FAILURES else code


def _verdict(equation: Equation) -> Text:
    if equation.balanced:
        return Text(
            f"✓ balanced: {equation.eligible:,} eligible = {equation.accounted:,} accounted for",
            style="green",
        )
    return Text(
        f"✗ not balanced: {equation.eligible:,} eligible, {equation.accounted:,} accounted for",
        style="bold red",
    )


def _responses(status: Status) -> RenderableType:
    totals = status.totals
    told = ", ".join(
        f"{count:,} {OUTCOMES[outcome]}" for outcome, count in totals.by_outcome.items() if count
    )
    return Text(f"{totals.people:,} people called: {told}" if told else "nobody has called yet")


def _fates(check: Check) -> RenderableType:
    seen = check.forecast
    heading = f"{seen.people:,} people; {seen.reached:,} get {seen.copies:,} copies"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "texts", "emails"):
        table.add_column(name, justify="left" if not name else "right")
    rows: dict[str, dict[Channel, int]] = {}
    for fate in sorted(seen.fates, key=_in_order):
        rows.setdefault(_fate_words(fate), {})[fate.channel] = fate.count
    for words, counts in rows.items():
        table.add_row(words, *(f"{counts.get(channel, 0) or '·'}" for channel in Channel))
    return Group(Text(heading, style="bold"), table) if rows else Text(heading, style="bold")


def _committees(check: Check) -> RenderableType:
    """Those who keep their lists to themselves, and what they say."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("committee", "answer", "people reached"):
        table.add_column(name, justify="right" if name == "people reached" else "left")
    for each in check.parts:
        said = ANSWERS[each.committee.answer]
        table.add_row(each.committee.name, said, f"{each.reached:,}")
    return Group(table, Text(f"{check.people:,} people in all", style="bold"))


def _in_order(fate: forecast.Fate) -> tuple[int, str, int]:
    order = (forecast.NOW, forecast.HELD, forecast.SKIPPED)
    return order.index(fate.fate), str(fate.opens_at or ""), -fate.count


def _fate_words(fate: forecast.Fate) -> str:
    if fate.fate == forecast.SKIPPED:
        return f"left out: {REASONS.get(fate.reason, fate.reason)}"
    return "leave now" if fate.fate == forecast.NOW else f"held until {local(fate.opens_at)}"


def _cost(check: Check) -> Text:
    about = "" if all(each.exact for each in check.estimates) else "about "
    by_language = ", ".join(f"{each.language} {each.segments:,}" for each in check.estimates)
    return Text(f"{about}{check.segments:,} SMS segments ({by_language}), {about}${check.cost}")


def bar(done: int, of: int) -> RenderableType:
    """A bar for the live view."""
    share = done / of if of else 0.0
    drawn = ProgressBar(total=max(of, 1), completed=done, width=40)
    return Columns([drawn, Text(f"{share:.0%} have left or are settled")])
