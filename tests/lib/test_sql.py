"""Named SQL statements: found, without their comments, one a file, each saying who calls it; rows by column name."""

from dataclasses import dataclass

import pytest

from lib import sql
from lib.environment import BASE_DIR

STATEMENTS = sorted(BASE_DIR.glob("*/sql/*.sql"))


def test_a_statement_is_loaded_without_its_comments() -> None:
    text = sql.load("mqtt_ingest", "lock_streams")

    assert text.startswith("SELECT ")
    assert "--" not in text


def test_a_missing_statement_is_named_with_its_path() -> None:
    with pytest.raises(sql.MissingStatementError, match=r"'nothing' of app 'mqtt_ingest'.*nothing\.sql"):
        sql.load("mqtt_ingest", "nothing")


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_each_file_holds_one_statement_and_says_what_for(path: object) -> None:
    text = path.read_text()  # type: ignore[attr-defined]

    assert text.startswith("-- ")
    statement = sql.load(path.parts[-3], path.stem)  # type: ignore[attr-defined]
    assert statement
    assert ";" not in statement


# --- Rows ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Site:
    number: int
    name: str
    note: str = "none"


def _read(statement: str) -> list[_Site]:
    return sql.fetch(statement, {"name": "Litein"}, _Site)


@pytest.mark.django_db
def test_rows_are_read_by_the_names_of_their_columns() -> None:
    in_order = _read("SELECT 7 AS number, %(name)s AS name")
    turned = _read("SELECT 'good' AS note, %(name)s AS name, 7 AS number")

    assert in_order == [_Site(7, "Litein")]
    assert turned == [_Site(7, "Litein", "good")]
    assert _read("SELECT 7 AS number, %(name)s AS name WHERE false") == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT 7 AS number, %(name)s AS nam", r"_Site .*no column name; no field, or a second one, for column nam\."),
        ("SELECT 7 AS number, %(name)s", r"no column name; .* for column \?column\?\."),
        ("SELECT 7 AS number, %(name)s AS name, 8 AS number", r"no column -; .* for column number\."),
        ("SELECT %(name)s AS name, 'a' AS note WHERE false", r"no column number; .* for column -\."),
    ],
)
def test_columns_that_are_not_the_fields_are_named(statement: str, words: str) -> None:
    with pytest.raises(sql.ColumnsError, match=words):
        _read(statement)
