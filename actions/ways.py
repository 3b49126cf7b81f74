"""How is an office written to? By email, by its own form, by fax or by post; pure."""

from __future__ import annotations

from dataclasses import dataclass

from actions.custom_targets import NamedOffice
from representatives.lookup import Official

# Mail to Congress goes by building; each chamber has one ZIP code for all of its offices.
HOUSE_ZIP, SENATE_ZIP = "20515", "20510"


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How an office can be written to; "" = not that way, or not known."""

    email: str = ""
    form: str = ""  # address of a member's own form, or of their site
    fax: str = ""  # E.164
    address: str = ""  # by post
    salutation: str = ""  # how a letter to it begins, if an organizer said so
    languages: tuple[str, ...] = ()  # that it reads, if somebody said so

    @property
    def any(self) -> bool:
        """Whether it can be written to at all."""
        return bool(self.email or self.form or self.fax or self.address)


NOWHERE = Ways()


def ways_of_member(member: Official) -> Ways:
    """A member's own form, or their site where no form is known; and their desk in Washington."""
    if member.vacant or member.unnamed:
        return NOWHERE
    zip_code = SENATE_ZIP if member.role == "senator" else HOUSE_ZIP
    return Ways(
        form=member.contact_form or member.url,
        address=f"{member.office}, Washington, DC {zip_code}" if member.office else "",
        languages=("en",),
    )


def ways_of_office(office: NamedOffice) -> Ways:
    """What organizers keep of an office outside Congress."""
    return Ways(
        email=office.email,
        fax=office.fax,
        address=office.address,
        salutation=office.salutation,
        languages=tuple(office.languages),
    )
