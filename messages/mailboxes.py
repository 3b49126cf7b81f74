"""Whose mailbox is it, and whose domain do we send from? Pure, but for the list of public suffixes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList
from sqlalchemy import ColumnElement, func

from database.handing import SQLITE
from messages.providers.headers import mailbox

GMAIL = ("gmail.com", "googlemail.com")  # those of companies (Google Workspace) cannot be told
# Domains that one provider receives for, and so slows down together.
_TOGETHER = (
    GMAIL,
    ("outlook.com", "hotmail.com", "live.com", "msn.com"),
    ("yahoo.com", "ymail.com", "rocketmail.com", "aol.com"),
    ("icloud.com", "me.com", "mac.com"),
)
_FIRST: Mapping[str, str] = {each: group[0] for group in _TOGETHER for each in group}


def domain_of(address: str) -> str:
    """What stands after the @, in lower case; "" where there is none."""
    return address.rpartition("@")[2].strip().lower() if "@" in address else ""


@lru_cache(maxsize=256)
def sender_domain(sender: str) -> str:
    """The domain of ``Name <address>``, "" where no sender is set."""
    return domain_of(mailbox(sender)[1])


def provider_of(domain: str) -> str:
    """The name under which a mailbox provider's domains are one: gmail.com for googlemail.com."""
    return _FIRST.get(domain, domain)


def domains_of(provider: str) -> tuple[str, ...]:
    """The other way round."""
    return next((group for group in _TOGETHER if group[0] == provider), (provider,))


def primary_domain(domain: str) -> str:
    """The registered domain that a name belongs to: example.org for news.example.org.

    By the public suffix list, as Gmail and RFC 7489 section 3.2 mean it.
    """
    return _suffixes().privatesuffix(domain) or domain


def domain_in(dialect: str, address: ColumnElement[str | None]) -> ColumnElement[str]:
    """``domain_of`` as SQL."""
    if dialect == SQLITE:
        return func.substr(address, func.instr(address, "@") + 1)
    return func.split_part(address, "@", 2)


@cache
def _suffixes() -> PublicSuffixList:
    """Read once it is asked for: that takes a fifth of a second."""
    return PublicSuffixList()
