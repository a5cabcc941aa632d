"""Laws of the inventory, whatever is logged and measured: one basis, no lost CH4 or N2O, sums that a division keeps."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.inventory.build import lines_of_site
from compliance.inventory.inputs import ChimneyDay, DayMass, FuelRatio, InventoryInputs, LoggedUse
from compliance.inventory.lines import BIOGENIC_CO2, Basis, Line
from compliance.inventory.measured import burned_in, measured_co2
from compliance.models import BasisLock
from compliance.sources import Site, SiteSource
from science.interval import UncertainMass, total

FIRST, END = date(2026, 9, 20), date(2026, 11, 8)
ZONES = [ZoneInfo(name) for name in ("Africa/Nairobi", "Asia/Kolkata", "Europe/Berlin")]
MINUTE_US = 60_000_000
SOURCES = (
    SiteSource("boiler", 1, None, None, None, source_id=1, fuels=("firewood",)),
    SiteSource("boiler", 1, None, None, None, source_id=2, fuels=("diesel",)),
    SiteSource("direct_fired_dryer", 2, None, date(2026, 10, 10), None, source_id=3),
    SiteSource("genset", None, None, None, None, source_id=4),
)
KINDS = {source.source_id: source.kind for source in SOURCES}
RATIOS = {"firewood": FuelRatio(True, {"CH4_biogenic": Decimal("0.0002856"), "N2O": Decimal("0.0000381")}, (8, 9))}

kg = st.decimals(min_value=0, max_value=10**6, places=6)


@st.composite
def uses(draw: st.DrawFn, start_us: int) -> LoggedUse:
    begin = start_us + draw(st.integers(-30 * 1440, 50 * 1440)) * MINUTE_US
    length = draw(st.integers(1, 40 * 1440)) * MINUTE_US
    fuel: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"energy_type": "firewood", "carrier": "fuel", "is_biogenic": True, "co2_kg": Decimal(0)},
                {"energy_type": "diesel", "carrier": "fuel", "is_biogenic": False, "co2_kg": draw(kg)},
                {"energy_type": "electricity", "carrier": "grid", "is_biogenic": False, "co2_kg": None, "scope": 2},
                {"energy_type": "lpg", "carrier": "fuel", "is_biogenic": False, "co2_kg": None},
            ]
        )
    )
    is_sum = fuel["co2_kg"] is None
    source_id = draw(st.sampled_from([None, 1, 2, 3, 4])) if fuel["carrier"] == "fuel" else None
    values: dict[str, Any] = {
        "id": draw(st.integers(1, 10**6)),
        "factory_id": 1,
        "kind": "used",
        "start_us": begin,
        "end_us": begin + length,
        "source_id": source_id,
        "source_kind": KINDS.get(source_id or 0, ""),
        "scope": 1,
        "unit": "kg",
        "local_unit": None,
        "is_metered": False,
        "factor_amount": draw(kg),
        "per_unit": "kg",
        "energy_gj": draw(kg),
        "biogenic_co2_kg": draw(kg) if fuel["is_biogenic"] else Decimal(0),
        "ch4_kg": None if is_sum else draw(kg),
        "n2o_kg": None if is_sum else draw(kg),
        "co2e_kg": draw(kg),
        "gwp_set": "AR5",
        "factor_gas": "CO2e" if is_sum else "CO2",
        "is_own_factor": False,
        "factor_id": 5,
        "ch4_factor_id": 6,
        "n2o_factor_id": 7,
        "instrument": "",
        "market_co2e_kg": None,
    }
    return LoggedUse(**values | fuel)


@st.composite
def sites(draw: st.DrawFn) -> InventoryInputs:
    zone = draw(st.sampled_from(ZONES))
    site = InventoryInputs(Site(1, "tea", "AR6", SOURCES), zone, FIRST, END, draw(st.sampled_from([END, FIRST])))
    logged = draw(st.lists(uses(site.start_us), max_size=7))
    site.uses = logged
    grid = [use for use in logged if use.carrier == "grid"]
    site.contract_uses = grid
    site.contracts = [
        use._replace(kind="market", instrument="certificate", market_co2e_kg=draw(kg)) for use in grid[:2]
    ]
    for chimney_id in (1, 2):
        if draw(st.booleans()):
            site.devices[chimney_id] = [(0, draw(st.sampled_from([2**62, site.end_us - 86_400_000_000])))]
            site.chimney_days[chimney_id] = [day_of(chimney_id, n, draw(kg)) for n in range((END - FIRST).days)]
    for source_id in draw(st.lists(st.sampled_from([1, 2, 3]), unique=True)):
        basis = draw(st.sampled_from(["measured", "calculated"]))
        month = draw(st.sampled_from([date(2026, 9, 1), date(2026, 10, 1)]))
        site.locks.append(BasisLock(source_id=source_id, from_month=month, basis=basis))
    site.ratios = RATIOS
    return site


def day_of(chimney_id: int, number: int, mass_kg: Decimal) -> ChimneyDay:
    error = {f"stack {chimney_id}": float(mass_kg) * 0.116}
    measured = DayMass("measured", "", UncertainMass(mass_kg, error))
    filled = DayMass("substituted", "fuel_based", UncertainMass(mass_kg / 4, {}, float(mass_kg)))
    return ChimneyDay(FIRST + timedelta(days=number), {"measured": 20, "substituted": 4}, 24, (measured, filled))


def lines(site: InventoryInputs) -> list[Line]:
    with localcontext(prec=60):
        return lines_of_site(site, measured_co2(site))[0]


def summed(found: list[Line]) -> dict[Any, UncertainMass]:
    parts: dict[Any, list[UncertainMass]] = {}
    for line in found:
        key = (line.month, line.source_id, line.stream, line.scope, line.approach, line.gas, line.basis, line.method)
        parts.setdefault(key, []).append(line.mass)
    with localcontext(prec=60):
        return {key: total(masses) for key, masses in parts.items()}


@given(site=sites(), cut=st.integers(1, (END - FIRST).days - 1))
@settings(max_examples=150, deadline=None)
def test_a_division_at_any_day_keeps_every_sum(site: InventoryInputs, cut: int) -> None:
    day = FIRST + timedelta(days=cut)
    whole = summed(lines(site))
    parts = summed(lines(replace(site, end_day=day)) + lines(replace(site, first_day=day)))
    assert {k: m.likely_kg for k, m in whole.items() if m.likely_kg} == {
        k: m.likely_kg for k, m in parts.items() if m.likely_kg
    }
    for key, mass in whole.items():
        if mass.likely_kg:
            assert parts[key].half_width_kg == pytest.approx(mass.half_width_kg, rel=1e-9)


@given(site=sites())
@settings(max_examples=150, deadline=None)
def test_no_source_and_month_has_both_bases_and_none_loses_methane_or_nitrous_oxide(site: InventoryInputs) -> None:
    measured = measured_co2(site)
    found = lines(site)
    carbon = [line for line in found if line.gas in ("CO2", BIOGENIC_CO2) and line.stream != "electricity"]
    for line in carbon:
        if line.basis == Basis.CALCULATED:
            use = next(u for u in site.uses if u.energy_type == line.stream and u.source_id == line.source_id)
            assert (line.month, burned_in(use)) not in measured.replaced
        else:
            assert any(month == line.month for month, _source in measured.replaced)
    only_fuel = replace(site, devices={}, locks=[], chimney_days={})
    for gas in ("CH4_biogenic", "CH4_fossil", "N2O"):
        assert of_gas(found, gas) == of_gas(lines(only_fuel), gas)


def of_gas(found: list[Line], gas: str) -> Decimal:
    chosen: Callable[[Line], bool] = lambda line: line.gas == gas and line.basis == Basis.CALCULATED  # noqa: E731
    return sum((line.mass.likely_kg for line in found if chosen(line)), Decimal(0))
