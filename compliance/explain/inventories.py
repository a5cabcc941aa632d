"""Cards of inventories: the lines of each gas times its potential.

A report chooses the set of potentials, so it may stand in the name, like scope1_co2e_kg_ar5.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from compliance.explain.card import Card, Operand
from compliance.explain.catalogue import label_of, unit_of
from compliance.explain.identity import Identity
from compliance.explain.sites import UnknownNameError
from compliance.inventory.build import build
from compliance.inventory.lines import BIOGENIC_CO2, SETS, Approach, Inventory, Line
from compliance.schemes.figures import energy_uses, is_activity, known_sum
from factories.models import Factory

_LINES: dict[str, Callable[[Line], bool]] = {
    "co2e_kg": lambda line: line.gas != BIOGENIC_CO2 and line.approach != Approach.MARKET,
    "scope1_co2e_kg": lambda line: line.scope == 1 and line.gas != BIOGENIC_CO2,
    "scope2_co2e_kg": lambda line: line.approach == Approach.LOCATION,
    "scope2_market_co2e_kg": lambda line: line.approach == Approach.MARKET,
    "biogenic_co2_kg": lambda line: line.gas == BIOGENIC_CO2,
}


def explain_inventory(figure: Identity, factories: Sequence[Factory], as_known_on: datetime | None) -> Card:
    """The sum of the lines, each gas by its potential in the set of the name, or of the first site's organisation."""
    name, _bar, suffix = figure.name.rpartition("_")
    gwp_set = suffix.upper() if suffix.upper() in SETS else ""
    name = name if gwp_set else figure.name
    end_day = figure.last_day + timedelta(days=1)
    found = build(factories, figure.first_day, end_day, gwp_set=gwp_set, as_known_on=as_known_on)
    choose = _LINES.get(name)
    if choose is None:
        return _amount(figure, name, found)
    is_biogenic = name == "biogenic_co2_kg"
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
    coverage = found.coverage(2 if name.startswith("scope2") else 1)
    return Card(
        str(figure),
        label_of(name),
        unit_of(name),
        mass.likely_kg if lines else None,
        " + ".join(terms) or "0",
        tuple(operands),
        low=mass.low_kg if lines else None,
        high=mass.high_kg if lines else None,
        is_at_least=mass.is_at_least,
        coverage="" if coverage is None else f"{coverage:.1%}",
        notes=(f"{found.method_version}, SHA-256 {found.inputs_sha256}",),
    )


def _amount(figure: Identity, name: str, found: Inventory) -> Card:
    """Energy and product, and emissions a kg or t of it. Raises UnknownNameError."""
    expression = "SUM(x)"
    if name == "energy_gj":
        uses = energy_uses(filter(is_activity, found.lines))
        value = known_sum(use.energy_gj for use in uses)
        operands = [Operand("x", use.stream, use.energy_gj, "GJ") for use in uses]
    elif name == "made_kg":
        value = known_sum(found.made_kg.values())
        operands = [Operand("x", str(pk), kg, "kg") for pk, kg in found.made_kg.items()]
    elif name in ("co2e_kg_per_kg", "co2e_kg_per_t"):
        emitted, made_kg = found.co2e(_LINES["co2e_kg"]).likely_kg, known_sum(found.made_kg.values())
        scale = 1000 if name.endswith("_t") else 1
        value, expression = emitted / made_kg * scale if made_kg else None, f"c / m * {scale}"
        of_total = str(figure.named(f"co2e_kg_{found.gwp_set.lower()}"))
        operands = [
            Operand("c", label_of("co2e_kg"), emitted, "kg CO2e", of_total),
            Operand("m", label_of("made_kg"), made_kg, "kg", str(figure.named("made_kg"))),
        ]
    else:
        raise UnknownNameError(figure.name)
    return Card(str(figure), label_of(name), unit_of(name), value, expression, tuple(operands))
