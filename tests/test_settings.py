"""Settings: documented, typed, overridden by file and environment, wrong ones told all at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

import settings
from overrides import BadSettings
from settings import SECTIONS, Settings

ACCOUNT = {
    "LLAMADO_TWILIO__ACCOUNT_SID": "AC0123",
    "LLAMADO_TWILIO__AUTH_TOKEN": "made-up-token",
    "LLAMADO_TWILIO__FROM_NUMBER": "+12025550123",
}


def load(environment: Mapping[str, str], folder: Path) -> Settings:
    """Load away from any llamado.toml of the developer's."""
    return settings.load(environment, folder=folder)


def problems_of(environment: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    with pytest.raises(BadSettings) as raised:
        load(environment, folder)
    return raised.value.problems


def test_a_default_installation_needs_nothing_and_keeps_everything_in_the_outbox(
    tmp_path: Path,
) -> None:
    loaded = load({}, tmp_path)

    assert loaded.database.url == "sqlite:///llamado.db"
    assert (loaded.sms_by, loaded.email_by) == ("outbox", "outbox")
    assert settings.warnings(loaded) == []


def test_every_setting_has_a_comment_above_it() -> None:
    lines = settings.defaults_file().read_text("utf-8").splitlines()

    bare = [
        line
        for before, line in itertools.pairwise(lines)
        if "=" in line and not line.startswith("#") and not before.startswith("#")
    ]

    assert bare == []


def test_every_setting_stands_in_the_file_and_every_secret_is_named_there() -> None:
    text = settings.defaults_file().read_text("utf-8")

    missing = [
        f"{section}.{each.name}"
        for section, kind in SECTIONS.items()
        for each in fields(kind)
        if f"\n{each.name} = " not in text and f"# secret: {each.name}\n" not in text
    ]

    assert missing == []


def test_the_file_overrides_the_defaults_and_the_environment_overrides_the_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "llamado.toml").write_text("[web]\nport = 9000\nhost = '0.0.0.0'\n")

    loaded = load({"LLAMADO_WEB__PORT": "9001"}, tmp_path)

    assert (loaded.web.host, loaded.web.port) == ("0.0.0.0", 9001)


def test_another_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[network]\nname = 'Red de prueba'\n")

    loaded = load({"LLAMADO_SETTINGS": "other.toml"}, tmp_path)

    assert loaded.network.name == "Red de prueba"


def test_a_file_that_is_named_but_missing_is_told(tmp_path: Path) -> None:
    (problem,) = problems_of({"LLAMADO_SETTINGS": "gone.toml"}, tmp_path)

    assert "gone.toml cannot be read: No such file or directory" in problem


def test_values_of_the_environment_are_read_as_their_type(tmp_path: Path) -> None:
    environment = {
        "LLAMADO_NETWORK__LANGUAGES": "es, en",
        "LLAMADO_SENDING__SMS_SEGMENTS_PER_SECOND": "3",
        "LLAMADO_OUTBOX__SIMULATE": "TRUE",
        "LLAMADO_SENDING__WEEKLY_CAP": "3",
    }

    loaded = load(environment, tmp_path)

    assert loaded.network.languages == ("es", "en")
    assert loaded.sending.sms_segments_per_second == 3.0
    assert loaded.outbox.simulate is True
    assert loaded.sending.weekly_cap == 3


def test_everything_wrong_is_told_at_once_with_its_near_miss(tmp_path: Path) -> None:
    (tmp_path / "llamado.toml").write_text("[wbe]\nport = 1\n[web]\nprot = 9000\nport = '80'\n")
    environment = {
        "LLAMADO_SENDING__BATHC": "5",
        "LLAMADO_SENDING__BATCH": "five",
        "LLAMADO_SMTP__PORT": "70000",
        "LLAMADO_SMTP__SECURITY": "ssl",
    }

    problems = problems_of(environment, tmp_path)

    expected = [
        "did you mean [web]?",
        "did you mean web.port?",
        "web.port in",
        "did you mean LLAMADO_SENDING__BATCH?",
        "LLAMADO_SENDING__BATCH must be a whole number, not 'five'",
        "LLAMADO_SMTP__PORT must lie between 1 and 65535, not 70000",
        "LLAMADO_SMTP__SECURITY must be one of starttls, tls, none, not 'ssl'",
    ]
    assert len(problems) == len(expected)
    for wanted in expected:
        assert any(wanted in problem for problem in problems), wanted


@pytest.mark.parametrize(
    ("toml", "wanted"),
    [
        ("[web\nport = 1", "is not valid TOML"),
        ("[network]\nlanguages = 'en'", "must be a list of texts"),
        ("[outbox]\nsimulate = 1", "must be true or false, not 1"),
        ("web = 3", "must be a section: write [web] above its names"),
        ("[network]\nregion = 'Salvador'", "is not a country's two-letter code"),
        ("[network]\ncountries = ['US', 'USA']", "'USA' is not a country's two-letter code"),
        ("[network]\ncountries = []", "an empty list is not a country's two-letter code"),
        ("[web]\ntrusted_proxies = ['proxy']", "'proxy' does not appear to be an IPv4 or IPv6"),
        ("[web]\ntrusted_proxies = ['10.0.0.1/8']", "has host bits set; write a network such as"),
        ("[network]\ndefault_language = 'fr'", "not among network.languages en, es"),
        ("[network]\npublic_url = 'llamado.example.org'", "must begin with https://"),
        ("[quiet_hours]\nopens = '21:00'", "must open before they close"),
        ("[quiet_hours]\nopens = 'ten'", "must be written as HH:MM"),
        ("[retention]\ndelivery_detail_days = 3", "must be 0 or at least 14"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, toml: str, wanted: str) -> None:
    (tmp_path / "llamado.toml").write_text(toml)

    (problem,) = problems_of({}, tmp_path)

    assert wanted in problem


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "llamado.toml").write_bytes(b"\xff\xfe[web]")

    (problem,) = problems_of({}, tmp_path)

    assert "it is not UTF-8 text" in problem


def test_a_secret_comes_from_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    by_environment = {"LLAMADO_TWILIO__AUTH_TOKEN_FILE": str(tmp_path / "token")}

    assert load(by_environment, tmp_path).twilio.auth_token == "from-a-file"

    (tmp_path / "llamado.toml").write_text("[twilio]\nauth_token_file = 'token'\n")

    assert load({}, tmp_path).twilio.auth_token == "from-a-file"


def test_a_secret_in_the_settings_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "llamado.toml").write_text("[twilio]\nauth_token = 'hush'\n")

    (problem,) = problems_of({}, tmp_path)

    assert "twilio.auth_token is a secret" in problem
    assert "hush" not in problem


def test_secrets_show_neither_in_repr_nor_in_problems(tmp_path: Path) -> None:
    environment = {**ACCOUNT, "LLAMADO_DATABASE__URL": "postgresql://u:hush@db/x"}

    shown = repr(load(environment, tmp_path))

    assert "made-up-token" not in shown
    assert "hush" not in shown


def test_a_database_url_of_the_wrong_type_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "llamado.toml").write_text("[database]\nurl = ['postgresql://u:hush@db/x']\n")

    (problem,) = problems_of({}, tmp_path)

    assert "database.url" in problem
    assert "hush" not in problem


def test_variables_of_the_test_suite_are_not_settings(tmp_path: Path) -> None:
    load({"LLAMADO_TEST_POSTGRES_URL": "postgresql://…"}, tmp_path)


@pytest.mark.parametrize(
    ("environment", "sms", "email"),
    [
        (ACCOUNT, "twilio", "outbox"),
        ({**ACCOUNT, "LLAMADO_TWILIO__FROM_NUMBER": ""}, "outbox", "outbox"),
        (
            {"LLAMADO_SENDGRID__API_KEY": "SG.x", "LLAMADO_SENDGRID__FROM_EMAIL": "a@example.org"},
            "outbox",
            "sendgrid",
        ),
        (
            {"LLAMADO_SMTP__HOST": "mail.example.org", "LLAMADO_SMTP__FROM_EMAIL": "a@example.org"},
            "outbox",
            "smtp",
        ),
        ({"LLAMADO_SMTP__HOST": "mail.example.org"}, "outbox", "outbox"),
    ],
)
def test_a_provider_without_credentials_is_off(
    tmp_path: Path, environment: Mapping[str, str], sms: str, email: str
) -> None:
    loaded = load(environment, tmp_path)

    assert (loaded.sms_by, loaded.email_by) == (sms, email)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        (ACCOUNT, "network.public_url is not set"),
        (ACCOUNT, "people would get messages from “Our network”"),
        ({"LLAMADO_TWILIO__ACCOUNT_SID": "AC0123"}, "twilio is half set up"),
        (
            {
                "LLAMADO_TWILIO__ACCOUNT_SID": "AC0123",
                "LLAMADO_TWILIO__API_KEY_SID": "SK1",
                "LLAMADO_TWILIO__API_KEY_SECRET": "x",
                "LLAMADO_TWILIO__FROM_NUMBER": "+12025550123",
            },
            "twilio.auth_token is not set",
        ),
        ({"LLAMADO_NETWORK__PUBLIC_URL": "http://example.org"}, "network.public_url is not https"),
        ({"LLAMADO_SENDGRID__API_KEY": "SG.x"}, "sendgrid.from_email is not set"),
        (
            {"LLAMADO_SENDGRID__API_KEY": "SG.x", "LLAMADO_SENDGRID__FROM_EMAIL": "a@example.org"},
            "sendgrid.event_public_key is not set",
        ),
        (
            {"LLAMADO_SMTP__HOST": "mail.example.org", "LLAMADO_SMTP__FROM_EMAIL": "a@example.org"},
            "network.postal_address is not set",
        ),
        ({"LLAMADO_SMTP__HOST": "mail.example.org"}, "smtp.from_email is not set"),
        ({**ACCOUNT, "LLAMADO_OUTBOX__SIMULATE": "true"}, "outbox.simulate is on"),
        ({"LLAMADO_VOICE__NUMBER": "+12025550123"}, "put through only with twilio.account_sid"),
        ({"LLAMADO_VOICE__NUMBER": "+12025550123"}, "what a caller hears"),
        (
            {"LLAMADO_VOICE__NUMBER": "+12025550123", "LLAMADO_VOICE__DAILY_BUDGET_CENTS": "0"},
            "nothing limits what the calls of a day may cost",
        ),
    ],
)
def test_what_is_unfinished_is_warned_about(
    tmp_path: Path, environment: Mapping[str, str], wanted: str
) -> None:
    sentences = settings.warnings(load(environment, tmp_path))

    assert any(wanted in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"LLAMADO_VOICE__NUMBER": "608 555 0100"}, "voice.number '608 555 0100' is not a number"),
        ({"LLAMADO_VOICE__FROM_NUMBER": "+12025550123"}, "but no voice.number"),
    ],
)
def test_a_number_nobody_can_dial_is_told(
    tmp_path: Path, environment: Mapping[str, str], wanted: str
) -> None:
    with pytest.raises(BadSettings) as told:
        load(environment, tmp_path)

    assert wanted in str(told.value)


def test_texting_el_salvador_is_warned_about(tmp_path: Path) -> None:
    loaded = load({"LLAMADO_NETWORK__COUNTRIES": "US,SV"}, tmp_path)

    assert any("who is texted by whom" in each for each in settings.warnings(loaded))


def test_http_on_this_machine_needs_no_warning(tmp_path: Path) -> None:
    loaded = load({"LLAMADO_NETWORK__PUBLIC_URL": "http://localhost:8080"}, tmp_path)

    assert settings.warnings(loaded) == []
