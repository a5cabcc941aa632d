"""The fuels of each kind of source are energy types."""

import csv
from pathlib import Path

from factories.choices import SourceKind
from factories.fuels import FUELS

TYPES = Path(__file__).parents[2] / "energy" / "data" / "energy_types.csv"


def test_every_kind_of_source_lists_energy_types_and_every_fuel_burns_somewhere() -> None:
    with TYPES.open(encoding="utf-8") as file:
        carriers = {row["code"]: row["carrier"] for row in csv.DictReader(file)}

    assert set(FUELS) == {kind.value for kind in SourceKind}
    assert {code for codes in FUELS.values() for code in codes} == set(carriers)
    burned = {code for code, carrier in carriers.items() if carrier == "fuel"}
    assert set(FUELS[SourceKind.BOILER]) == burned
