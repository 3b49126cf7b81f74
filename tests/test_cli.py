"""The command line: every chore from a terminal, errors in one sentence, JSON for programs."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from tests import plain_logs

HOUSE = Path(__file__).parents[1]
EXAMPLE = HOUSE / "alerts" / "examples" / "suchitoto-14.toml"
INVENTED = HOUSE / "representatives" / "examples"
LIST = """first_name,last_name,email,phone,zip,language
Amina,Rivas,amina@example.org,(608) 555-0101,53703,en
Benita,Flores,benita@example.org,608-555-0102,53704,es
Chloe,Baker,not an address,,53703,en
"""


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer to a program."""
        return json.loads(self.out)


Llamado = Callable[..., Said]


@pytest.fixture
def llamado(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Llamado]:
    """Run a command against a database of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLAMADO_DATABASE__URL", database_url)
    monkeypatch.setenv("LLAMADO_SENDING__UNDO_SECONDS", "0")
    monkeypatch.setenv("LLAMADO_QUIET_HOURS__OPENS", "00:00")
    monkeypatch.setenv("LLAMADO_QUIET_HOURS__CLOSES", "24:00")
    monkeypatch.setenv("LLAMADO_QUIET_HOURS__SUNDAY_OPENS", "00:00")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # commands set their own

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    yield run
    plain_logs.restore()


@pytest.fixture
def people(llamado: Llamado, tmp_path: Path) -> Path:
    """Madison with two people who agreed."""
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="utf-8")
    llamado("project", "add", "Madison – Arcatao", "--us-state", "WI", "--shares-list")
    llamado("contacts", "import", file, "--project", "madison-arcatao", "--consent", "signed")
    return file


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["demo"],
        ["serve"],
        ["migrate"],
        ["doctor"],
        ["organizer", "create"],
        ["project", "add"],
        ["project", "list"],
        ["targets", "import"],
        ["targets", "list"],
        ["contacts", "import"],
        ["representatives", "load"],
        ["alert", "check"],
        ["alert", "launch"],
        ["alert", "status"],
        ["alert", "pause"],
        ["alert", "resume"],
        ["alert", "stop"],
        ["alert", "undo"],
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    result = CliRunner().invoke(cli.app, [*command, "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_a_current_database_needs_no_migration(llamado: Llamado) -> None:
    assert "current already" in llamado("migrate").out


def test_projects_are_added_and_listed(llamado: Llamado) -> None:
    llamado("project", "add", "Madison – Arcatao", "--community", "Arcatao", "--since", "1986")

    (row,) = llamado("project", "list", "--json").json

    assert (row["slug"], row["community"], row["since"]) == ("madison-arcatao", "Arcatao", 1986)
    assert "madison-arcatao" in llamado("project", "list").out


def test_offices_come_from_a_file_and_are_listed(llamado: Llamado, tmp_path: Path) -> None:
    file = tmp_path / "offices.csv"
    file.write_text("key,name,phone\ndesk,El Salvador desk,202-555-0147\n", encoding="utf-8")

    said = llamado("targets", "import", file)
    (row,) = llamado("targets", "list", "--json").json

    assert "1 offices were added and 0 changed" in said.out
    assert "to be checked before an alert may name them" in said.out
    assert (row["key"], row["state"], row["phones"]) == (
        "desk",
        "never",
        [{"number": "+12025550147", "label": ""}],
    )
    assert "El Salvador desk" in llamado("targets", "list").out
    assert "target.import" in llamado("audit", "list").out


def test_a_file_with_a_mistake_changes_nothing_and_says_where(
    llamado: Llamado, tmp_path: Path
) -> None:
    file = tmp_path / "offices.csv"
    file.write_text("key,name,phone\na,A,202-555-0147\nb,B,12\n", encoding="utf-8")

    said = llamado("targets", "import", file)

    assert said.code == 1
    assert "row 3, phone: “12” is not a number" in said.err
    assert llamado("targets", "list", "--json").json == []


def test_record_of_what_commands_did_is_whole_and_shown(llamado: Llamado) -> None:
    llamado("project", "add", "Madison – Arcatao", "--shares-list")
    llamado("project", "add", "Boston – Carasque")

    whole = llamado("audit", "verify")
    seal = llamado("audit", "verify", "--json").json["head"]["hash"]
    llamado("project", "add", "Seattle – San Marcos")

    assert "the record is whole: 2 entries" in whole.out
    assert llamado("audit", "verify", "--noted", seal).code == 0
    assert "project.add" in llamado("audit", "list").out
    other = llamado("audit", "verify", "--noted", "a" * 64)
    assert other.code == 1
    assert "the noted head is not in this chain" in other.err


def test_an_error_is_one_sentence_without_a_traceback(llamado: Llamado) -> None:
    llamado("project", "add", "Madison – Arcatao", "--shares-list")

    said = llamado("project", "add", "Madison – Arcatao", "--shares-list")

    assert said.code == 1
    assert "there is already a project named madison-arcatao" in said.err
    assert "Traceback" not in said.err


def test_every_wrong_setting_is_told(llamado: Llamado, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMADO_WEB__PROT", "9")
    monkeypatch.setenv("LLAMADO_SENDING__BATCH", "many")

    said = llamado("doctor")

    assert said.code == 1
    assert "did you mean LLAMADO_WEB__PORT?" in said.err
    assert "LLAMADO_SENDING__BATCH must be a whole number, not 'many'" in said.err


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "the database cannot be opened"),
        ("mysql://x/y", "Llamado runs on sqlite and on postgresql"),
        ("nonsense", "database.url cannot be read"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_sentence(
    llamado: Llamado, monkeypatch: pytest.MonkeyPatch, url: str, wanted: str
) -> None:
    monkeypatch.setenv("LLAMADO_DATABASE__URL", url)

    said = llamado("project", "list")

    assert said.code == 1
    assert wanted in said.err
    assert "Traceback" not in said.err


def test_an_organizer_gets_a_password_that_is_shown_once(llamado: Llamado) -> None:
    create = ["organizer", "create", "--name", "Amina", "--email", "amina@example.org"]

    said = llamado(*create, "--network", "--generate")

    assert "password:" in said.out
    assert llamado(*create, "--network", "--generate").code == 1
    assert llamado(*create).code == 2


@pytest.mark.parametrize(
    ("email", "language", "code", "wanted"),
    [
        ("amina", "en", 1, "“amina” is not an email address"),
        ("amina@example.org", "fr", 2, "--language fr is not one of en, es"),
    ],
)
def test_nobody_is_added_who_could_not_sign_in(
    llamado: Llamado, email: str, language: str, code: int, wanted: str
) -> None:
    create = ["organizer", "create", "--name", "Amina", "--email", email, "--language", language]

    said = llamado(*create, "--network", "--generate")

    assert said.code == code
    assert wanted in said.err


def test_an_organizer_may_choose_a_password(llamado: Llamado) -> None:
    llamado("project", "add", "Madison – Arcatao", "--shares-list")
    create = ["organizer", "create", "--name", "Ben", "--email", "ben@example.org"]
    serves = ["--project", "madison-arcatao"]

    weak = CliRunner().invoke(cli.app, [*create, *serves], input="short\nshort\n")
    good = CliRunner().invoke(
        cli.app, [*create, *serves], input="four plain words here\nfour plain words here\n"
    )

    assert weak.exit_code == 1
    assert good.exit_code == 0
    assert "Ben can sign in as ben@example.org" in good.output
    assert "four plain words" not in good.output


def test_a_dry_run_changes_nothing_and_the_import_does_what_it_said(
    llamado: Llamado, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="utf-8")
    command = ["contacts", "import", file, "--consent", "signed at the assembly", "--json"]

    foreseen = llamado(*command, "--dry-run").json
    done = llamado(*command).json
    again = llamado(*command).json

    assert (foreseen["created"], foreseen["refused_rows"], foreseen["import_id"]) == (2, 1, None)
    assert (done["created"], done["consents"]) == (2, 4)
    assert (again["created"], again["unchanged"]) == (0, 2)


def test_rows_with_problems_are_told_and_written_to_a_file(
    llamado: Llamado, tmp_path: Path
) -> None:
    file, errors = tmp_path / "list.csv", tmp_path / "errors.csv"
    file.write_text(f"{LIST}Dora,Luna,dora@example.org,,53703,es,Madison\n", encoding="utf-8")

    said = llamado(
        "contacts", "import", file, "--consent", "signed", "--errors", errors, "--dry-run"
    )

    assert "rows refused" in said.out
    assert "row 4, email: " in said.out
    assert "row 5: has 7 cells under 6 headings" in said.out
    assert "nothing was changed" in said.out
    assert "Chloe" in errors.read_text("utf-8-sig")


def test_a_place_that_cannot_be_written_to_is_one_sentence(
    llamado: Llamado, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, nowhere = tmp_path / "list.csv", tmp_path / "list.csv" / "errors.csv"
    file.write_text(LIST, encoding="utf-8")

    imported = llamado("contacts", "import", file, "--consent", "signed", "--errors", nowhere)
    monkeypatch.setenv("LLAMADO_DATABASE__URL", f"sqlite:///{nowhere}/llamado.db")
    listed = llamado("project", "list")

    assert (imported.code, listed.code) == (1, 1)
    assert imported.err == f"{nowhere} cannot be used: Not a directory\n"
    assert listed.err == f"{nowhere} cannot be used: Not a directory\n"


@pytest.mark.parametrize(
    ("arguments", "code", "wanted"),
    [
        (["--consent", " "], 1, "say how these people agreed"),
        ([], 2, "--consent"),
        (["--consent", "x", "--project-only"], 1, "say which project these people agreed to"),
        (["--consent", "x", "--language", "fr"], 2, "--language fr is not one of en, es"),
        (["--consent", "x", "--project", "nowhere"], 1, "there is no project named nowhere"),
        (["--consent", "x", "--column", "phone"], 2, "--column wants HEADING=FIELD"),
    ],
)
def test_an_import_says_what_it_needs(
    llamado: Llamado, tmp_path: Path, arguments: list[str], code: int, wanted: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="utf-8")

    said = llamado("contacts", "import", file, *arguments)

    assert said.code == code
    assert wanted in said.err


def test_a_data_set_is_loaded_whole_or_not_at_all(llamado: Llamado, tmp_path: Path) -> None:
    loaded = llamado("representatives", "load", INVENTED, "--json").json

    assert loaded["members"] > 20
    assert "vacant: House TX-35" in llamado("representatives", "load", INVENTED).out
    assert "representatives.load" in llamado("audit", "list").out
    assert llamado("representatives", "load", tmp_path).code == 1


@pytest.mark.usefixtures("people")
def test_checking_an_alert_stores_nothing(llamado: Llamado) -> None:
    said = llamado("alert", "check", EXAMPLE, "--json")

    assert said.code == 0
    assert (said.json["ready"], said.json["people"], said.json["reached"]) == (True, 2, 2)
    assert llamado("alert", "status", 1).code == 1


@pytest.mark.usefixtures("people")
def test_a_check_shows_fates_cost_and_the_longest_text(llamado: Llamado) -> None:
    said = llamado("alert", "check", EXAMPLE)

    assert "2 people; 2 get 4 copies" in said.out
    assert "4 SMS segments (en 2, es 2), $0.04" in said.out
    assert "EJERCICIO (2007): Benita" in said.out
    assert "ready to launch" in said.out


def test_an_alert_nobody_would_get_is_not_launched(llamado: Llamado) -> None:
    checked = llamado("alert", "check", EXAMPLE)
    launched = llamado("alert", "launch", EXAMPLE, "--yes")

    assert (checked.code, launched.code) == (1, 1)
    assert "Nobody is in this audience" in checked.out
    assert "Nobody is in this audience" in launched.err


def test_a_bad_alert_file_tells_every_problem(llamado: Llamado, tmp_path: Path) -> None:
    bad, binary = tmp_path / "bad.toml", tmp_path / "binary.toml"
    bad.write_text(EXAMPLE.read_text("utf-8").replace("{{ link }}", "{{ lnik }}"))
    binary.write_bytes(b"\xff\xfe")

    said = llamado("alert", "check", bad)

    assert said.code == 1
    assert said.err.count("did you mean {{ link }}?") == 4
    assert "save it as UTF-8" in llamado("alert", "check", binary).err
    assert llamado("alert", "check", tmp_path / "gone.toml").code == 2


@pytest.mark.usefixtures("people")
def test_launching_without_a_service_says_that_nothing_leaves_yet(llamado: Llamado) -> None:
    said = llamado("alert", "launch", EXAMPLE, "--yes")

    assert said.code == 0
    assert "is launched" in said.out
    assert "no sender is running" in said.out


def test_a_program_has_to_say_yes(llamado: Llamado) -> None:
    said = llamado("alert", "launch", EXAMPLE, "--json")

    assert said.code == 2
    assert "say --yes" in said.err


@pytest.mark.usefixtures("people")
def test_the_number_has_to_be_typed() -> None:
    wrong = CliRunner().invoke(cli.app, ["alert", "launch", str(EXAMPLE)], input="3\n")
    words = CliRunner().invoke(cli.app, ["alert", "launch", str(EXAMPLE)], input="all\n")
    right = CliRunner().invoke(cli.app, ["alert", "launch", str(EXAMPLE)], input="2\n")

    assert wrong.exit_code == 1
    assert "you typed 3, but it would reach 2 people" in str(wrong.exception)
    assert "you typed all, but it would reach 2 people" in str(words.exception)
    assert right.exit_code == 0


@pytest.mark.usefixtures("people")
def test_an_alert_is_paused_resumed_and_stopped(llamado: Llamado) -> None:
    alert = llamado("alert", "launch", EXAMPLE, "--yes", "--json").json["alert"]

    assert llamado("alert", "resume", alert).code == 1
    assert "paused" in llamado("alert", "pause", alert).out
    assert llamado("alert", "status", alert, "--json").json["status"] == "paused"
    assert "sending goes on" in llamado("alert", "resume", alert).out
    assert "may cost $1,250" in llamado("alert", "budget", alert, "1250").out
    assert llamado("alert", "status", alert, "--json").json["budget_cents"] == 125_000
    assert "stopped; " in llamado("alert", "stop", alert).out
    said = llamado("alert", "undo", alert)
    assert said.code == 1
    assert "there is nothing to undo" in said.err


@pytest.mark.usefixtures("people")
def test_the_doctor_says_what_is_missing_and_what_is_good(llamado: Llamado) -> None:
    llamado("representatives", "load", INVENTED)

    said = llamado("doctor", "--json").json

    # The first of each subject: of the data on members more is told when a new Congress is near.
    lines = {line["subject"]: line for line in reversed(said)}
    assert lines["database"]["verdict"] == "good"
    assert lines["representatives"]["verdict"] == "good"
    assert lines["texts"]["sentence"].startswith("stay in the outbox")
    assert lines["postal address"]["verdict"] == "think"
    assert (
        lines["organizers"]["sentence"] == "nobody can sign in yet; run: llamado organizer create"
    )
    assert "senders: none is running" in llamado("doctor").out


def test_the_doctor_tells_the_rest_where_the_database_cannot_be_reached(
    llamado: Llamado, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMADO_DATABASE__URL", "postgresql://nobody@127.0.0.1:1/none")

    said = llamado("doctor", "--json")

    lines = {line["subject"]: line for line in said.json}
    assert said.code == 1
    assert lines["database"]["verdict"] == "bad"
    assert lines["database"]["sentence"].startswith("the database cannot be opened")
    assert lines["texts"]["verdict"] == "think"


def test_the_doctor_finds_no_database_before_the_first_start(
    llamado: Llamado, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMADO_DATABASE__URL", f"sqlite:///{tmp_path}/new.db")

    said = llamado("doctor")

    assert said.code == 0
    assert "there is none yet" in said.out
    assert not (tmp_path / "new.db").exists()


@pytest.mark.usefixtures("people")
@pytest.mark.long
def test_a_command_launches_and_the_service_beside_it_sends(llamado: Llamado) -> None:
    with served():
        launched = llamado("alert", "launch", EXAMPLE, "--yes", "--json").json
        watched = llamado("alert", "status", launched["alert"], "--watch")
        status = llamado("alert", "status", launched["alert"], "--json").json
        lines = llamado("alert", "status", launched["alert"], "--json", "--watch").out.splitlines()

    assert launched["senders"] == 1
    assert "✓ balanced: 4 eligible = 4 accounted for" in watched.out
    assert (status["status"], status["equation"]["sent"]) == ("finished", 4)
    assert [json.loads(line) for line in lines] == [status]


@contextmanager
def served() -> Iterator[None]:
    """A service in a process of its own, ended as a deploy ends it."""
    service = subprocess.Popen(
        [sys.executable, str(HOUSE / "cli.py"), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert service.stderr is not None
    try:
        assert "listening on http://127.0.0.1:" in service.stderr.readline()
        yield
    finally:
        service.send_signal(signal.SIGTERM)
        _, rest = service.communicate(timeout=30)
    assert (service.returncode, rest) == (0, "")


def test_lock_and_unlock_say_what_they_did(llamado: Llamado) -> None:
    assert "everything is locked" in llamado("lock", "--reason", "a phone is gone").out
    assert llamado("lock").code == 1
    assert "unlocked" in llamado("unlock").out
    again = llamado("unlock")
    assert (again.code, again.err.strip()) == (1, "Nothing is locked.")
    acts = [json.loads(line)["act"] for line in llamado("audit", "list", "--json").out.splitlines()]
    assert acts[:2] == ["lock.end", "lock.begin"]


def test_person_is_taken_out_by_phone_and_erased_by_email(llamado: Llamado, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(LIST)
    llamado("contacts", "import", str(people), "--consent", "at the fair")
    page, data = tmp_path / "amina.html", tmp_path / "amina.json"

    taken = llamado(
        "contacts", "export-person", "608-555-0101", "--json", str(data), "--html", str(page)
    )
    assert taken.code == 0, taken.err
    held = json.loads(data.read_text())
    assert held["person"]["given_name"] == "Amina"
    assert held["imports"][0]["consent"] == "at the fair"
    assert "amina@example.org" in page.read_text()
    assert oct(data.stat().st_mode)[-3:] == "600"

    erased = llamado("contacts", "erase", "Amina@example.org", "--yes")
    assert erased.code == 0, erased.err
    assert "erased: 2 addresses" in erased.out
    missing = llamado("contacts", "export-person", "amina@example.org")
    assert (missing.code, missing.err.strip()) == (1, "Nobody here has this phone or email.")

    back = llamado("contacts", "import", str(people), "--consent", "at the fair")
    assert "1 rows about people who asked to be erased, left out" in " ".join(back.out.split())
    assert "asked to be erased on" in back.out


def test_retention_shows_what_would_go_and_then_lets_it_go(llamado: Llamado) -> None:
    llamado("project", "add", "Madison – Arcatao")

    foreseen = llamado("retention", "--dry-run")
    assert "nothing was changed" in foreseen.out
    assert llamado("retention", "--json").json["reply_bodies"] == 0
    assert "no trace" in llamado("scrub").out
