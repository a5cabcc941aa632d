"""Brings `data/*.csv` into the tables: types are updated, factors are added as new versions, nothing is overwritten.

Runs after every `migrate`, which leaves new versions of factors to `manage.py load_factors --yes`; one query when
nothing changed.
"""

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from energy.choices import FactorGas
from energy.models import EmissionFactor, EnergyType
from energy.wood import co2_value
from lib import sql

DATA = Path(__file__).parent / "data"
# The key of a row; a change of other columns makes the next version.
KEY = ("energy_type", "gas", "per_unit", "country", "set_name", "factor_type", "basis", "valid_from")
CONTENT = (
    "valid_to is_default gwp_set value unit kg_per_unit ncv_gj_per_t gj_per_unit gas_kg_per_tj inherent_kg_per_unit "
    "source publication confidence note"
).split()
TYPE_FIELDS = ("name", "aliases", "carrier", "unit_family", "default_unit", "scope", "is_biogenic", "is_wood")
_THOUSAND = Decimal(1000)
DataRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of a run: `unchanged` rows existed already."""

    types: int = 0
    added: int = 0
    new_versions: int = 0
    unchanged: int = 0
    held: int = 0  # new versions that wait for `load_factors --yes`


class BadFactorRowError(ValueError):
    """A row of a data file that cannot be read; the message names file, line, column and value."""


@transaction.atomic
def load(folder: Path = DATA, *, hold_versions: bool = False) -> Loaded:
    """Bring the tables up to date with the files. Idempotent; safe while another run loads (it locks the types'
    table). `hold_versions`: leaves out new versions of factors, whose effect somebody looks at first."""
    types = [_type_row(line, row) for line, row in _lines(folder / "energy_types.csv")]
    gwp_sets = {row["set_name"]: row["gwp_set"] for _line, row in _lines(folder / "co2e_sets.csv")}
    woods = {row["code"] for row in types if row["is_wood"]}
    factors = [_factor_row(line, row, gwp_sets, woods) for line, row in _lines(folder / "emission_factors.csv")]
    if not any(_changes(types, factors)):
        return Loaded(unchanged=len(factors))
    with connection.cursor() as cursor:
        cursor.execute(sql.load("energy", "lock_types"))
    changed_types, new = _changes(types, factors)
    held = [row for row in new if row["version"] > 1] if hold_versions else []
    new = [row for row in new if row not in held]
    EnergyType.objects.bulk_create(
        [EnergyType(**row) for row in changed_types],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=list(TYPE_FIELDS),
    )
    types_by_code = {row.code: row for row in EnergyType.objects.all()}
    EmissionFactor.objects.bulk_create(
        EmissionFactor(**{**row, "energy_type": types_by_code[row["energy_type"]]}) for row in new
    )
    versions = sum(row["version"] > 1 for row in new)
    unchanged = len(factors) - len(new) - len(held)
    return Loaded(len(changed_types), len(new) - versions, versions, unchanged, len(held))


def _changes(types: list[DataRow], factors: list[DataRow]) -> tuple[list[DataRow], list[DataRow]]:
    """Rows of types that the table has not so, and of factors with the version that each is going to be."""
    stored_types, newest = _stored()
    changed_types = [row for row in types if stored_types.get(row["code"]) != _content(row, TYPE_FIELDS)]
    new = []
    for row in factors:
        version, content = newest.get(_content(row, KEY), (0, None))
        if content != _content(row, CONTENT):
            new.append(row | {"version": version + 1})
    return changed_types, new


Newest = dict[tuple[Any, ...], tuple[int, tuple[Any, ...]]]


def _stored() -> tuple[dict[str, tuple[Any, ...]], Newest]:
    """Types by code, also those without factors, and the newest version of each factor by key; one query."""
    columns = (*KEY[1:], "version", *CONTENT, "organisation")
    names = ["code", *TYPE_FIELDS, *(f"factors__{name}" for name in columns)]
    types: dict[str, tuple[Any, ...]] = {}
    newest: Newest = {}
    for code, *rest in EnergyType.objects.order_by("factors__version").values_list(*names):
        of_type, of_factor = rest[: len(TYPE_FIELDS)], rest[len(TYPE_FIELDS) :]
        types[code] = tuple(of_type)
        if of_factor[0] is None or of_factor[-1] is not None:  # none yet, or an organisation's own
            continue
        key = (code, *of_factor[: len(KEY) - 1])
        version, *content = of_factor[len(KEY) - 1 : -1]
        newest[key] = (version, tuple(content))  # in order of version: the last one stays
    return types, newest


def _content(row: Mapping[str, Any], names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


# --- Reading the files -------------------------------------------------------------------------
def _lines(path: Path) -> Iterable[tuple[str, dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            yield f"{path.name} line {number}", row


def _type_row(line: str, row: dict[str, str]) -> DataRow:
    return {
        "code": row["code"],
        "name": row["name"],
        "aliases": [word for word in row["aliases"].split("|") if word],
        "carrier": row["carrier"],
        "unit_family": row["unit_family"],
        "default_unit": row["default_unit"],
        "scope": int(row["scope"]),
        "is_biogenic": row["is_biogenic"] == "1",
        "is_wood": row["is_wood"] == "1",
    }


def _factor_row(line: str, row: dict[str, str], gwp_sets: Mapping[str, str], woods: Collection[str]) -> DataRow:
    """A row as stored: `gj_per_unit` and `value` are computed if the file gives the chain; CO2 of wood by carbon."""
    if (is_sum := row["gas"] == FactorGas.CO2E) and row["set_name"] not in gwp_sets:
        raise BadFactorRowError(f"{line}: co2e_sets.csv does not say which GWP set {row['set_name']!r} uses; add it")
    numbers = {
        name: _number(line, name, row[name])
        for name in ("value", "kg_per_unit", "ncv_gj_per_t", "gj_per_unit", "gas_kg_per_tj")
    }
    inherent = _number(line, "inherent_kg_per_unit", row["inherent_kg_per_unit"]) or Decimal(0)
    kg_per_unit, ncv_gj_per_t = numbers["kg_per_unit"], numbers["ncv_gj_per_t"]
    if kg_per_unit is not None and ncv_gj_per_t is not None:
        numbers["gj_per_unit"] = kg_per_unit * ncv_gj_per_t / _THOUSAND
    gj_per_unit, gas_kg_per_tj = numbers["gj_per_unit"], numbers["gas_kg_per_tj"]
    if gj_per_unit is not None and gas_kg_per_tj is not None:
        numbers["value"] = gj_per_unit * gas_kg_per_tj / _THOUSAND + inherent
    if row["energy_type"] in woods and row["gas"] == FactorGas.CO2:
        if kg_per_unit is None or ncv_gj_per_t is None or gas_kg_per_tj is not None:
            raise BadFactorRowError(f"{line}: CO2 of wood needs kg_per_unit and ncv_gj_per_t, and no gas_kg_per_tj")
        numbers["value"] = co2_value(kg_per_unit, ncv_gj_per_t)
    if numbers["value"] is None:
        raise BadFactorRowError(
            f"{line}: value is empty; give it, or gas_kg_per_tj with gj_per_unit or kg_per_unit and ncv_gj_per_t"
        )
    texts = ("energy_type", "gas", "per_unit", "country", "set_name", "factor_type", "basis")
    return {
        **{name: row[name] for name in (*texts, "source", "publication", "confidence", "note")},
        **numbers,
        "inherent_kg_per_unit": inherent,
        "unit": f"kg {row['gas']}/{row['per_unit']}",
        "valid_from": date.fromisoformat(row["valid_from"]),
        "valid_to": date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        "is_default": row["is_default"] == "1",
        "gwp_set": gwp_sets[row["set_name"]] if is_sum else "",
    }


def _number(line: str, name: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise BadFactorRowError(f"{line}: {name}={text!r} is not a number of at least 0; check the row")
    return number
