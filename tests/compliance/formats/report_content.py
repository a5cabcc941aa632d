"""A realistic report without a database: a factory's 13 months, with a fire log of 9,480 hours."""

import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from compliance.formats import csv, json, pdf, xlsx
from compliance.reports.content import (
    BARS,
    ENTERED,
    FIGURE,
    FIRE_LOG,
    SHARES,
    Column,
    Content,
    Field,
    Section,
    Series,
    Table,
)

RENDER = {"pdf": pdf.render, "xlsx": xlsx.render, "csv": csv.render, "json": json.render}
FIRST_HOUR = datetime(2025, 11, 1)  # noqa: DTZ001 - local hours as a scheme states them
HOURS = 395 * 24
MONTHS = [f"{2025 + (10 + n) // 12}-{(10 + n) % 12 + 1:02}" for n in range(13)]
UNIT = "kg CO2e"
GASES = {"CO2": "24180.5", "CH4": "61240.25", "N2O": "40311.125"}


def make_content(*, hours: int = HOURS) -> Content:
    """Simulated, in English, a supplementary version."""
    return Content(
        scheme="ghg_protocol",
        scheme_version="1",
        language="en",
        title="Greenhouse gas inventory",
        statement=(
            "Voluntary. This report follows the GHG Protocol Corporate Standard. No law of Kenya asks for it as of "
            "November 2026; tea is not covered by the EU Carbon Border Adjustment Mechanism."
        ),
        place="Litein Tea Factory",
        period_start="2025-11-01",
        period_end="2026-11-30",
        gwp_set="AR5",
        method_version="12",
        inputs_sha256="5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
        total_emissions_kg="125731.875",
        target_met=None,
        is_simulated=True,
        sections=(_site(), _direct()),
        series=(_fire_log(hours), _months(), _sources()),
        factors=(_factor(12, "Firewood, CH4", "0.0300", "kg/GJ"), _factor(31, "Electricity", "0.0913", "kg CO2e/kWh")),
        evidence=({"name": "wood stack.jpg", "sha256": "ab" * 32, "bytes": 184_233, "where": "Firewood, 14 Nov 2026"},),
        changes=({"what": "Scope 1", "before": "9384.25", "after": "9391.5", "cause": "412 late readings"},),
    )


def _factor(pk: int, what: str, value: str, unit: str) -> dict[str, Any]:
    validity = {"source": "IPCC 2006, Volume 2, table 2.3", "valid_from": "2006-01-01", "version": 2}
    return {"id": pk, "what": what, "value": Decimal(value), "unit": unit, **validity}


def _site() -> Section:
    fields = (
        Field("A.name", "Legal name", "Litein Tea Factory Company Limited"),
        Field("A.licence", "Licence number", "0012345", origin=ENTERED),
        Field("A.water_m3", "Water drawn", None, "m3", ENTERED),
        Field("A.production_kg", "Made tea", "3412000", "kg", FIGURE, figure="production"),
        Field("A.stack_t", "Stack CO2", "812", "t", FIGURE, low="790", note="The sensor was at its end for 3 hours."),
    )
    return Section("A", "Operator and site", fields)


def _direct() -> Section:
    fields = [
        Field(
            f"E.{gas}_kg",
            f"{gas} of scope 1",
            kg,
            UNIT,
            FIGURE,
            f"{float(kg) * 0.9:.2f}",
            f"{float(kg) * 1.1:.2f}",
            gas,
        )
        for gas, kg in GASES.items()
    ]
    note = "Measured in 6,788 of 9,480 hours: coverage 71.6 %."
    sum_of = tuple(f.code for f in fields)
    scope1 = Field("E.scope1_kg", "Scope 1", "125731.875", UNIT, FIGURE, "113000", "138500.4", "scope1", sum_of, note)
    columns = (
        Column("month", "Month"),
        Column("stream", "Stream"),
        Column("amount", "Amount", "stere", is_number=True, is_summed=True),
        Column("co2", "CO2 from wood (biogenic, reported apart)", "kg", is_number=True, is_summed=True),
        Column("co2e", "CO2e that counts", "kg", is_number=True, is_summed=True),
        Column("basis", "Basis"),
    )
    rows: list[tuple[str | None, ...]] = [
        (month, "Firewood", str(1100 + 17 * n), f"{812_345 + n}.5", f"{9_300 + n * 7}.25", "measured")
        for n, month in enumerate(MONTHS[:-1])
    ]
    rows.append((MONTHS[-1], "Firewood", None, None, None, "no reading"))
    table = Table("E.months", "By month", columns, tuple(rows), tuple(f"month:{m}" for m in MONTHS))
    return Section("E", "Direct emissions: calculation", (*fields, scope1), (table,), "Operational control.")


def _fire_log(hours: int) -> Series:
    points = []
    for n in range(hours):
        moment = FIRST_HOUR + timedelta(hours=n)
        burns = moment.weekday() >= 2 or 6 <= moment.hour < 20
        kg = 240 + 160 * math.sin(n / 9) + 40 * math.sin(n / 411)
        status = "missing" if n % 1900 < 55 else "idle" if not burns else "substituted" if n % 700 < 40 else "measured"
        value = {"missing": None, "idle": "0"}.get(status, f"{kg:.3f}")
        points.append((f"{moment:%Y-%m-%dT%H:%M}", value, status))
    return Series("fire_log", "Fire log", "kg CO2/h", tuple(points), FIRE_LOG)


def _months() -> Series:
    points = []
    for n, month in enumerate(MONTHS[:-1]):
        points.append((month, str(95_000 + 9_000 * (n % 5)), "measured"))
        points.append((month, str(4_000 + 3_100 * (n % 3)), "substituted"))
        points += [(month, None, "missing")] if n % 4 == 1 else []
    points.append((MONTHS[-1], None, "missing"))
    return Series("months", "CO2 from the chimney by month", "kg", tuple(points), BARS)


def _sources() -> Series:
    shares = (
        ("Boiler, firewood", "101551.375"),
        ("Grid electricity", "18422"),
        ("Genset, diesel", "5900.5"),
        ("Lorries", "1210"),
    )
    return Series("sources", "Where CO2e comes from", "kg CO2e", tuple((*s, "calculated") for s in shares), SHARES)
