"""The figures of a site once more: from rows of the API, by plain arithmetic. Nothing of `compliance` is used."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.test import Client

# kg CO2e a kg, over 100 years (docs/method.md 7)
GWP = {
    "AR4": {"CO2": "1", "CH4_fossil": "25", "CH4_biogenic": "25", "N2O": "298", "r134a": "1430"},
    "AR5": {"CO2": "1", "CH4_fossil": "28", "CH4_biogenic": "28", "N2O": "265", "r134a": "1300"},
    "AR6": {"CO2": "1", "CH4_fossil": "29.8", "CH4_biogenic": "27.0", "N2O": "273", "r134a": "1530"},
}
# One standard deviation of amounts by unit, and of factors by type and gas (docs/method.md 6)
AMOUNT_SIGMA = {"kg": 0.02, "t": 0.02, "L": 0.025, "kWh": 0.01}
_BURNED = {"CH4_fossil": 0.5, "CH4_biogenic": 0.5, "N2O": 1.0}
FACTOR_SIGMA: dict[str, dict[str, float]] = {
    "firewood": {"CO2_biogenic": 0.08, **_BURNED},
    "diesel": {"CO2": 0.02, **_BURNED},
    "petrol": {"CO2": 0.02, **_BURNED},
    "electricity": {"CO2": 0.05, "CO2e": 0.10},
    "explosive_emulsion": {"CO2": 0.15},
    "r134a": {"r134a": 0.10},
    "coal": {"CH4_fossil": 0.5},
}
OPENCAST_M3_PER_T = Decimal("1.18") + Decimal("0.15")
CH4_KG_PER_M3 = Decimal("0.67")
KWH_GJ = Decimal("0.0036")


@dataclass(frozen=True)
class Mass:
    scope: int  # 0: outside the scopes
    approach: str
    kind: str
    source: str
    stream: str
    gas: str
    kg: Decimal
    amount: Decimal | None
    unit: str
    gj: Decimal | None
    month: date


@dataclass(frozen=True)
class Raw:
    masses: tuple[Mass, ...]
    made_kg: Decimal
    days: dict[str, int]
    types: dict[str, dict[str, Any]]
    gwp_set: str

    def co2e(self, choose: Callable[[Mass], bool] = lambda _mass: True, gwp_set: str = "") -> Decimal | None:
        """kg; None without a row."""
        chosen = [mass for mass in self.masses if mass.scope and choose(mass)]
        potentials = GWP[gwp_set or self.gwp_set]
        return sum((m.kg * Decimal(potentials.get(m.gas, "1")) for m in chosen), Decimal(0)) if chosen else None

    def kg(self, choose: Callable[[Mass], bool]) -> Decimal | None:
        chosen = [mass for mass in self.masses if choose(mass)]
        return sum((mass.kg for mass in chosen), Decimal(0)) if chosen else None

    def half_width(self, choose: Callable[[Mass], bool], *, of_co2e: bool = True, gwp_set: str = "") -> float:
        """kg, k = 2: errors of one amount and of one factor add up, different ones in quadrature."""
        sigmas: dict[tuple[str, ...], float] = {}
        for mass in self.masses:
            if not choose(mass) or (of_co2e and not mass.scope) or not mass.kg:
                continue
            potential = Decimal(GWP[gwp_set or self.gwp_set].get(mass.gas, "1")) if of_co2e else Decimal(1)
            kg = float(mass.kg * potential)
            of_amount, of_factor = (mass.stream, mass.source), (mass.stream, mass.gas.partition("_")[0], "factor")
            unit = "kg" if mass.stream == "coal" else mass.unit
            sigmas[of_amount] = sigmas.get(of_amount, 0) + kg * AMOUNT_SIGMA[unit]
            sigmas[of_factor] = sigmas.get(of_factor, 0) + kg * FACTOR_SIGMA[mass.stream][mass.gas]
        return float(2 * sum(sigma * sigma for sigma in sigmas.values()) ** 0.5)

    def uses(self, choose: Callable[[Mass], bool] = lambda m: m.approach != "market") -> dict[str, Mass]:
        """By energy type: a row with its sums of amount and energy. Each gas repeats both, so they are taken once."""
        found: dict[str, Mass] = {}
        for mass in self.masses:
            if not choose(mass):
                continue
            kept = found.get(mass.stream)
            if kept is None:
                found[mass.stream] = mass
            elif kept.gas == mass.gas:
                gj = None if kept.gj is None or mass.gj is None else kept.gj + mass.gj
                found[mass.stream] = replace(kept, amount=(kept.amount or 0) + (mass.amount or 0), gj=gj)
        return found

    def gj(self, choose: Callable[[Mass], bool] = lambda m: m.approach != "market") -> Decimal | None:
        known = [use.gj for use in self.uses(choose).values() if use.gj is not None]
        return sum(known, Decimal(0)) if known else None


def fetch(client: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(path, {"page_size": 1000, **query})
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["results"]
    assert answer.json()["next"] is None
    return rows


def raw_of(client: Client, factory: Any, first: date, end: date, gwp_set: str) -> Raw:
    zone = ZoneInfo(factory.time_zone)
    edges = tuple(datetime.combine(day, time(0), zone) for day in (first, end))
    factors = {row["id"]: row for row in fetch(client, "/api/emission-factors/")}
    types = {row["code"]: row for row in fetch(client, "/api/energy-types/")}
    sources = {row["id"]: row for row in fetch(client, "/api/emission-sources/", factory=factory.pk)}
    entries = fetch(client, "/api/energy-entries/", factory=factory.pk)
    made = fetch(client, "/api/production/", factory=factory.pk)
    masses = [mass for row in entries for mass in _masses(row, edges, factors, types, sources)]
    masses += _market(entries, masses, edges)
    masses += [mass for row in made if row["product"] == "coal" for mass in _methane(row, edges, sources)]
    made_kg = sum((Decimal(row["amount_kg"]) * _share(row, edges) for row in made), Decimal(0))
    used = [row for row in entries if row["kind"] == "used"]
    logged = {
        "heat": [row for row in used if row["energy_type"] == "firewood"],
        "electricity": [row for row in used if row["energy_type"] == "electricity"],
        "production": made,
    }
    days = {name: _days(rows, first, end, zone) for name, rows in logged.items()}
    return Raw(tuple(masses), made_kg, {**days, "all": (end - first).days}, types, gwp_set)


def _moments(row: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(row["period_start"]), datetime.fromisoformat(row["period_end"])


def _share(row: dict[str, Any], edges: tuple[datetime, ...]) -> Decimal:
    """The part of an entry's period in the report's."""
    start, stop = _moments(row)
    inside = (min(stop, edges[1]) - max(start, edges[0])).total_seconds()
    return Decimal(max(0, int(inside))) / Decimal(int((stop - start).total_seconds()))


def _masses(row: dict[str, Any], edges: Any, factors: Any, types: Any, sources: Any) -> Iterable[Mass]:
    amount = Decimal(row["amount"]) * _share(row, edges)
    if row["kind"] != "used" or not amount:
        return
    code, main = row["energy_type"], factors[row["factor"]["id"]]
    kind, is_grown = types[code], types[code]["is_biogenic"]
    gj = amount * Decimal(main["gj_per_unit"]) if main["gj_per_unit"] else None
    by_gas: dict[str, Decimal] = {}
    if code == "firewood":  # kg as burned: carbon and heat by its moisture
        dry = 1 - Decimal(row["moisture_fraction"])
        gj = amount * (Decimal("18.5") * dry - Decimal("2.443") * (1 - dry)) / 1000
        by_gas["CO2_biogenic"] = amount * dry * Decimal("0.5") * 44 / 12
        per_gj = {name: Decimal(factors[row[f"{name}_factor"]]["gas_kg_per_tj"]) / 1000 for name in ("ch4", "n2o")}
        by_gas |= {"CH4_biogenic": gj * per_gj["ch4"], "N2O": gj * per_gj["n2o"]}
    elif kind["carrier"] == "refrigerant":
        by_gas[code] = amount
    else:
        by_gas[main["gas"]] = amount * Decimal(main["value"])
        if row["ch4_factor"]:
            by_gas["CH4_biogenic" if is_grown else "CH4_fossil"] = amount * Decimal(factors[row["ch4_factor"]]["value"])
            by_gas["N2O"] = amount * Decimal(factors[row["n2o_factor"]]["value"])
    if gj is None and row["unit"] == "kWh":
        gj = amount * KWH_GJ
    of_source = sources.get(row["source"], {"kind": "", "name": ""})
    approach = "location" if kind["scope"] == 2 else ""
    month = max(_moments(row)[0], edges[0]).astimezone(edges[0].tzinfo).date().replace(day=1)
    for gas, kg in by_gas.items():
        scope = 0 if gas == "CO2_biogenic" else kind["scope"]
        fields = (gas, kg, amount, row["unit"], gj, month)
        yield Mass(scope, approach, of_source["kind"], of_source["name"], code, *fields)


def _market(entries: list[dict[str, Any]], masses: list[Mass], edges: Any) -> list[Mass]:
    """Contracts cover their kWh of the grid's, by their suppliers' factors."""
    grid = [mass for mass in masses if mass.approach == "location"]
    bought = [row for row in entries if row["kind"] == "market"]
    kwh = sum((Decimal(row["amount"]) * _share(row, edges) for row in bought), Decimal(0))
    used = sum((mass.amount or Decimal(0) for mass in grid), Decimal(0))
    rest = 1 - kwh / used if used else Decimal(1)
    found = [replace(m, approach="market", kg=m.kg * rest, amount=(m.amount or 0) * rest) for m in grid]
    for row in bought:
        part = Decimal(row["amount"]) * _share(row, edges)
        kg = part * Decimal(row["supplier_factor_kgco2e_per_kwh"])
        found.append(
            replace(grid[0], approach="market", stream=row["instrument"], gas="CO2e", kg=kg, amount=part * KWH_GJ)
        )
    return found


def _methane(row: dict[str, Any], edges: Any, sources: Any) -> Iterable[Mass]:
    kg = Decimal(row["amount_kg"]) * _share(row, edges)
    mine = next(one for one in sources.values() if one["kind"] == "mine_methane")
    assert mine["mine_class"] == "opencast"
    ch4_kg = kg / 1000 * OPENCAST_M3_PER_T * CH4_KG_PER_M3
    month = edges[0].date()
    yield Mass(1, "", "mine_methane", mine["name"], "coal", "CH4_fossil", ch4_kg, kg, "kg", None, month)


def _days(rows: list[dict[str, Any]], first: date, end: date, zone: ZoneInfo) -> int:
    """Days that some entry covers whole: all entries here are of whole days."""
    days = set()
    for row in rows:
        start, stop = (max(first, min(end, moment.astimezone(zone).date())) for moment in _moments(row))
        days |= {date.fromordinal(number) for number in range(start.toordinal(), stop.toordinal())}
    return len(days)
