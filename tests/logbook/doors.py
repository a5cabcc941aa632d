"""The two doors of the log, energy and production: what a test of both has to know of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Scope
from energy.api import CorrectionSerializer, NewEntrySerializer
from energy.models import EnergyEntry
from energy.services import EntryInput, energy_log
from energy.sheets import EnergySheet
from logbook.sheets.options import TimeIs
from production.api import NewProductionSerializer, ProductionCorrectionSerializer
from production.models import ProductionEntry
from production.services import ProductionInput, production_log
from production.sheets import ProductionSheet
from tests import make

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WHEN = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Door:
    """`of` says what an entry is an amount of, and `unit` in what."""

    name: str
    url: str
    log: Any
    model: Any
    make: Callable[..., Any]
    input_class: Any
    of: dict[str, str]
    other: dict[str, str]  # of something else
    unit: str
    scope: Scope
    new_class: Any
    correction_class: Any
    sheet_class: Any
    sheet: dict[str, Any]

    def __str__(self) -> str:
        return self.name

    def body(self, site: Any, **fields: Any) -> dict[str, Any]:
        return {
            "factory": site.pk,
            "timestamp": "2026-11-20T07:30:00+03:00",
            "amount": "24",
            "unit": self.unit,
            **self.of,
        } | fields

    def post(self, client: Client, data: Any, path: str = "", key: object = None) -> Any:
        headers = {"Idempotency-Key": str(key)} if key else {}
        return client.post(f"{self.url}{path}", data, content_type="application/json", headers=headers)

    def send(self, client: Client, method: str, entry: int, data: Any) -> Any:
        return getattr(client, method)(f"{self.url}{entry}/", data, content_type="application/json")


DOORS = [
    Door(
        name="energy",
        url="/api/energy-entries/",
        log=energy_log,
        model=EnergyEntry,
        make=make.make_energy_entry,
        input_class=EntryInput,
        of={"energy_type": "firewood"},
        other={"energy_type": "diesel", "unit": "L"},
        unit="stere",
        scope=Scope.WRITE_ENERGY,
        new_class=NewEntrySerializer,
        correction_class=CorrectionSerializer,
        sheet_class=EnergySheet,
        sheet={"energy_type": "electricity", "unit": "kWh", "time_is": TimeIs.END},
    ),
    Door(
        name="production",
        url="/api/production/",
        log=production_log,
        model=ProductionEntry,
        make=make.make_production,
        input_class=ProductionInput,
        of={"product": "made_tea"},
        other={"product": "green_leaf"},
        unit="kg",
        scope=Scope.WRITE_PRODUCTION,
        new_class=NewProductionSerializer,
        correction_class=ProductionCorrectionSerializer,
        sheet_class=ProductionSheet,
        sheet={"product": "Made tea", "unit": "kg", "time_is": TimeIs.END},
    ),
]
both_doors = pytest.mark.parametrize("door", DOORS, ids=str)


def problem_of(caught: Any) -> tuple[str, str, str]:
    """Field, code and message of the first problem."""
    field, problems = next(iter(caught.value.fields.items()))
    return field, problems[0]["code"], problems[0]["message"]


def codes(entry: Any) -> list[str]:
    return [notice["code"] for notice in entry.warnings]
