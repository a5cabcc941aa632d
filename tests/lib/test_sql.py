"""Named SQL statements: found, without their comments, one a file, each saying who calls it."""

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
