"""Files of every make are read; broken ones are refused with a sentence."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.reading import BadFile, read_layout, read_rows
from contacts.scanning import ImportOptions, Scan, scan

TEXT = "Nombre;Correo electrónico\nJosé Muñoz;jose@example.org\n"
EXAMPLES = Path(__file__).parents[2] / "contacts" / "examples"


def read(raw: bytes) -> list[list[str]]:
    return [cells for _line, cells in read_rows(raw, read_layout(raw))]


def scanned(text: str) -> Scan:
    return scan(text.encode(), options=ImportOptions(consent="signed"))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
)
def test_accents_survive_every_usual_encoding(encoding: str) -> None:
    assert read(TEXT.encode(encoding)) == [["José Muñoz", "jose@example.org"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(delimiter: str, end: str) -> None:
    lines = [["email", "first_name"], ["a@example.org", "Ana, Lima"]]
    quoted = end.join(delimiter.join(f'"{cell}"' for cell in line) for line in lines) + end

    assert read(quoted.encode()) == [["a@example.org", "Ana, Lima"]]


def test_excels_own_first_line_names_the_delimiter() -> None:
    assert read(b"sep=;\r\nemail;name\r\na@example.org;Ana\r\n") == [["a@example.org", "Ana"]]


def test_rows_know_their_line_though_cells_hold_line_ends() -> None:
    raw = b'email,name\n"a@example.org","Ana\nLima"\n\nb@example.org,Ben\n'

    assert [line for line, _cells in read_rows(raw, read_layout(raw))] == [3, 5]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"email\na@example.org\n\x00b@example.org\n", "line 3 holds a NUL"),
        (b"PK\x03\x04\x14\x00\x06\x00", "this is a spreadsheet itself"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is a spreadsheet itself"),
        (b"email\x1b[2J\na@example.org\n", "this is not a text file"),
        (b"email\n" + b"a" * 70_000 + b"\n", "line 2 is longer"),
        (b'email,name\na@example.org,"Ana\nb@example.org,Ben\n', "never closed"),
        (b'email,name\na@example.org,"Ana"x\n', "breaks off at line 2"),
        ("email\nañ".encode("utf-16-le") + b"\x00", "cannot be read as utf-16"),
    ],
)
def test_a_broken_file_is_refused_with_the_line(raw: bytes, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        read(raw)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"list\.csv cannot be opened"):
        read_layout(tmp_path / "list.csv")


def test_a_file_without_addresses_lists_its_headings() -> None:
    with pytest.raises(BadFile, match="headed email or phone; the headings are “name”, “age”"):
        scanned("name,age\nAna,7\n")


def test_two_columns_of_one_heading_are_refused() -> None:
    with pytest.raises(BadFile, match="2 columns are headed “Email”"):
        scanned("Email,email,name\na@example.org,b@example.org,Ana\n")


def test_headings_without_rows_are_refused() -> None:
    with pytest.raises(BadFile, match="no rows"):
        scanned("email,name\n\n")


def test_a_column_can_be_named_by_a_person() -> None:
    options = ImportOptions(consent="signed", columns={"Contacto": "phone", "email": ""})
    raw = b"Contacto,email\n608-555-0101,not read\n"

    (row,) = scan(raw, options=options).people()

    assert (row.phone, row.email) == ("+16085550101", "")


@pytest.mark.parametrize(
    ("columns", "told"),
    [({"Contact": "phone"}, "no column is headed"), ({"email": "e_mail"}, "did you mean email")],
)
def test_a_wrong_choice_of_columns_is_explained(columns: dict[str, str], told: str) -> None:
    with pytest.raises(BadFile, match=told):
        scan(b"email\na@example.org\n", options=ImportOptions(consent="x", columns=columns))


def test_a_second_phone_column_is_read_where_the_first_is_empty() -> None:
    text = "email,can2_phone,phone\na@example.org,,608-555-0101\n"

    (row,) = scanned(text).people()

    assert row.phone == "+16085550101"


def test_what_is_wrong_is_told_row_by_row() -> None:
    file = scanned(
        "email,phone,zip,language\n"
        "nonsense,,,\n"
        ",,53703,en\n"
        "a@example.org,123,9,klingon\n"
        "b@example.org,,,,,extra\n"
    )

    assert [(each.row, each.field) for each in file.refused] == [
        (2, "email"),
        (3, "email"),
        (5, ""),
    ]
    assert [(each.row, each.field) for each in file.left_out] == [
        (4, "zip"),
        (4, "language"),
        (4, "phone"),
    ]
    assert (file.rows, file.refused_rows, file.left_out_fields) == (4, 3, 3)


def test_an_eaten_zero_is_put_back_and_counted() -> None:
    file = scanned("email,zip\na@example.org,2139\nb@example.org,04401-1234\n")

    assert [row.zip for row in file.people()] == ["02139", "04401"]
    assert file.zips_mended == 1


def test_the_spanish_example_is_read_whole() -> None:
    file = scan(EXAMPLES / "simpatizantes.csv", options=ImportOptions(consent="firmaron"))

    maria, jose, elena = file.people()

    assert (maria.given_name, maria.phone, maria.zip) == ("María", "+13125550105", "60608")
    assert (maria.language, jose.language, elena.language) == ("es", "es", "en")
    assert (elena.tags, file.columns.ignored) == (("teléfonos",), ())


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_sentence(raw: bytes) -> None:
    try:
        file = scan(b"email,phone\n" + raw, options=ImportOptions(consent="x"))
    except BadFile:
        return

    assert file.rows == file.refused_rows + len(list(file.people()))


CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=8))
def test_any_cells_become_people_or_reasons(table: list[tuple[str, ...]]) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    text = "first_name,email,phone,zip\n" + "\n".join(quoted) + "\n"
    try:
        file = scanned(text)
    except BadFile:
        assert not any(any(row) for row in table)
        return

    for row in file.people():
        assert row.email or row.phone
        assert row.email == row.email.casefold().strip()


def quoted_lines(lines: int) -> bytes:
    """One row of a table that goes on for so many lines."""
    return b'email,phone\n"' + b'x\n","' * lines


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"email,phone\n" + b"x" * 50_000_000, "line 2 is longer than 65,536 characters"),
        (b"," * 1_000_000 + b"\na@example.org\n", "line 1 is longer than 65,536 characters"),
        (b"email" + b"," * 60_000 + b"\na@example.org\n", "60,001 columns, and we take 500"),
        (quoted_lines(200_000), "the row that goes on at line"),
        (b'"email' + b'\n","' * 200_000, "the row that goes on at line"),
        (b'email\n"' + b"a@example.org\n" * 20_000, "the table breaks off at line"),
        (b'email\n"a@example.org\n', "the table breaks off at line"),
        (b"email\na\0@example.org\n", "line 2 holds a NUL character"),
        ("email\na@example.org\n".encode("utf-16-le")[:-1], "line 2 cannot be read as utf-16"),
        (b"PK\x03\x04" + b"\0" * 1_000, "a spreadsheet itself"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 1_000, "a spreadsheet itself"),
        (b"%PDF-1.7\n\x01\x02", "no column is headed"),
    ],
)
def test_a_file_that_is_a_trap_is_refused_in_a_sentence(content: bytes, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        scan(content, options=ImportOptions(consent="signed"))


def test_a_cell_may_hold_lines_of_its_own() -> None:
    file = scanned('email,city\na@example.org,"Two\nlines"\n' + "b@example.org,One\n" * 30_000)

    assert file.rows == 30_001


def test_headings_that_come_twice_are_told() -> None:
    with pytest.raises(BadFile, match="3 columns are headed “email”"):
        scanned("email,Email,EMAIL\n,b@example.org,c@example.org\n")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"email,city\n" + b"a@example.org," + b"Madison\na@example.org," * 150_000)
    scan(b"email\na@example.org\n", options=ImportOptions(consent="signed"))
    tracemalloc.start()

    scan(path, options=ImportOptions(consent="signed"))

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < path.stat().st_size / 2
