"""Emails as Inbound Parse passes them on, taken apart or whole."""

from __future__ import annotations

import json

import pytest

from messages.providers.inbound_parse import read_inbound_parse
from messages.providers.mail_reading import UnreadableMail
from messages.providers.provider import Inbound, Letter


def make_mail(**changes: bytes | str) -> dict[str, bytes | str]:
    return {
        "headers": b"Message-ID: <abc@mail.example.org>\nSubject: Re: Call\n",
        "from": "Ana Ruiz <ana@example.org>",
        "to": "reply+x1@alerts.example.org",
        "subject": "Re: Call",
        "text": b"1\n",
        "envelope": '{"to":["reply+x1@alerts.example.org"],"from":"Ana@Example.org"}',
        "charsets": '{"text":"utf-8","subject":"UTF-8"}',
        **changes,
    }


def read(fields: dict[str, bytes | str]) -> Inbound:
    """What a person sent us."""
    mail = read_inbound_parse(fields)
    assert not mail.automatic
    return mail.inbound(about=None)


def test_a_mail_is_read() -> None:
    inbound = read(make_mail())

    assert (inbound.channel, inbound.address, inbound.body) == ("email", "ana@example.org", "1")
    assert inbound.recipient == "reply+x1@alerts.example.org"
    assert inbound.letter == Letter("<abc@mail.example.org>", [], "Re: Call", [])
    assert inbound.handled == ""


@pytest.mark.parametrize(
    ("charset", "text"),
    [("iso-8859-1", "Llamé, señora"), ("windows-1252", "Llamé “hoy”"), ("utf-16", "ñ")],
)
def test_each_field_has_a_character_set_of_its_own(charset: str, text: str) -> None:
    mail = make_mail(text=text.encode(charset), charsets=json.dumps({"text": charset}))

    inbound = read(mail)

    assert inbound.body == text


@pytest.mark.parametrize(
    "charsets", ["", "nonsense", "[]", '{"text":"no-such-set"}', '{"text":"a\\u0000b"}']
)
def test_bytes_nobody_can_read_are_kept_as_far_as_possible(charsets: str) -> None:
    inbound = read(make_mail(text=b"stop \xff", charsets=charsets))

    assert inbound.body == "stop \ufffd"


@pytest.mark.parametrize(
    "quoted",
    [
        "\n\nOn Mon, Nov 23, 2026 at 9:00 AM Sister Cities <a@b.org> wrote:\n> Call",
        "\n\nOn Mon, Nov 23, 2026 at 9:00 AM Sister Cities\n<a@b.org> wrote:\n> Call",
        "\n\nEl lun, 23 nov 2026 a las 9:00, Ciudades (<a@b.org>) escribió:\n> Llame",
        "\r\n\r\n-----Original Message-----\r\nFrom: x",
        "\n\n________________________________\nFrom: Sister <a@b.org>",
        "\n> Call",
        "\n\nSent from my iPhone",
        "\n\nEnviado desde mi iPhone",
        "\n-- \nAna Ruiz\nMadison",
    ],
)
def test_only_a_persons_own_words_count(quoted: str) -> None:
    inbound = read(make_mail(text="STOP" + quoted))

    assert inbound.body == "STOP"


def test_a_mail_of_html_alone_is_read_as_a_person_would() -> None:
    html = "<style>p{}</style><p>ALTO</p><br><blockquote>Llame &amp; diga</blockquote>"

    inbound = read(make_mail(text="", html=html))

    assert inbound.body == "ALTO"


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": "Auto-Submitted: auto-replied\n"},
        {"headers": "auto-submitted: AUTO-GENERATED; x\n"},
        {"headers": "Precedence: bulk\n"},
        {"headers": "X-Autoreply: yes\n"},
        {"envelope": '{"to":["a@b.org"],"from":""}'},
    ],
)
def test_a_machine_does_not_reply(changes: dict[str, bytes | str]) -> None:
    assert read_inbound_parse(make_mail(**changes)).automatic


def test_a_mail_that_says_it_is_no_auto_reply_is_read() -> None:
    assert read(make_mail(headers="Auto-Submitted: no\n")).body == "1"


def test_a_mail_that_says_it_all_in_its_subject_is_read() -> None:
    inbound = read(make_mail(subject="Unsubscribe", text="", html=""))

    assert inbound.body == "Unsubscribe"


def test_without_an_envelope_the_header_names_the_sender() -> None:
    inbound = read(make_mail(envelope="", headers=""))

    assert inbound.address == "ana@example.org"
    assert len(inbound.key) == 40


def test_a_mail_from_nobody_is_named_as_such() -> None:
    with pytest.raises(UnreadableMail, match="names no sender"):
        read_inbound_parse({"text": "1"})


def test_attachments_are_named_and_not_kept() -> None:
    about = {"attachment1": {"filename": "señal.jpg", "type": "image/jpeg"}, "attachment2": 7}

    inbound = read(make_mail(**{"attachment-info": json.dumps(about)}))

    assert inbound.letter is not None
    assert inbound.letter.attachments == ["señal.jpg"]


def test_a_whole_message_is_read_as_from_anywhere() -> None:
    raw = (
        "From: Ana <ana@example.org>\r\nTo: mail+r1@in.example.org\r\nSubject: =?utf-8?q?Llam=C3=A9?=\r\n"
        "Message-ID: <a@mx>\r\nReferences: <m1@us>\r\nIn-Reply-To: <m2@us>\r\n\r\nS\u00ed.\r\n> Llame\r\n"
    )
    envelope = '{"to":["mail+r2@in.example.org"],"from":"ana@example.org"}'

    mail = read_inbound_parse({"email": raw.encode(), "envelope": envelope})

    assert mail.text == "Sí."
    assert mail.recipients == ["mail+r2@in.example.org", "mail+r1@in.example.org"]
    assert (mail.subject, mail.thread) == ("Llamé", ["<m1@us>", "<m2@us>"])
