"""Only the signature that Twilio's own library makes is believed; nothing weaker beside it (case 41)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

import pytest
from twilio.request_validator import RequestValidator

from messages.providers.twilio import verify

TOKEN, URL = "t" * 32, "https://llamado.example.org/webhooks/twilio/status?d=1&a=1&k=x"
FORM = {"MessageSid": "SM1", "MessageStatus": "delivered"}
BODY = b'{"MessageSid": "SM1"}'


def signed(url: str = URL, form: Mapping[str, str] = FORM, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, dict(form)))


def by(algorithm: str) -> str:
    told = URL + "".join(f"{name}{FORM[name]}" for name in sorted(FORM))
    return base64.b64encode(hmac.new(TOKEN.encode(), told.encode(), algorithm).digest()).decode()


def test_the_librarys_own_is_believed() -> None:
    assert verify(URL, FORM, signed(), [TOKEN])
    assert verify(URL, FORM, signed(), ["", "o" * 32, TOKEN])


@pytest.mark.parametrize("algorithm", ["md5", "sha224", "sha256", "sha512"])
def test_another_algorithm_is_not(algorithm: str) -> None:
    assert not verify(URL, FORM, by(algorithm), [TOKEN])


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "none",
        "HMAC_SHA256=" + by("sha256"),
        base64.b64encode(hashlib.sha1(TOKEN.encode()).digest()).decode(),
        signed(token=""),
        signed(form={}),
        signed().rstrip("="),
        signed()[:-2],
        signed() + "x",
        "é" * 20,
    ],
)
def test_nor_is_anything_like_it(signature: str) -> None:
    assert not verify(URL, FORM, signature, [TOKEN])


def test_without_a_token_nothing_is() -> None:
    assert not verify(URL, FORM, signed(token=""), [])
    assert not verify(URL, FORM, signed(token=""), [""])


def test_a_hash_of_the_body_in_the_address_does_not_stand_for_the_fields() -> None:
    """Twilio signs JSON bodies by ``bodySHA256`` in the address; our hooks take forms alone."""
    digest = hashlib.sha256(BODY).hexdigest()
    url = f"{URL}&bodySHA256={digest}"

    assert not verify(url, FORM, signed(url, {}), [TOKEN])
    assert not verify(url, FORM, signed(), [TOKEN])
