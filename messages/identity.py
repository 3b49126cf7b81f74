"""Who sends from this installation, and what stands at the head and the foot of its emails."""

from __future__ import annotations

from dataclasses import dataclass, field

from messages import links
from messages.email_page import Letterhead
from messages.looks import Look
from messages.mail_addresses import NO_MAILBOX, OwnMailbox


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends, and where its pages are."""

    network: str
    postal_address: str
    public_url: str
    secret: str = field(repr=False)  # signs the tokens in our addresses
    sms_sender: str = ""  # where neither message nor project names one
    email_sender: str = ""
    mailbox: OwnMailbox = NO_MAILBOX  # where mail about our emails comes back to


def letterhead(identity: Identity, look: Look, message_id: int = 0) -> Letterhead:
    """Who writes, and how it looks; a message that is not stored yet (0) can be read nowhere else."""
    url = identity.public_url
    return Letterhead(
        network=identity.network,
        postal_address=identity.postal_address,
        public_url=url,
        project=look.project,
        accent=look.accent,
        logo=look.logo,
        view_url=links.email_url(url, identity.secret, message_id) if message_id else "",
    )
