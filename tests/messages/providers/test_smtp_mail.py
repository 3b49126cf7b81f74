"""The bytes of an email, read back by the library that did not write them."""

from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messages.providers.provider import EmailWords, Route
from messages.providers.smtp_mail import write
from tests.fakes.outgoing import make_email

LINE_ENDS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def read(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@given(TEXTS, TEXTS)
@example(".\n..\nFrom us\n--=_m7\n=3D" + "ñ" * 200, "a" * 2_000)
@example(" \n \t\nx ", "Señora, ¿llamó? " * 40)
def test_what_was_written_is_read(text: str, value: str) -> None:
    words = EmailWords(("", "v", ""), (text, "v", ""), ("<p>", "v", "</p>"))
    message = read(write(make_email(7, words=words, values={"v": value})).content)

    assert body(message, "plain").rstrip("\n") == LINE_ENDS.sub("\n", text + value).rstrip("\n")
    assert message.get_body(("html",)) is not None


@given(TEXTS)
@example("Llame hoy: " + "catorce detenidos en Suchitoto, " * 10)
@example("x" * 1_500)
def test_a_subject_says_what_it_says_and_starts_no_header(subject: str) -> None:
    words = EmailWords((subject,), ("x",), ("",))
    content = write(make_email(7, words=words)).content

    head = content.partition(b"\r\n\r\n")[0]
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    read_back = str(read(content)["Subject"]).split()
    said = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", subject).split()
    if subject.isprintable():
        assert "".join(read_back) == "".join(said)


def test_headers_are_folded_where_they_may_be() -> None:
    thread = " ".join(f"<{'x' * 60}{number}@mail.example.com>" for number in range(20))
    route = Route(
        "m7", in_reply_to="<1@mx>", references=thread, leave="mailto:" + "u" * 80 + "@x.org"
    )
    content = write(make_email(7, route=route)).content

    assert max(map(len, content.split(b"\r\n"))) < 200
    message = read(content)
    assert str(message["References"]).split() == thread.split()
    assert str(message["List-Unsubscribe"]).endswith("@x.org>")


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("alerts@example.org", "alerts@example.org"),
        ("Sister Cities <a@example.org>", "Sister Cities <a@example.org>"),
        ('"Ruiz, Ana" <a@example.org>', '"Ruiz, Ana" <a@example.org>'),
        ("Ciudades Hermanas ñ <a@example.org>", "Ciudades Hermanas ñ <a@example.org>"),
    ],
)
def test_a_sender_is_shown_as_it_is_set(sender: str, shown: str) -> None:
    assert str(read(write(make_email(sender=sender)).content)["From"]) == shown


def test_no_byte_of_it_is_outside_ascii() -> None:
    words = EmailWords(("Ñandú",), ("¿Señora?",), ("<p>¡Sí!</p>",))

    assert write(make_email(words=words)).content.isascii()
