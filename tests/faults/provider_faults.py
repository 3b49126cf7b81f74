"""What goes wrong at Twilio and SendGrid, or on the way there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.fakes.faults import Fault as Spoilt
from tests.fakes.proxy import Line
from tests.faults.sender_process import Scale
from tests.faults.stage import Stage
from tests.faults.vocabulary import Fault, Kind, Leaves
from tests.processes import wait_until

CHANNELS = ("sms", "email")
TIMES = {"sms": 12, "email": 3}  # requests that go wrong; an email request is for up to 25 people
IMPATIENT = Scale(patience=1.0)


def spoiling(
    name: str,
    spoilt: Spoilt,
    says: str,
    *,
    channel: str,
    leaves: Leaves = Leaves.NOBODY,
    scale: Scale | None = None,
) -> Fault:
    """A fault in the provider's answers to the next few requests of one channel."""
    seen = {"error_500": "500", "too_many": "429"}.get(spoilt.value, spoilt.value)
    # A text's good answer names it; an email's only names the request, and is enough by itself.
    return Fault(
        name=f"{name} ({channel})",
        kind=Kind.PROVIDER,
        says=says,
        inject=lambda stage: stage.fake.spoil(channel, spoilt, TIMES[channel]),
        leaves=leaves,
        happened=lambda stage: stage.fake.spoilt(channel)[seen] > 0,
        scale=scale or Scale(),
    )


def of_channel(channel: str) -> list[Fault]:
    """The faults that a single channel's provider can have."""
    return [
        spoiling(
            "accept then hang",
            Spoilt.ACCEPT_HANG,
            "takes it and never answers",
            channel=channel,
            scale=IMPATIENT,
        ),
        spoiling(
            "accept then reset",
            Spoilt.ACCEPT_RESET,
            "takes it and tears the connection down",
            channel=channel,
        ),
        spoiling(
            "accept then 500",
            Spoilt.ACCEPT_500,
            "takes it and answers 500",
            channel=channel,
        ),
        spoiling(
            "half an answer",
            Spoilt.ACCEPT_HALF,
            "takes it and answers half",
            channel=channel,
        ),
        spoiling(
            "bad JSON",
            Spoilt.ACCEPT_BAD_JSON,
            "takes it and answers nonsense",
            channel=channel,
        ),
        spoiling(
            "500 before",
            Spoilt.ERROR_500,
            "answers 500 and took nothing",
            channel=channel,
            leaves=Leaves.THE_UNPROVEN,
        ),
        replace(
            spoiling(
                "429",
                Spoilt.TOO_MANY,
                "asks us to slow down, Retry-After 1 s",
                channel=channel,
            ),
            expects=nobody_refused,
        ),
        spoiling("slow", Spoilt.SLOW, "answers after 1.5 s", channel=channel),
        unauthorised(channel),
    ]


def nobody_refused(stage: Stage) -> Sequence[str]:
    """After "too many requests" everybody gets theirs."""
    failed = stage.statuses()[43]
    return [f"{failed} copies failed"] if failed else ()


def unauthorised(channel: str) -> Fault:
    return Fault(
        name=f"401 mid-run ({channel})",
        kind=Kind.PROVIDER,
        says="the account stops working until a person puts it right",
        inject=lambda stage: stage.fake.spoil(channel, Spoilt.UNAUTHORISED, 1000),
        happened=lambda stage: stage.fake.spoilt(channel)["401"] > 0,
        expects=lambda stage: (
            () if any("refused our account" in why for why in stage.pauses) else ("no sentence",)
        ),
    )


def fail_names(stage: Stage, *, fail: bool) -> None:
    for knobs in stage.knobs:
        knobs.names_fail.value = fail


def by_name(stage: Stage) -> None:
    stage.by_name = True


def behind_a_proxy(stage: Stage) -> None:
    stage.wants_provider_proxy = True


def turn(stage: Stage, line: Line) -> None:
    assert stage.provider_proxy is not None
    stage.fake.turn(stage.provider_proxy, line)


def was_cut(stage: Stage) -> bool:
    return stage.provider_proxy is not None and stage.provider_proxy.resets > 0


def find_names_again(stage: Stage) -> None:
    """Once somebody met it. They wait half a minute, over which the clock then jumps."""
    postponed = "SELECT count(*) FROM deliveries WHERE not_before IS NOT NULL"
    wait_until("somebody meets it", lambda: stage.query(postponed)[0][0] > 0)
    stage.notes["nameless"] = True
    fail_names(stage, fail=False)


NO_NAMES = Fault(
    name="DNS failure",
    kind=Kind.PROVIDER,
    says="the provider's name cannot be resolved for some seconds",
    prepare=by_name,
    inject=lambda stage: fail_names(stage, fail=True),
    heal=find_names_again,
    early=True,
    lasts=1.0,
    happened=lambda stage: bool(stage.notes.get("nameless")),
)

NETWORK = [
    Fault(
        name="network cut",
        kind=Kind.PROVIDER,
        says="connections to the provider are reset, new ones refused, for 2 s",
        prepare=behind_a_proxy,
        inject=lambda stage: turn(stage, Line.CUT),
        heal=lambda stage: turn(stage, Line.GOOD),
        lasts=2.0,
        leaves=Leaves.THE_UNPROVEN,
        happened=was_cut,
    ),
    Fault(
        name="answers lost",
        kind=Kind.PROVIDER,
        says="requests arrive, answers do not, for 2 s",
        prepare=behind_a_proxy,
        inject=lambda stage: turn(stage, Line.DEAF),
        heal=lambda stage: turn(stage, Line.GOOD),
        lasts=2.0,
        happened=was_cut,
        scale=IMPATIENT,
    ),
    Fault(
        name="network silent",
        kind=Kind.PROVIDER,
        says="nothing gets through in either direction for 2 s",
        prepare=behind_a_proxy,
        inject=lambda stage: turn(stage, Line.SILENT),
        heal=lambda stage: turn(stage, Line.GOOD),
        lasts=2.0,
        leaves=Leaves.THE_UNPROVEN,
        happened=was_cut,
        scale=IMPATIENT,
    ),
]

FAULTS = [
    *(fault for channel in CHANNELS for fault in of_channel(channel)),
    NO_NAMES,
    *NETWORK,
]
