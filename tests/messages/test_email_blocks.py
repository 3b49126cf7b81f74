"""What an email is made of: its blocks, what stands in their way, and the plain part of each."""

from __future__ import annotations

from datetime import UTC, datetime

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.email_blocks import events_of
from messages.email_page import Letterhead, lit
from messages.providers.provider import fill
from messages.rendering import BadTemplate, PersonValues, complete, email_words, values_for

PHOTO = "/i/0123456789abcdef0123456789abcdef.jpg"
LETTERHEAD = Letterhead(
    network="Sister Cities",
    postal_address="PO Box 1",
    public_url="https://red.example.org",
    project="Madison–Arcatao",
    logo=PHOTO,
    view_url="https://red.example.org/e/tok",
)
EVERYTHING = f"""# Fourteen people arrested

Dear {{{{ first_name }}}}, call **today**.

[Open my script]({{{{ link }}}})

::: facts
- Fourteen are held.
:::

![A banner: Water & life]({PHOTO})

::: quote Rosa, Suchitoto
They came at night.

We had our voices.
:::

::: event 2026-12-01 18:00 Lake Street Church
Bring a candle.
:::

::: call
:::
"""


def both(
    body: str, *, language: str = "en", letterhead: Letterhead = LETTERHEAD
) -> tuple[str, str]:
    email = email_words("Urgent", body, language=language, letterhead=letterhead)
    person = PersonValues(
        first_name="Amina",
        link="https://red.example.org/a/tok",
        unsubscribe="https://red.example.org/u/tok",
        preferences="https://red.example.org/me/tok",
    )
    values = complete(email, values_for(person))
    return fill(email.words.html, values, escape=True), fill(email.words.text, values)


def test_every_block_has_its_plain_words() -> None:
    _, text = both(EVERYTHING)

    assert text == (
        "Fourteen people arrested\n\nDear Amina, call today.\n\n"
        "Open my script <https://red.example.org/a/tok>\n\n"
        "--- What we know ---\n- Fourteen are held.\n---\n\n"
        "[Photo: A banner: Water & life]\n\n"
        "> They came at night.\n>\n> We had our voices.\n> — Rosa, Suchitoto\n\n"
        "Tuesday, December 1, 2026, 6:00\u202fPM\nLake Street Church\nBring a candle.\n"
        "Add it to your calendar: https://red.example.org/e/tok/en/1.ics\n\n"
        "Make my call <https://red.example.org/a/tok>\n\n"
        "-- \nYou get this email because you signed up with Sister Cities.\nSister Cities, PO Box 1\n"
        "View in browser: https://red.example.org/e/tok/en\n"
        "Unsubscribe: https://red.example.org/u/tok\n"
        "Change what you get: https://red.example.org/me/tok"
    )


def test_blocks_speak_the_language_of_the_email_under_either_name() -> None:
    _, text = both(
        "::: hechos\nCatorce.\n:::\n\n::: evento 2026-12-01 9:05 Parque\nVenga.\n:::\n\n::: llamada\n:::",
        language="es",
    )

    assert "--- Lo que sabemos ---\nCatorce." in text
    assert "martes, 1 de diciembre de 2026, 9:05\nParque\nVenga." in text
    assert "Hacer mi llamada <https://red.example.org/a/tok>" in text


@pytest.mark.parametrize(
    ("language", "line", "said"),
    [
        ("en", "zone: America/El_Salvador", "6:00\u202fPM (Central Standard Time)"),
        ("en", "Zone:America/Chicago", "6:00\u202fPM (Central Time)"),
        ("es", "zona: America/El_Salvador", "18:00 (hora estándar central)"),
    ],
)
def test_an_event_names_the_clock_that_it_means(language: str, line: str, said: str) -> None:
    event = f"::: event 2026-12-01 18:00 Park\n{line}\nBring *a candle*.\nAnd two.\n:::"
    page, text = both(event, language=language)

    assert f"{said}\nPark\nBring" in text
    assert said in page
    assert "<em>a candle</em>.\nAnd two." in page
    assert "zon" not in text.partition(said)[2].casefold()


def test_an_event_with_a_zone_is_an_instant_and_needs_no_more_words() -> None:
    zoned, plain = events_of(
        "::: event 2026-12-01 18:00 Park\nzone: America/Chicago\n:::\n\n"
        "::: event 2026-12-01 18:00 Park\nThe zone: unknown\n:::"
    )

    assert zoned.begins == datetime(2026, 12, 2, 0, tzinfo=UTC)
    assert zoned.tokens == []
    assert plain.begins == datetime(2026, 12, 1, 18)


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_the_page_is_valid_html(language: str) -> None:
    page, _ = both(EVERYTHING, language=language)
    parser = html5lib.HTMLParser(strict=True)

    parser.parse(page)

    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert ("text-align:right" in page) == (language == "ar")


def test_nothing_in_the_page_is_loaded_from_elsewhere() -> None:
    page, _ = both(EVERYTHING)

    loaded = [each for each in ("<link", "@import", "url(", "<script", "fonts.g") if each in page]
    assert loaded == []
    assert page.count("<img") == 2
    assert page.count(f'src="https://red.example.org{PHOTO}"') == 2
    assert 'alt="A banner: Water &amp; life"' in page


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hello\n\n::: fact\nx\n:::", "Line 3: there is no block “fact”; did you mean ::: facts?"),
        ("::: xyzzy\nx\n:::", "there are facts, quote, event and call."),
        ("Hello\n\n::: facts\nx\n\ny", "of line 3 is not closed"),
        ("::: facts\nx\n\n::: quote\ny\n:::", "The block of line 4 stands inside"),
        ("Hello\n:::", "Line 2 has ::: with no block before it to close"),
        ("::: quote Rosa\n:::", "of line 1 is empty"),
        (":::: facts\n::: quote\nx\n:::\n::::", "line 2 stands inside"),
        ("- one\n\n  ::: facts\n  x\n  :::", "line 3 stands inside a list"),
        ("::: event tomorrow\nx\n:::", "The event of line 1 needs its day, hour and place"),
        ("::: event 2026-02-30 18:00 Park\nx\n:::", "The event of line 1 needs its day"),
        ("::: event 2026-12-01 18:00 x\nzone: Mars\n:::", "no time zone of that name in line 2"),
        ("::: event 2026-12-01 18:00 x\nzone: {{ city }}\n:::", "no time zone of that name"),
        ("::: event 2026-12-01 18:00 x\nzone: ../etc\n:::", "no time zone of that name"),
        ("::: event 2026-12-01 18:00 x\nzone:\n:::", "no time zone of that name"),
        ("::: event {{ city }}\nx\n:::", "The event of line 1 needs its day"),
        ("::: call\nopen\n\n# it\n:::", "of line 1 takes only the words of its button"),
        (f"Hello\n\n![]({PHOTO})", "The photo in line 3 has no description"),
        ("Hello\n\n![x](https://a.org/i.png)", "The picture in line 3 is not one of ours"),
        ("![x](/i/short.jpg)", "The picture in line 1 is not one of ours"),
        (f"A ![x]({PHOTO}) b", "The photo near line 1 stands among words"),
        (f"::: facts\n![x]({PHOTO})\n:::", "stands among words"),
        (f"[![x]({PHOTO})](https://a.org)", "stands among words"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(body: str, said: str) -> None:
    with pytest.raises(BadTemplate) as told:
        both(body)

    assert said in str(told.value)


def test_a_button_takes_its_own_words() -> None:
    page, text = both("::: call\nOpen {{ first_name }}’s <b>script</b>\n:::")

    assert "Open Amina’s <b>script</b> <https://red.example.org/a/tok>" in text
    assert "Open Amina’s &lt;b&gt;script&lt;/b&gt;" in page


def test_what_everybody_may_read_has_no_persons_link() -> None:
    public = Letterhead("Sister Cities", "PO Box 1", public=True, view_url="https://x.org/e/tok")
    page, text = both("Hello.", letterhead=public)

    assert "/u/" not in page + text
    assert "/me/" not in page + text
    assert "/e/tok" not in page + text


def test_the_page_can_be_shown_by_light_or_dark_whatever_its_reader_prefers() -> None:
    page, _ = both("Hello, @media (prefers-color-scheme: dark).")

    assert "@media all {" in lit(page, dark=True)
    assert "@media not all {" in lit(page, dark=False)
    assert page.count("(prefers-color-scheme: dark) {") == 1


PIECES = [*"<>\"'&`*_[]()!#: \nab-", ":::", "facts\n", "\n:::\n", "{{ city }}", "script"]
MARKUP = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(MARKUP, st.text(alphabet="<>\"'&=/ scriptonx", max_size=30))
def test_no_text_and_no_value_becomes_markup(body: str, value: str) -> None:
    try:
        email = email_words("Urgent", f"x {body}", language="en", letterhead=LETTERHEAD)
    except BadTemplate:
        return

    pages = [
        fill(email.words.html, dict.fromkeys(email.words.html[1::2], each), escape=True)
        for each in ("Madison", value)
    ]
    trees = [html5lib.parse(page, treebuilder="dom", namespaceHTMLElements=False) for page in pages]
    shapes = [[node.tagName for node in tree.getElementsByTagName("*")] for tree in trees]
    assert shapes[0] == shapes[1]
    assert not {"script", "iframe", "object", "form", "input"} & set(shapes[0])
    for node in trees[1].getElementsByTagName("*"):
        assert not [name for name in node.attributes.keys() if name.startswith("on")]  # noqa: SIM118 - a NamedNodeMap
