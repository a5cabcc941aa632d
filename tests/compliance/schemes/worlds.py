"""A tea factory and a coal mine with a year of entries, and reports of them."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils import timezone

from compliance.inventory.build import build
from compliance.schemes import ReportInputs, Scheme
from compliance.targets import verdict
from factories.models import EmissionSource, Factory
from tests.make import make_energy_entry, make_factory, make_organisation, make_production, make_target

YEAR = date(2025, 1, 1), date(2026, 1, 1)
INDIAN_YEAR = date(2025, 4, 1), date(2026, 4, 1)


def log(factory: Factory, amount: int, unit: str, energy_type: str, first: date, end: date, **fields: Any) -> None:
    """Whole calendar days of the site."""
    start, stop = (datetime.combine(day, time(0), factory.zone) for day in (first, end))
    period = {"timestamp": None, "period_start": start, "period_end": stop}
    make_energy_entry(factory, amount=Decimal(amount), unit=unit, energy_type=energy_type, **period, **fields)


def make(factory: Factory, kg: int, product: str, first: date, end: date) -> None:
    start, stop = (datetime.combine(day, time(0), factory.zone) for day in (first, end))
    make_production(factory, amount=Decimal(kg), product=product, period_start=start, period_end=stop)


def source(factory: Factory, kind: str, **fields: Any) -> int:
    found = EmissionSource.objects.filter(factory=factory, kind=kind).first()
    return (found or EmissionSource.objects.create(factory=factory, kind=kind, name=kind, **fields)).pk


def make_tea() -> Factory:
    """Wood that is half of the year before, diesel, petrol, grid, a certificate, solar and a leak; a year before it."""
    tea = make_factory(name="Litein", latitude=-0.58, longitude=35.19)
    first, end = YEAR
    boiler, grid = source(tea, "boiler"), source(tea, "grid")
    wood = {"moisture_fraction": Decimal("0.3"), "source_id": boiler}
    log(tea, 62_000, "kg", "firewood", date(2024, 12, 16), date(2025, 1, 16), **wood)  # 15 of 31 days in the year
    log(tea, 400_000, "kg", "firewood", date(2025, 1, 16), end, **wood)
    log(tea, 2_000, "L", "diesel", date(2025, 3, 1), date(2025, 4, 1), source_id=source(tea, "genset"))
    log(tea, 300, "L", "petrol", date(2025, 5, 1), date(2025, 6, 1), source_id=source(tea, "vehicle", fuels="petrol"))
    log(tea, 150_000, "kWh", "electricity", first, end, source_id=grid)
    bought = {"kind": "market", "instrument": "certificate", "evidence": "I-REC 7"}
    log(tea, 60_000, "kWh", "electricity", first, end, supplier_factor_kgco2e_per_kwh=Decimal("0.01"), **bought)
    log(tea, 20_000, "kWh", "own_renewable", date(2025, 6, 1), date(2025, 9, 1))
    log(tea, 2, "kg", "r134a", date(2025, 7, 1), date(2025, 8, 1))
    make(tea, 250_000, "made_tea", first, date(2025, 12, 1))
    log(tea, 300_000, "kg", "firewood", date(2024, 1, 1), date(2024, 12, 1), **wood)
    log(tea, 100_000, "kWh", "electricity", date(2024, 1, 1), first, source_id=grid)
    make(tea, 180_000, "made_tea", date(2024, 1, 1), first)
    make_target(tea)
    return tea


def make_mine() -> Factory:
    organisation = make_organisation(country="IN", name="Coal Group")
    mine = make_factory(
        organisation=organisation,
        name="Pit",
        sector="coal_mine",
        country="IN",
        time_zone="Asia/Kolkata",
        altitude_m=300.0,
        county="Dhanbad",
    )
    first, end = INDIAN_YEAR
    EmissionSource.objects.create(factory=mine, kind="mine_methane", name="Seam X", mine_class="opencast")
    log(mine, 90_000, "L", "diesel", first, end, source_id=source(mine, "haul_truck"))
    log(mine, 400_000, "kWh", "electricity", first, end, source_id=source(mine, "grid"))
    log(mine, 40, "t", "explosive_emulsion", first, date(2025, 10, 1), source_id=source(mine, "explosives"))
    make(mine, 120_000_000, "coal", first, end)
    return mine


def inputs_of(
    scheme: Scheme, factory: Factory, first: date, end: date, *, known_on: datetime | None = None, **entered: str
) -> ReportInputs:
    """As known now by the clock of the database, which stamps the history."""
    now, targets = datetime.now(UTC), list(factory.targets.all())
    return ReportInputs(
        organisation=factory.organisation,
        factories=(factory,),
        factory=factory,
        first_day=first,
        end_day=end,
        inventory=build([factory], first, end, gwp_set=scheme.gwp_set or factory.organisation.gwp_set, as_known_on=now),
        verdict=verdict(targets[0], timezone.now()) if targets else None,
        verdicts={},
        entered={name.replace("__", "."): value for name, value in entered.items()},
        language="en",
        known_on=known_on or now,
    )
