"""The script of a call by text, to callers who have agreed to texts: once a day, whoever calls how often.

The words are the same for everybody, with "[your name]" for what is each one's own, so that nobody's name
or town stands in a message.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, select

from contacts.consent import standings
from contacts.models import NETWORK, Address, Channel, Membership, Standing, project_scope
from database.jobs import Jobs
from messages import call_offices
from messages.answers import answer
from messages.call_limits import VoiceRules
from messages.call_models import Call
from messages.call_words import SENTENCES

LONGEST = 420  # characters of a script: three or four segments


def text_script(
    conn: Connection,
    jobs: Jobs,
    call: Row[Call],
    *,
    rules: VoiceRules,
    slug: str,
    now: datetime,
) -> bool:
    """Send what to say; whether the caller has it by text, now or since earlier today."""
    if call.contact_id is None or call.phone is None:
        return False
    words = call_offices.written_script(conn, call.action_id, call.language)
    if not words or not may_text(conn, call.contact_id, call.phone):
        return False
    if len(words) > LONGEST:
        words = f"{words[:LONGEST].rsplit(' ', 1)[0]} …"
    spoken = call.language if call.language in SENTENCES else "en"
    url = f"{rules.public_url}/p/{slug}?lang={spoken}"
    answer(
        conn,
        jobs,
        purpose=f"script-{call.action_id}",
        channel=Channel.SMS,
        address=call.phone,
        contact_id=call.contact_id,
        language=spoken,
        words=SENTENCES[spoken]["text"].format(network=rules.network, words=words, url=url),
        now=now,
    )
    return True


def may_text(conn: Connection, contact_id: int, phone: str) -> bool:
    """Whether a contact's number has agreed to texts, and nothing stands against it."""
    mine = select(Membership.project_id).where(Membership.contact_id == contact_id)
    scopes = [NETWORK, *(project_scope(each) for each in conn.scalars(mine))]
    held = standings(conn, [(Channel.SMS.value, phone)], scopes=scopes).by_pair
    found = set(held.get((Channel.SMS.value, phone), {}).values())
    return found == {Standing.GRANTED}


def own_phone(conn: Connection, contact_id: int) -> str:
    """The number that somebody may have rung: their first, if it agrees to be texted; "" = none."""
    first = (Address.contact_id == contact_id, Address.channel == Channel.SMS, Address.rank == 0)
    phone = conn.scalar(select(Address.address).where(*first)) or ""
    return phone if phone and may_text(conn, contact_id, phone) else ""
