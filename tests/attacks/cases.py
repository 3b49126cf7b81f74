"""The attacks, by number: what each tries, and where its proof is.

``A`` is run over HTTP against a running service (``outside.py``); ``S`` is held by tests of the suite,
named here; ``-`` waits for a part of the product that does not exist yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.attacks.stage import Stage

Attack = Callable[[Stage], str]  # tells the evidence; raises Open
ATTACKS: dict[int, Attack] = {}


@dataclass(frozen=True)
class Case:
    """One attack of the list."""

    number: int
    kind: str  # A, S or -
    title: str
    proofs: Sequence[str] = ()  # of S: tests; of -: what it waits for


def attack(number: int) -> Callable[[Attack], Attack]:
    """Say that a function is the attack of a number."""

    def keep(run: Attack) -> Attack:
        ATTACKS[number] = run
        return run

    return keep


MATRIX = "tests/web/console/test_matrix.py"
ERASING = "tests/messages/test_erasing.py"
SHARING = "tests/alerts/test_sharing.py"
APPROVAL = "tests/web/console/test_approval_pages.py"
HOSTILE = "tests/messages/test_hostile_texts.py"
CASES = [
    Case(1, "A", "guessing passwords, of one account and from one address"),
    Case(2, "A", "finding out who has an account"),
    Case(3, "A", "a reset link again, late, for another host"),
    Case(4, "A", "a session chosen by the attacker"),
    Case(5, "A", "cookies without their locks"),
    Case(6, "A", "an old session after sign-out, new password, lock-out, new role"),
    Case(7, "A", "a code again, and guessing codes"),
    Case(8, "A", "going around the second step"),
    Case(9, "A", "a written-down code again"),
    Case(10, "A", "an invitation again, and asking for more than it gives"),
    Case(11, "-", "API keys in addresses, at rest, out of scope", ["no API yet"]),
    Case(12, "S", "an admin of one committee at every object of another", [MATRIX]),
    Case(13, "A", "fields that no form has"),
    Case(14, "A", "a viewer launches"),
    Case(15, "A", "following another committee's alert"),
    Case(16, "A", "search, counts and errors that tell of others"),
    Case(17, "A", "the preview as somebody out of reach"),
    Case(
        18,
        "S",
        "the last admin, and making oneself more",
        ["tests/organizers/test_members.py::test_the_last_of_the_office_stays", MATRIX],
    ),
    Case(19, "A", "SQL in filters, search and numbers"),
    Case(20, "A", "scripts stored in every field"),
    Case(
        21,
        "S",
        "scripts in the body of an email",
        [f"{HOSTILE}::test_no_script_gets_into_an_email"],
    ),
    Case(
        22, "S", "programs in merge fields", [f"{HOSTILE}::test_a_program_is_refused_in_a_sentence"]
    ),
    Case(23, "S", "line ends and colours in logs", ["tests/attacks/test_logs.py"]),
    Case(
        24,
        "S",
        "headers inside headers of emails",
        [f"{HOSTILE}::test_no_header_begins_inside_another"],
    ),
    Case(25, "S", "formulas in every export", ["tests/contacts/test_spreadsheets.py"]),
    Case(26, "-", "lines in calendars and cards", ["no calendar or card is written yet"]),
    Case(27, "A", "pictures that are programs"),
    Case(
        28, "S", "texts that keep a reader busy", [f"{HOSTILE}::test_no_text_keeps_a_reader_busy"]
    ),
    Case(29, "S", "letters that deceive", [f"{HOSTILE}::test_a_name_is_what_people_see"]),
    Case(30, "A", "another site's forms, on every unsafe route"),
    Case(31, "A", "being led elsewhere"),
    Case(32, "A", "headers on every answer"),
    Case(33, "A", "other sites read our answers"),
    Case(34, "A", "a forged host or forwarded address"),
    Case(35, "A", "a personal page in a cache"),
    Case(36, "A", "paths out of the house"),
    Case(37, "A", "requests that can be read in two ways"),
    Case(38, "A", "methods that nobody uses"),
    Case(39, "A", "unsubscribing somebody by a look, or somebody else"),
    Case(40, "A", "Twilio's webhook, forged in every way"),
    Case(
        41,
        "S",
        "weaker signatures of Twilio's",
        ["tests/attacks/test_signatures.py"],
    ),
    Case(42, "A", "SendGrid's webhook, forged in every way"),
    Case(43, "A", "a forged STOP or START"),
    Case(44, "S", "fetching what a message points to", ["tests/attacks/test_fetching.py"]),
    Case(45, "A", "numbers that cost money"),
    Case(46, "A", "burying somebody in letters"),
    Case(47, "A", "floods of invented answers"),
    Case(48, "A", "launching twice"),
    Case(
        49,
        "S",
        "the audience changes between confirmation and launch",
        [
            "tests/alerts/test_launching.py::test_an_audience_that_changed_since_it_was_confirmed_stops_the_launch",
            f"{SHARING}::test_an_answer_between_confirmation_and_launch_asks_for_the_number_again",
        ],
    ),
    Case(
        50,
        "S",
        "texts at night by ZIP, zone, clock and changing hours",
        ["tests/messages/test_hours.py"],
    ),
    Case(51, "S", "a race for the last of a budget", ["tests/messages/test_budgets.py"]),
    Case(52, "A", "tables that are too large, or not what they say"),
    Case(53, "A", "spreadsheets that unpack without end"),
    Case(54, "S", "an import that brings people back who left", ["tests/contacts/test_imports.py"]),
    Case(
        55,
        "S",
        "half requests that stay",
        ["tests/web/test_patience.py::test_three_hundred_half_requests_do_not_stay"],
    ),
    Case(56, "A", "bodies that unpack without end"),
    Case(57, "A", "streams without number"),
    Case(58, "A", "searches that cost much"),
    Case(59, "A", "JSON a hundred thousand deep"),
    Case(60, "S", "being made to call addresses inside", ["tests/attacks/test_fetching.py"]),
    Case(61, "A", "secrets in logs, errors and pages"),
    Case(62, "A", "traces in error pages"),
    Case(63, "S", "packages known to be broken", ["tests/attacks/test_packages.py"]),
    Case(64, "S", "changing the record", ["tests/organizers/test_audit.py"]),
    Case(65, "S", "acts without a record", ["tests/web/console/test_record.py"]),
    Case(
        66,
        "S",
        "traces of somebody erased",
        [f"{ERASING}::test_neither_a_row_nor_a_byte_of_the_file_tells_of_an_erased_person"],
    ),
    Case(
        67,
        "S",
        "one person's data in another's export",
        [f"{ERASING}::test_nothing_of_a_housemate_is_told"],
    ),
    Case(68, "A", "launching by one's own approval, or alone without a reason"),
    Case(
        69,
        "S",
        "the link or the code of an approval, again, late, of another, for something else",
        [
            "tests/alerts/test_approval_asks.py::test_another_organizers_code_does_not_count",
            "tests/alerts/test_approval_asks.py::test_guessing_codes_ends_after_five",
            f"{APPROVAL}::test_a_link_approves_by_a_button_and_once",
            f"{APPROVAL}::test_a_link_that_is_over_opens_nothing",
            f"{APPROVAL}::test_a_link_is_no_session",
            "tests/campaigns/test_approval_asks.py::test_a_link_lasts_until_the_date_and_ends_with_the_answer",
        ],
    ),
    Case(
        70,
        "S",
        "a change between approval and launch",
        [
            "tests/alerts/test_approving.py::test_any_change_voids_what_was_approved",
            "tests/alerts/test_approval_races.py::test_whichever_comes_first_nothing_unapproved_leaves",
        ],
    ),
]
