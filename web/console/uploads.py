"""A file of contacts on its way from the trial run to the import.

Nothing of it is stored before its organizer says so. In between, the file rides packed in the page
of the trial run, so any process of ours may answer the next request.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from contacts.headings import Columns
from contacts.reading import BadFile
from contacts.scanning import ImportOptions
from organizers.roles import Within
from web.keys import Site

LARGEST = 12 * 1024 * 1024  # bytes, unpacked: some 100,000 people
COLUMN = "column:"  # how the form names a heading's field


@dataclass(frozen=True)
class Upload:
    """A file and what was said about it."""

    content: bytes
    filename: str
    options: ImportOptions

    @property
    def packed(self) -> str:
        """The file as text for a form's hidden field."""
        return base64.b64encode(zlib.compress(self.content, 6)).decode("ascii")


def read_upload(
    form: Mapping[str, object],
    *,
    project_id: int | None,
    within: Within,
    site: Site,
    content: bytes | None = None,
) -> Upload:
    """The upload a form holds: its file, or the packed one of the trial run. Raises BadFile."""
    said = {name: str(value) for name, value in form.items() if isinstance(value, str)}
    if content is None:
        content = _unpacked(said.get("packed", ""))
    if not content:
        raise BadFile("choose a file; a spreadsheet can be saved as CSV")
    if len(content) > LARGEST:
        raise BadFile("the file is larger than 12 MB; split it, or use the command line")
    options = ImportOptions(
        consent=said.get("consent", ""),
        project_id=project_id,
        project_only=said.get("covers") == "project",
        columns={
            name.removeprefix(COLUMN): field
            for name, field in said.items()
            if name.startswith(COLUMN)
        },
        tags=tuple(tag.strip() for tag in said.get("tags", "").split(",") if tag.strip()),
        language=said.get("language", "en"),
        region=site.region,
        countries=site.countries,
        within=within,
    )
    return Upload(content, said.get("filename", "")[:120], options)


def mapped(columns: Columns) -> dict[int, str]:
    """Which field each column, by its place, is read as."""
    first = {place: name for name, place in columns.positions.items()}
    further = {place: first[main] for main, places in columns.spares.items() for place in places}
    return {**further, **first}


def _unpacked(packed: str) -> bytes:
    try:
        opener = zlib.decompressobj()
        return opener.decompress(base64.b64decode(packed, validate=True), LARGEST + 1)
    except (binascii.Error, zlib.error) as error:
        raise BadFile("the file got lost on the way; choose it again") from error
