"""Cards of inventories: the lines of each gas times its potential."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from compliance.explain.card import Card, Operand
from compliance.explain.catalogue import label_of, unit_of
from compliance.explain.identity import Identity
from compliance.explain.sites import UnknownNameError
from compliance.inventory.build import build
from compliance.inventory.lines import BIOGENIC_CO2, Approach, Line
from factories.models import Factory

_LINES: dict[str, Callable[[Line], bool]] = {
    "scope1_co2e_kg": lambda line: line.scope == 1 and line.gas != BIOGENIC_CO2,
    "scope2_co2e_kg": lambda line: line.approach == Approach.LOCATION,
    "scope2_market_co2e_kg": lambda line: line.approach == Approach.MARKET,
    "biogenic_co2_kg": lambda line: line.gas == BIOGENIC_CO2,
}


def explain_inventory(figure: Identity, factories: Sequence[Factory], as_known_on: datetime | None) -> Card:
    """The sum of the lines, each gas by its potential in the set of the first site's organisation."""
    choose = _LINES.get(figure.name)
    if choose is None:
        raise UnknownNameError(figure.name)
    found = build(factories, figure.first_day, figure.last_day + timedelta(days=1), as_known_on=as_known_on)
    is_biogenic = figure.name == "biogenic_co2_kg"
    mass = found.biogenic if is_biogenic else found.co2e(choose)
    lines = [line for line in found.lines if choose(line)]
    gases = sorted({line.gas for line in lines})
    operands: list[Operand] = []
    for number, gas in enumerate(gases):
        for line in lines:
            if line.gas == gas:
                label = f"{line.month:%Y-%m} {line.source_kind} {line.stream} {gas}, {line.basis}"
                operands.append(Operand(f"m{number}", label, line.mass.likely_kg, f"kg {gas}"))
        potential = Decimal(1) if is_biogenic else found.potential(gas, found.gwp_set)
        operands.append(Operand(f"g{number}", gas, potential, "kg CO2e/kg", source=found.gwp_set))
    terms = [f"SUM(m{number}) * g{number}" for number in range(len(gases))]
    coverage = found.coverage(2 if figure.name.startswith("scope2") else 1)
    return Card(
        str(figure),
        label_of(figure.name),
        unit_of(figure.name),
        mass.likely_kg if lines else None,
        " + ".join(terms) or "0",
        tuple(operands),
        low=mass.low_kg if lines else None,
        high=mass.high_kg if lines else None,
        is_at_least=mass.is_at_least,
        coverage="" if coverage is None else f"{coverage:.1%}",
        notes=(f"{found.method_version}, SHA-256 {found.inputs_sha256}",),
    )
