"""The files that a data set is read from: a folder of them, or one compact archive; and where they came from.

A snapshot archive is a ``.tar.xz`` with our four tables and ``provenance.json``, which tells of the files
they were made from: some 130 KB for the whole country.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from representatives.snapshot import Source
from representatives.tables import BadDataset

OWN = ("members", "offices", "seats", "zips")
LEGISLATORS = "legislators-current.json"
DISTRICT_OFFICES = "legislators-district-offices.json"
COMMITTEES = "committee-membership-current.json"
RELATIONS = "tab20_cd…_zcta520_natl.txt"
ATTRIBUTION = "attribution.txt"
PROVENANCE = "provenance.json"
ARCHIVE = ".tar.xz"
LARGEST = 40_000_000  # bytes of a file; the largest published one has six million

_RELATIONS = re.compile(r"tab20_cd[0-9]{5}_zcta520_natl\.txt")
_OWN = re.compile(r"(members|offices|seats|zips)\.csv(?:\.xz)?")
_LICENCES = {
    LEGISLATORS: "CC0 1.0",
    DISTRICT_OFFICES: "CC0 1.0",
    COMMITTEES: "CC0 1.0",
    RELATIONS: "US Government work, public domain",
}


@dataclass(frozen=True)
class File:
    """A file with what is in it."""

    name: str
    data: bytes
    origin: str
    dated: date | None = None

    @cached_property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


def files_in(place: Path) -> list[File]:
    """The files of a data set in a folder, or in a snapshot archive. Raises BadDataset."""
    if place.is_dir():
        inside = [each for each in sorted(place.iterdir()) if kind_of(each.name)]
        if not inside:
            raise BadDataset([f"{place} holds none of the files of a data set"])
        return [_file(each) for each in inside]
    if not place.is_file():
        raise BadDataset([f"{place} is neither a folder nor a file"])
    own = _file(place)
    return unpacked(own) if place.name.endswith(ARCHIVE) else [own]


def kind_of(name: str) -> str:
    """What a file of this name is; "" for one that is of no data set."""
    if name in (LEGISLATORS, DISTRICT_OFFICES, COMMITTEES, ATTRIBUTION, PROVENANCE):
        return name
    if _RELATIONS.fullmatch(name):
        return RELATIONS
    own = _OWN.fullmatch(name)
    return own[1] if own else ""


def by_kind(files: Iterable[File]) -> dict[str, File]:
    """Files by what they are. Raises BadDataset for two of a kind, and for one that is of none."""
    found: dict[str, File] = {}
    for file in files:
        kind = kind_of(file.name)
        if not kind:
            raise BadDataset([f"{file.name} is no file of a data set; {_WELCOME}"])
        if kind in found:
            raise BadDataset([f"{found[kind].name} and {file.name} are the same; give one of them"])
        found[kind] = file
    return found


_WELCOME = f"welcome are {LEGISLATORS}, {DISTRICT_OFFICES}, {COMMITTEES}, the Census file and our own tables"


def provenance(files: Sequence[File]) -> list[Source]:
    """Where a data set came from: the files themselves, and what an archive says it was made from."""
    held = by_kind(files)
    stated = [_stated(each) for each in _manifest(held).get("sources", ())]
    told = (ATTRIBUTION, PROVENANCE, *(OWN if stated else ()))
    own = [
        Source(
            file.name,
            file.origin,
            len(file.data),
            file.sha256,
            file.dated,
            _LICENCES.get(kind, ""),
        )
        for kind, file in held.items()
        if kind not in told
    ]
    return [*stated, *own]


def stated_congress(held: Mapping[str, File]) -> int | None:
    """Whose lines the ZIPs follow, as an archive says."""
    said = _manifest(held).get("congress")
    return said if isinstance(said, int) else None


def unpacked(archive: File) -> list[File]:
    """The files in a snapshot archive. Raises BadDataset."""
    found = []
    try:
        with tarfile.open(fileobj=io.BytesIO(archive.data), mode="r:xz") as tar:
            for member in tar:
                held = tar.extractfile(member) if member.isfile() else None
                if held is None or not kind_of(member.name):
                    raise BadDataset(
                        [f"{archive.name} holds {member.name}, which is of no data set"]
                    )
                if member.size > LARGEST:
                    raise BadDataset([f"{member.name} in {archive.name} is larger than 40 MB"])
                found.append(File(member.name, held.read(), archive.origin, archive.dated))
    except (tarfile.TarError, EOFError, OSError, lzma.LZMAError) as error:
        raise BadDataset([f"{archive.name} is not a snapshot archive: {error}"]) from error
    return found


def packed(files: Mapping[str, bytes], sources: Sequence[Source], congress: int) -> bytes:
    """A snapshot archive: the same bytes whenever it is made of the same."""
    told = {"congress": congress, "sources": [_told(each) for each in sources]}
    whole = {**files, PROVENANCE: orjson.dumps(told, option=orjson.OPT_INDENT_2)}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(whole):
            member = tarfile.TarInfo(name)
            member.size = len(whole[name])
            tar.addfile(member, io.BytesIO(whole[name]))
    # A window as large as the data, and no larger: it costs ten times that in memory.
    window = 1 << max(16, (buffer.tell() - 1).bit_length())
    fitting = {"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": window}
    return lzma.compress(buffer.getvalue(), filters=[fitting])


def _file(path: Path) -> File:
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).date()
        # Our own tables are made from others, whose dates an archive tells.
        dated = changed if kind_of(path.name) in _LICENCES else None
        return File(path.name, path.read_bytes(), str(path), dated)
    except OSError as error:
        raise BadDataset([f"{path} cannot be read: {error.strerror}"]) from error


def _manifest(held: Mapping[str, File]) -> dict[str, Any]:
    if PROVENANCE not in held:
        return {}
    try:
        said = orjson.loads(held[PROVENANCE].data)
    except orjson.JSONDecodeError as error:
        raise BadDataset([f"{PROVENANCE} is not JSON: {error}"]) from error
    return said if isinstance(said, dict) else {}


def _told(source: Source) -> dict[str, Any]:
    return {**asdict(source), "dated": source.dated and source.dated.isoformat()}


def _stated(said: Any) -> Source:
    try:
        dated = said["dated"] and date.fromisoformat(said["dated"])
        return Source(
            name=str(said["name"]),
            origin=str(said["origin"]),
            size=int(said["size"]),
            sha256=str(said["sha256"]),
            dated=dated,
            licence=str(said["licence"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadDataset(
            [f"{PROVENANCE} does not tell of a source as it should: {error}"]
        ) from error
