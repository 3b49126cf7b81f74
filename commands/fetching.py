"""Fetch the published files of a data set: from the web, a folder, or one archive."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import aiohttp

from representatives.sources import ARCHIVE, LARGEST, File, files_in, kind_of, unpacked
from representatives.tables import BadDataset

TIMEOUT = aiohttp.ClientTimeout(total=120, sock_read=30)
SCHEMES = ("https://", "http://")
PIECE = 65_536  # bytes read at once


def fetch(sources: Sequence[str]) -> list[File]:
    """The files at these places, each a web address or a path; "" is left out. Raises BadDataset."""
    return asyncio.run(_fetch([each for each in sources if each]))


async def _fetch(sources: Sequence[str]) -> list[File]:
    found: list[File] = []
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        for source in sources:
            if source.startswith(SCHEMES):
                found += _opened(await _download(session, source))
            else:
                found += files_in(Path(source))
    return found


def _opened(file: File) -> list[File]:
    if file.name.endswith(ARCHIVE):
        return unpacked(file)
    if not kind_of(file.name):
        raise BadDataset([f"{file.origin} is no file of a data set, and no {ARCHIVE} archive"])
    return [file]


async def _download(session: aiohttp.ClientSession, url: str) -> File:
    try:
        async with session.get(url) as response:
            if response.status != 200:  # noqa: PLR2004 - the one answer that brings the file
                raise BadDataset([f"{url} answered {response.status}, not the file"])
            data = await _read(response, url)
            dated = _dated(response.headers.get("Last-Modified", ""))
    except (aiohttp.ClientError, TimeoutError) as error:
        told = str(error) or "no answer in time"
        raise BadDataset([f"{url} cannot be fetched: {told}"]) from error
    return File(PurePosixPath(urlsplit(url).path).name, data, url, dated)


async def _read(response: aiohttp.ClientResponse, url: str) -> bytes:
    data = bytearray()
    async for piece in response.content.iter_chunked(PIECE):
        data += piece
        if len(data) > LARGEST:
            raise BadDataset([f"{url} is larger than 40 MB; is it the right file?"])
    return bytes(data)


def _dated(said: str) -> date | None:
    try:
        return parsedate_to_datetime(said).date()
    except (TypeError, ValueError):
        return None
