"""A project's poster: one sheet in both languages with a code to scan, a keyword to text, and the terms.

The sheet is a PDF of a few kilobytes, written here: text in the fonts that every reader of PDF has
(ISO 32000-1, 9.6.2.2), and the code as squares, so that it prints sharp at any size. The code itself is
segno's.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import segno

SIZES = {"letter": (612.0, 792.0), "a4": (595.28, 841.89)}  # points
MARGIN = 54.0
PLAIN, BOLD = "F1", "F2"
# Helvetica's average width of a letter in our texts, in ems, rounded up: lines break early, never late.
EM = {PLAIN: 0.53, BOLD: 0.6}
INDIGO = "0.153 0.208 0.494"
INK = "0.106 0.122 0.180"


@dataclass(frozen=True)
class Poster:
    """What stands on it."""

    network: str
    project: str
    url: str
    keyword: str  # "" = none
    number: str  # that the keyword is texted to; "" = none
    terms: Sequence[str]  # the small print, in each language


def code(url: str, kind: str) -> bytes:
    """The code alone, as "png" or "svg", to put on a leaflet of one's own."""
    made, out = segno.make(url, error="m", micro=False), io.BytesIO()
    made.save(out, kind=kind, scale=16 if kind == "png" else 8, border=4)
    return out.getvalue()


def sheet(poster: Poster, size: str) -> bytes:
    """The whole poster as a PDF of one page; ``size`` is one of SIZES."""
    width, height = SIZES[size]
    pen = _Pen(width, height - MARGIN)
    pen.write(poster.network, 15, BOLD, INDIGO)
    pen.space(16)
    pen.write("Join us · Únase", 54, BOLD, INK)
    pen.space(4)
    pen.write(poster.project, 26, BOLD, INDIGO)
    pen.space(14)
    pen.write(
        "Five minutes on the phone can free somebody. We tell you when, and whom to call.", 14
    )
    pen.space(2)
    pen.write(
        "Cinco minutos al teléfono pueden liberar a alguien. Le avisamos cuándo y a quién llamar.",
        14,
    )
    pen.space(22)
    pen.code(poster.url, side=236)
    pen.space(14)
    pen.write("Scan, or open · Escanee, o abra", 13)
    pen.write(poster.url.partition("?")[0].removeprefix("https://"), 16, BOLD)
    if poster.keyword and poster.number:
        pen.space(10)
        pen.write("Or send a text · O envíe un mensaje", 13)
        pen.write(f"{poster.keyword}  >  {_spaced(poster.number)}", 20, BOLD, INDIGO)
    pen.foot([f"{each}" for each in poster.terms], 8)
    return _document(pen.drawn(), width, height)


class _Pen:
    """Draws from the top of a page down."""

    def __init__(self, width: float, y: float) -> None:
        self._width, self._y = width, y
        self._drawn: list[str] = []

    def write(self, text: str, size: float, font: str = PLAIN, colour: str = INK) -> None:
        """Lines of text, broken where they would leave the page."""
        for line in _lines(text, int((self._width - 2 * MARGIN) / (EM[font] * size))):
            self._y -= size * 1.22
            self._put(line, size, font, colour, self._y)

    def space(self, points: float) -> None:
        """Nothing, for so long."""
        self._y -= points

    def code(self, url: str, *, side: float) -> None:
        """The code, each of its rows as few rectangles as it has dark runs."""
        matrix = segno.make(url, error="m", micro=False).matrix
        square = side / len(matrix)
        self._drawn.append(f"{INK} rg")
        for index, row in enumerate(matrix):
            y = self._y - (index + 1) * square
            for start, length in _runs(row):
                x = MARGIN + start * square
                self._drawn.append(f"{x:.2f} {y:.2f} {length * square:.2f} {square:.2f} re")
        self._drawn.append("f")
        self._y -= side

    def foot(self, texts: Sequence[str], size: float) -> None:
        """Small print at the end of the page."""
        room = int((self._width - 2 * MARGIN) / (EM[PLAIN] * size))
        lines = [line for text in texts for line in [*_lines(text, room), ""]][:-1]
        for index, line in enumerate(reversed(lines)):
            self._put(line, size, PLAIN, INK, 36 + index * size * 1.25)

    def drawn(self) -> bytes:
        """The page's content; letters outside Western European ones are left out, as the fonts lack them."""
        return "\n".join(self._drawn).encode("cp1252", "replace")

    def _put(self, line: str, size: float, font: str, colour: str, y: float) -> None:
        escaped = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        self._drawn.append(
            f"BT {colour} rg /{font} {size} Tf {MARGIN} {y:.2f} Td ({escaped}) Tj ET"
        )


def _lines(text: str, room: int) -> list[str]:
    """Words joined to lines of at most ``room`` letters; a longer word stands alone, cut."""
    found, line = [], ""
    for word in text.split():
        pieces = [word[at : at + room] for at in range(0, len(word), room)]
        for piece in pieces:
            longer = f"{line} {piece}".strip()
            if line and len(longer) > room:
                found.append(line)
                longer = piece
            line = longer
    return [*found, line]


def _runs(row: Sequence[int]) -> list[tuple[int, int]]:
    """Where dark modules stand next to each other: start and length."""
    runs: list[tuple[int, int]] = []
    for index, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((index, 1))
    return runs


def _document(content: bytes, width: float, height: float) -> bytes:
    """A PDF of one page: its objects, and the table of where each begins."""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R"
            " /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>"
        ).encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    ]
    out, starts = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, each in enumerate(objects, 1):
        starts.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, each))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % start for start in starts)
    out.write(
        b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    )
    return out.getvalue()


def _spaced(number: str) -> str:
    """A number as people read it: (608) 555-0142."""
    if number.startswith("+1") and len(number) == len("+16085550142"):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number
