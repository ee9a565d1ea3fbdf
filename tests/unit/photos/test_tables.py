"""Tables as programs write them: delimiters, encodings, headers, and files that are no tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.photos import tables
from ablation.running.errors import UserError

FILE = PurePosixPath("sub/t.csv")


def read(root: Path, content: bytes | str, name: str = "t.csv") -> tables.Table | None:
    (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return tables.read(root, PurePosixPath(name))


def cells(table: tables.Table | None) -> list[tuple[str, ...]]:
    assert table is not None
    return [table.columns, *(row.cells for row in table.rows)]


@pytest.mark.parametrize(
    ("content", "how"),
    [
        ("a,b\n1,ä\n", "commas"),
        ("a;b\n1;ä\n", "semicolons"),
        ("a\tb\n1\tä\n", "tabs"),
        ("a|b\n1|ä\n", "bars"),
        ("sep=;\na;b\n1;ä\n", "semicolons"),
        ('"sep=;"\r\na;b\r\n1;ä\r\n', "semicolons"),
        ("\ufeffsep=,\r\na,b\r\n1,ä", "commas"),
        ("\n\na,b\n\n1,ä\n,\n", "commas"),
        ("a,b\n".encode("utf-16") + "1,ä\n".encode("utf-16")[2:], "commas, UTF-16"),
        ("\ufeffa;b\n1;ä\n".encode("utf-16-be"), "semicolons, UTF-16"),
        ("a,b\n1,ä\n".encode("utf-16-le"), "commas, UTF-16"),
        ("a,b\n1,ä\n".encode("utf-16-be"), "commas, UTF-16"),
        ("a,b\n1,ä\n".encode("cp1252"), "commas, not UTF-8, read as Windows-1252 (as in 1,ä)"),
    ],
)
def test_the_same_table_in_many_forms(tmp_path: Path, content: bytes | str, how: str) -> None:
    found = read(tmp_path, content)
    assert cells(found) == [("a", "b"), ("1", "ä")]
    assert found is not None
    assert found.how == how


def test_the_delimiter_is_the_one_by_which_all_lines_are_alike(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "file;what, where\na.jpg;rose\nb, c.jpg;x, y, z\n")) == [
        ("file", "what, where"),
        ("a.jpg", "rose"),
        ("b, c.jpg", "x, y, z"),
    ]


def test_uneven_lines_keep_their_cells_and_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, 'sep=,\na,b\n1,2,3\n"x\ny",2\n7\n')
    assert cells(found) == [("a", "b"), ("1", "2", "3"), ("x\ny", "2"), ("7",)]
    assert found is not None
    assert [row.line for row in found.rows] == [3, 5, 6]
    assert found.rows[2].cell(1) == ""


def test_without_a_header_the_first_line_is_a_row(tmp_path: Path) -> None:
    found = read(tmp_path, "a.jpg,1\nb.jpg,2\n")
    assert found is not None
    bare = found.without_header()
    assert cells(bare) == [("1", "2"), ("a.jpg", "1"), ("b.jpg", "2")]
    assert [row.line for row in bare.rows] == [1, 2]
    assert bare.how == "commas, no header"


def test_text_files(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "images/1.jpg 3\nimages/2.jpg   4\n", "list.txt")) == [
        ("images/1.jpg", "3"),
        ("images/2.jpg", "4"),
    ]
    for no_table in (
        "",
        "\n \n",
        "One word, then others.\nAnd more\n",
        "MIT License\n\nCopyright (c) me\n",
        "x\ny\n",
    ):
        assert read(tmp_path, no_table, "readme.txt") is None
    assert read(tmp_path, "\ufeff\n") is None


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"a,b\n\x81,1\n", "nor Windows-1252: save it as UTF-8 CSV"),
        (b"\xff\xfea\0,\0b", "not UTF-8 text .truncated"),
        (b"a,b\n" + b"x" * 200_000 + b",1\n", "not a CSV file"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes, match: str) -> None:
    with pytest.raises(UserError, match=match) as caught:
        read(tmp_path, content)
    assert str(tmp_path / "t.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


# No control characters, and nothing that a reader strips.
CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Zs", "Cs")), max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(CELLS, min_size=width, max_size=width).map(lambda row: ["x" + row[0], *row[1:]]),
            min_size=1,
            max_size=5,
        )
    ),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_the_csv_module_writes_with_its_delimiter_named_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    delimiter: str,
    encoding: str,
    ending: str,
) -> None:
    text = io.StringIO(newline="")
    text.write(f"sep={delimiter}\n")
    csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerows(rows)
    found = read(tmp_path_factory.mktemp("tables"), text.getvalue().encode(encoding))
    assert cells(found) == [tuple(row) for row in rows]
