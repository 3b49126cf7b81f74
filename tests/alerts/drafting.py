"""Alerts as tests have them in mind: complete, short and in two languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from actions.asks import simple_asks
from actions.models import TargetRule
from actions.scripts import ScriptWords
from alerts.drafts import AlertDraft, CallDraft, CaseDraft, FactDraft, Headline
from alerts.fact_models import Release
from alerts.models import Level, Work
from messages.control import Words
from messages.house import HouseRules
from messages.identity import Identity

HOUSE = HouseRules(
    identity=Identity(
        network="Sister Cities",
        postal_address="1 Example Street, Madison WI 53703",
        public_url="https://llamado.example.org",
        secret="0123456789abcdef" * 4,
        sms_sender="+12025550100",
        email_sender="alerts@example.org",
    ),
    undo_seconds=60,
)


def make_draft(**changes: Any) -> AlertDraft:
    """An alert without a fault."""
    draft = AlertDraft(
        case=make_case(),
        level=Level.RED,
        work=Work.ADVOCACY,
        words={
            "en": Headline("Call for the Suchitoto 14", "Thirteen people still face charges."),
            "es": Headline("Llame por los 14 de Suchitoto", "Trece personas siguen acusadas."),
        },
        texts={
            "en": Words("Hi {{ first_name }}: {{ link }}", "Please call", "See [who]({{ link }})."),
            "es": Words(
                "Hola {{ first_name }}: {{ link }}", "Llame hoy", "Vea [aqui]({{ link }})."
            ),
        },
        call=CallDraft(
            asks=simple_asks(TargetRule.CONGRESS),
            scripts={
                "en": ScriptWords("Hello, I am {{ name }}.", "Will {{ official }} speak up?"),
                "es": ScriptWords("Hola, soy {{ name }}.", "¿Alzará la voz {{ official }}?"),
            },
        ),
    )
    return replace(draft, **changes)


def make_case(**changes: Any) -> CaseDraft:
    """A case with one public fact."""
    case = CaseDraft(
        slug="suchitoto-14",
        words={
            "en": Headline("The Suchitoto 14", "Fourteen people were arrested."),
            "es": Headline("Los 14 de Suchitoto", "Catorce personas fueron detenidas."),
        },
        facts=[make_fact_draft()],
    )
    return replace(case, **changes)


def make_fact_draft(
    english: str = "Fourteen people are arrested in Suchitoto.",
    spanish: str = "Catorce personas son detenidas en Suchitoto.",
    release: Release = Release.PUBLIC,
) -> FactDraft:
    """A dated fact in both languages."""
    return FactDraft(
        happened_on=date(2007, 7, 2),
        words={"en": english, "es": spanish},
        sources=["CRIPDES", "public statements"],
        release=release,
    )
