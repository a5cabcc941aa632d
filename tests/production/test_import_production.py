"""A sheet of production: units, products, rounding to a gram, and the command."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from production.models import ProductionEntry
from tests.make import make_production, make_user

pytestmark = pytest.mark.django_db

ARGUMENTS = ("--factory", "Litein", "--time-column", "day", "--value-column", "made")


def run(folder: Path, text: str, *more: str, unit: str = "t", product: str = "Made tea") -> None:
    path = folder / "made.csv"
    path.write_text(text, encoding="utf-8")
    call_command("import_production", str(path), *ARGUMENTS, "--product", product, "--unit", unit, *more)


SHEET = "day;made\n20/11/2026;11,5\n21/11/2026;10,25\n22/11/2026;0\n"


def test_a_sheet_of_days_is_stored_in_kilograms_and_once(
    litein: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    user = make_user(email="clerk@test.example")
    run(tmp_path, SHEET, "--user", "clerk@test.example")
    run(tmp_path, SHEET, unit="Tonnes")

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("3 rows: 3 stored, 0 there before, 0 rejected; 21.75 t, 2026-11-20T03:00:00+00:00 to")
    assert second.startswith("3 rows: 0 stored, 3 there before, 0 rejected; 21.75 t")
    entries = ProductionEntry.objects.order_by("period_start")
    assert [(entry.product, entry.amount_kg, entry.unit) for entry in entries] == [
        ("made_tea", Decimal(kg), "t") for kg in (11_500, 10_250, 0)
    ]
    assert entries[0].period_start == datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert {(entry.recorded_by, entry.origin, entry.warnings) == (user, "import", []) for entry in entries} == {True}


def test_a_date_is_the_factory_day_that_it_is_by_hand(litein: Any, tmp_path: Path) -> None:
    by_hand = make_production(litein, product="green_leaf", timestamp=datetime(2026, 11, 20, 9, tzinfo=UTC))

    run(tmp_path, "day,made\n2026-11-20,5\n")

    imported = ProductionEntry.objects.get(product="made_tea")
    assert (imported.period_start, imported.period_end) == (by_hand.period_start, by_hand.period_end)


def test_times_may_be_starts_and_the_length_of_a_row_may_be_given(litein: Any, tmp_path: Path) -> None:
    run(tmp_path, "day,made\n2026-11-20 06:00,5\n", "--time-is", "start", "--interval-min", "480")

    imported = ProductionEntry.objects.get()
    assert imported.period_start == datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert imported.period_end == datetime(2026, 11, 20, 11, tzinfo=UTC)


def test_bad_rows_are_named_the_others_stored_and_a_gram_is_the_finest(
    litein: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "day,made\n2026-11-20,7.1234567\n2026-11-21,-3\n2026-11-22,10000000000\n2026-11-23,5\n"

    with pytest.raises(CommandError, match="2 of 4 rows were not taken"):
        run(tmp_path, text, unit="kg")

    said = capsys.readouterr().err
    assert "row 3, made='-3': amount=-3 kg is outside 0 to 10,000,000,000 kg" in said
    assert "row 4, made='10000000000'" in said
    assert "1 values were rounded to 0.001" in said
    assert [entry.amount_kg for entry in ProductionEntry.objects.order_by("pk")] == [Decimal("7.123"), 5]


@pytest.mark.parametrize(
    ("plan", "words"),
    [({"product": "coal"}, "use made_tea, green_leaf"), ({"unit": "stere"}, "unknown for production; use kg or t")],
)
def test_what_holds_for_no_row_ends_the_import(litein: Any, tmp_path: Path, plan: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(tmp_path, SHEET, **plan)

    assert ProductionEntry.objects.count() == 0
