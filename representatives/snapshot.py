"""A data set as it lies in its folder, in memory: what it holds, and what it may not lack."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from representatives.tables import Notes

# The classes of each state's two Senate seats: fixed since the state was admitted.
SENATE_CLASSES = {
    1: "AZ CA CT DE FL HI IN MA MD ME MI MN MO MS MT ND NE NJ NM NV NY OH PA RI TN TX UT VA VT WA WI"
    " WV WY",
    2: "AK AL AR CO DE GA IA ID IL KS KY LA MA ME MI MN MS MT NC NE NH NJ NM OK OR RI SC SD TN TX VA"
    " WV WY",
    3: "AK AL AR AZ CA CO CT FL GA HI IA ID IL IN KS KY LA MD MO NC ND NH NV NY OH OK OR PA SC SD UT"
    " VT WA WI",
}
STATES = frozenset(" ".join(SENATE_CLASSES.values()).split())
TERRITORIES = frozenset({"DC", "PR", "GU", "VI", "AS", "MP"})
HOUSE_SEATS = 435
# The House's seats by state since 2023, by the apportionment of 2020 (2 U.S.C. 2a): good until 2033.
_APPORTIONED = (
    "AL:7 AK:1 AZ:9 AR:4 CA:52 CO:8 CT:5 DE:1 FL:28 GA:14 HI:2 ID:2 IL:17 IN:9 IA:4 KS:4 KY:6 LA:6 ME:2"
    " MD:8 MA:9 MI:13 MN:8 MS:4 MO:8 MT:2 NE:3 NV:4 NH:2 NJ:12 NM:3 NY:26 NC:14 ND:1 OH:15 OK:5 OR:6"
    " PA:17 RI:2 SC:7 SD:1 TN:9 TX:38 UT:4 VT:1 VA:11 WA:10 WV:2 WI:8 WY:1"
)
SEATS_OF_HOUSE = {state: int(n) for state, n in (pair.split(":") for pair in _APPORTIONED.split())}
LEAST_WITH_PHONE = 0.98  # of the members; fewer means that the file's format has changed
LEAST_FILLED = 0.95  # of the whole country's seats; fewer means that the members file is cut short


@dataclass(frozen=True)
class SeatRow:
    """A seat; see ``representatives.models.Seat``."""

    id: str
    chamber: str
    state: str
    district: int | None
    senate_class: int | None
    voting: bool


@dataclass(frozen=True)
class MemberRow:
    """A member; see ``representatives.models.Member``."""

    bioguide: str
    name: str
    family_name: str
    party: str
    caucus: str
    phone: str | None
    office: str
    url: str
    contact_form: str
    committees: str


@dataclass(frozen=True)
class Term:
    """The seat somebody holds, and the term they were elected to."""

    bioguide: str
    started_on: date | None
    ends_on: date | None


@dataclass(frozen=True)
class OfficeRow:
    """A district office; see ``representatives.models.Office``."""

    bioguide: str
    city: str
    state: str
    zip: str
    phone: str | None
    address: str
    hours: str


@dataclass(frozen=True)
class ZipRow:
    """A ZIP with the districts it may lie in, likeliest first."""

    zip: str
    state: str
    zone: str
    near_zones: str
    kind: str
    districts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Source:
    """A file that a data set was read from."""

    name: str
    origin: str  # its web address, or the folder or archive it lay in
    size: int  # bytes
    sha256: str
    dated: date | None  # when it was published, where that is known
    licence: str


@dataclass
class Snapshot:
    """A whole data set, consistent in itself."""

    attribution: str = ""
    congress: int | None = None  # whose lines the ZIPs follow; None: the file does not say
    sources: Sequence[Source] = ()
    seats: dict[str, SeatRow] = field(default_factory=dict)
    members: dict[str, MemberRow] = field(default_factory=dict)
    holders: dict[str, Term] = field(default_factory=dict)  # by seat
    offices: list[OfficeRow] = field(default_factory=list)
    zips: dict[str, ZipRow] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)

    @property
    def sha256(self) -> str:
        """Stands for all the files together."""
        return hashlib.sha256("".join(each.sha256 for each in self.sources).encode()).hexdigest()

    @property
    def dated(self) -> date | None:
        """When the members' file was published, or the oldest of those that say so."""
        dates = [each.dated for each in self.sources if each.dated]
        own = [each.dated for each in self.sources if each.dated and "legislators" in each.name]
        return min(own or dates, default=None)

    @property
    def vacant(self) -> list[str]:
        """Seats that nobody holds."""
        return sorted(self.seats.keys() - self.holders.keys())

    @property
    def whole_country(self) -> bool:
        """Whether it means to cover all fifty states, so that nothing may be missing."""
        return {seat.state for seat in self.seats.values()} >= STATES


def missing(snapshot: Snapshot) -> Iterator[str]:
    """What the whole country's data may not lack."""
    chambers = Counter(seat.chamber for seat in snapshot.seats.values())
    if (chambers["house"], chambers["delegate"]) != (HOUSE_SEATS, len(TERRITORIES)):
        yield (
            f"seats.csv covers all fifty states with {chambers['house']} voting seats and "
            f"{chambers['delegate']} delegates; there are {HOUSE_SEATS} and {len(TERRITORIES)}"
        )
    filled, seats = len(snapshot.holders), len(snapshot.seats)
    if filled < seats * LEAST_FILLED:
        yield f"members.csv fills {filled} of {seats} seats; it seems to be cut short"
    with_phone = sum(member.phone is not None for member in snapshot.members.values())
    if with_phone < len(snapshot.members) * LEAST_WITH_PHONE:
        yield (
            f"only {with_phone} of {len(snapshot.members)} members have a phone in Washington of ten"
            " digits; has the file's format changed?"
        )
    served = {district for row in snapshot.zips.values() for district in row.districts}
    for seat in snapshot.seats.values():
        if seat.district is not None and (seat.state, seat.district) not in served:
            yield f"zips.csv has no ZIP in {seat.state}-{seat.district}"
