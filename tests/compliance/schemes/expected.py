"""What each field and table of a scheme must say, from raw rows alone."""

from collections.abc import Callable
from decimal import Decimal

from tests.compliance.schemes.raw import CH4_KG_PER_M3, OPENCAST_M3_PER_T, Mass, Raw

Expected = dict[str, Decimal | None]
T, KWH_GJ = Decimal(1000), Decimal("0.0036")
SETS = ("AR4", "AR5", "AR6")
GASES = ("CO2", "CH4_fossil", "CH4_biogenic", "N2O")


def scope_1(mass: Mass) -> bool:
    return mass.scope == 1


def scope_2(mass: Mass) -> bool:
    return mass.approach == "location"


def scopes(mass: Mass) -> bool:
    return scope_1(mass) or scope_2(mass)


def biogenic(mass: Mass) -> bool:
    return mass.gas == "CO2_biogenic"


def fossil_co2(mass: Mass) -> bool:
    return scope_1(mass) and mass.gas == "CO2"


def over(amount: Decimal | None, of: Decimal | None) -> Decimal | None:
    return None if amount is None or not of else amount / of


# --- Masses: code, chosen rows, whether CO2e, the divisor of its unit
Choose = Callable[[Mass], bool]


def masses_of(raw: Raw) -> dict[str, tuple[Choose, bool, Decimal]]:
    found: dict[str, tuple[Choose, bool, Decimal]] = {
        "scope_1": (scope_1, True, T),
        "scope_2_location": (scope_2, True, T),
        "scope_2_market": (lambda m: m.approach == "market", True, T),
        "total.scope_1": (scope_1, True, T),
        "total.scope_2": (scope_2, True, T),
        "total": (scopes, True, T),
        "biogenic": (biogenic, False, T),
        "category_1": (scope_1, True, T),
        "category_2": (scope_2, True, T),
        "categories_1_2": (scopes, True, T),
        "direct": (scope_1, True, T),
        "indirect": (scope_2, True, T),
        "E.co2_fossil": (fossil_co2, False, T),
        "E.co2_biogenic": (biogenic, False, T),
        "F.co2_fossil": (lambda _m: False, False, T),  # nothing is measured in these worlds
        "F.co2_biogenic": (lambda _m: False, False, T),
        "F.co2_substituted": (lambda _m: False, False, T),
        "ch4": (lambda m: m.kind == "mine_methane", False, T),
    }
    for kind in {mass.kind for mass in raw.masses if scope_1(mass)}:
        found[f"scope_1.{kind or 'site'}"] = (lambda m, k=kind: scope_1(m) and m.kind == k, True, T)  # type: ignore[misc]
    for gas in {mass.gas for mass in raw.masses if scope_1(mass)}:
        of: Choose = lambda m, g=gas: scope_1(m) and m.gas == g  # type: ignore[misc]  # noqa: E731
        found[f"scope_1.mass.{gas}"] = (of, False, Decimal(1))
        found[f"scope_1.co2e.{gas}"] = (of, True, T)
    found["biogenic.firewood"] = (biogenic, False, T)
    return found


# --- Other figures
def amounts_of(raw: Raw, year_before: Raw | None) -> Expected:
    """Of all schemes; codes that mean the same everywhere."""
    is_mine = any(mass.kind == "mine_methane" for mass in raw.masses)
    total, made_kg, gj = raw.co2e(scopes), raw.made_kg, raw.gj()
    direct_t = over((raw.kg(fossil_co2) or 0) + (raw.kg(biogenic) or 0) * (1 - Decimal("0.25")), T)  # 25 % zero-rated
    indirect_t = over(raw.co2e(scope_2), T)
    made_t = made_kg / T
    kwh = raw.uses(scope_2)["electricity"].amount
    both_t = (direct_t or 0) + (indirect_t or 0)
    half = raw.half_width(scopes)
    assert total is not None
    assert gj is not None
    found: Expected = {
        "made": made_kg / (1000 if is_mine else 1),
        "intensity": over(total, made_kg / (1000 if is_mine else 1)),
        "uncertainty_pct": Decimal(str(half)) / total * 100,
        "D.activity_level": made_t,
        "G.heat_imported": None,
        "G.electricity": over(kwh, T),
        "G.electricity_own": None if is_mine else Decimal(20),  # 20,000 kWh
        "G.electricity_ef": over(indirect_t, over(kwh, T)),
        "I.direct": direct_t,
        "I.indirect": indirect_t,
        "I.total": both_t,
        "I.see_direct": over(direct_t, made_t),
        "I.see_indirect": over(indirect_t, made_t),
        "I.see_total": over(both_t, made_t),
        "I.default_share": Decimal(100),
        "energy": gj,
        "energy_kwh": gj / KWH_GJ,
        "output": made_t,
        "gei": over(total / T, made_t),
        **_energy(raw),
        **_per_rupee("energy", gj, made_kg if not is_mine else made_t),
        **_per_rupee("ghg", total / T, made_kg if not is_mine else made_t),
        "water.withdrawn": Decimal(700),
        "water.turnover": Decimal(700) / 500,
        **_footprint(raw, total),
        **_progress(gj, made_kg, year_before),
    }
    if is_mine:
        found |= _methane(raw)
    return found


def _energy(raw: Raw) -> Expected:
    found: Expected = {}
    for stream, use in raw.uses().items():
        found[f"energy.{stream}"], found[f"amount.{stream}"] = use.gj, use.amount
    kinds = {"grid": "electricity", "own": "electricity", "heat": "other", "fuel": "fuel", "explosive": "other"}
    for code, renewable in (("renewable", True), ("other", False)):
        of = lambda m, kind="", is_grown=renewable: (  # noqa: E731
            m.approach != "market"
            and (raw.types.get(m.stream, {}).get("is_biogenic") or m.stream == "own_renewable")
            in ({True} if is_grown else {False, None})
            and kind in ("", kinds.get(raw.types.get(m.stream, {}).get("carrier", ""), "other"))
        )
        found[code] = raw.gj(of)
        for kind in ("electricity", "fuel", "other"):
            found[f"{code}.{kind}"] = raw.gj(lambda m, k=kind, of=of: of(m, k))  # type: ignore[misc]
    found["renewable_pct"] = over((found["renewable"] or 0) * 100, raw.gj()) if found["renewable"] else None
    return found


def _per_rupee(code: str, amount: Decimal, output: Decimal) -> Expected:
    """A turnover of 500 million rupees, 20 rupees a dollar."""
    return {f"{code}.turnover": amount / 500, f"{code}.ppp": amount / 25, f"{code}.output": amount / output}


def _footprint(raw: Raw, total: Decimal) -> Expected:
    def is_grown(mass: Mass) -> bool:
        return scopes(mass) and (mass.stream in ("firewood", "own_renewable"))

    grown, fossil = raw.co2e(is_grown), raw.co2e(lambda m: scopes(m) and not is_grown(m))
    return {
        "pcf": total / raw.made_kg,
        "pcf.fossil": over(fossil, raw.made_kg),
        "pcf.biogenic_non_co2": over(grown, raw.made_kg),
        "pcf.biogenic_co2": over(raw.kg(biogenic), raw.made_kg),
        "primary_data_pct": over((raw.co2e(scope_1) or 0) * 100, total),
    }


def _progress(gj: Decimal, made_kg: Decimal, before: Raw | None) -> Expected:
    now = gj * 1000 / made_kg
    then_gj = before.gj() if before else None
    then = then_gj * 1000 / before.made_kg if before and then_gj is not None and before.made_kg else None
    return {
        "specific": now,
        "mj_per_kg": now,
        "specific_before": then,
        "mj_per_kg_before": then,
        "change_pct": None if then is None else (now - then) / then * 100,
        "saved": None if then is None else (then - now) * made_kg / 1000 / KWH_GJ,
        "audit_share": Decimal(40),  # 20,000 of 50,000 kWh
    }


def _methane(raw: Raw) -> Expected:
    coal_t = raw.made_kg / T
    ch4_m3 = coal_t * OPENCAST_M3_PER_T
    ch4_kg = ch4_m3 * CH4_KG_PER_M3
    potentials = {"AR4": Decimal(25), "AR5": Decimal(28), "AR6": Decimal("29.8")}
    return {
        "coal": coal_t,
        "ch4_m3": ch4_m3,
        "ch4_per_t": ch4_kg / coal_t,
        **{f"co2e.{name}": ch4_kg / T * potential for name, potential in potentials.items()},
        # A target of 0.01 t CO2e a t of coal and a price of 800 rupees: twice what is above it
        **_compensation(raw, coal_t),
    }


def _compensation(raw: Raw, coal_t: Decimal) -> Expected:
    achieved = (raw.co2e(scopes) or Decimal(0)) / T / coal_t
    earned = (Decimal("0.01") - achieved) * coal_t
    return {"certificates": earned, "shortfall": max(Decimal(0), -earned), "obligation.cost": -earned * 2 * 800}


# --- Tables: the numbers of each row, in the order of its columns
Rows = list[tuple[Decimal | None, ...]]


def tables_of(raw: Raw, first_year_days: int) -> dict[str, Rows]:
    streams = raw.uses(scope_1)
    bought = {**raw.uses(lambda m: m.approach == "market"), **raw.uses(scope_2)}
    burned = raw.uses(lambda m: fossil_co2(m) or biogenic(m))
    total_gj = raw.gj()
    by_source = {
        stream: (
            use.amount,
            *(raw.kg(lambda m, s=stream, g=gas: scope_1(m) and m.stream == s and m.gas == g) for gas in GASES),  # type: ignore[misc]
            raw.co2e(lambda m, s=stream: scope_1(m) and m.stream == s),  # type: ignore[misc]
        )
        for stream, use in streams.items()
    }
    found: dict[str, Rows] = {
        "scope_1.sources": list(by_source.values()),
        "scope_2.streams": [
            (
                use.amount,
                raw.co2e(lambda m, s=stream: scope_2(m) and m.stream == s),  # type: ignore[misc]
                raw.co2e(lambda m, s=stream: m.approach == "market" and m.stream == s),  # type: ignore[misc]
            )
            for stream, use in bought.items()
        ],
        "gwp.sets": [tuple(over(raw.co2e(of, gwp_set=name), T) for of in (scope_1, scope_2, scopes)) for name in SETS],
        "completeness.sites": [
            tuple(
                map(
                    Decimal,
                    (raw.days["all"], raw.days["heat"], raw.days["electricity"], raw.days["production"], *[0] * 5),
                )
            )
        ],
        "E.streams": [_stream(raw, stream, use) for stream, use in burned.items() if stream != "own_renewable"],
        "F.chimneys": [],
        "stacks.geometry": [],
        "stacks.gas": [],
        "fuels.used": [
            (use.amount, over(use.amount, Decimal(first_year_days)))
            for stream, use in raw.uses(lambda m: scope_1(m) or biogenic(m)).items()
            if raw.types.get(stream, {}).get("carrier") == "fuel"
        ],
        "energy.sources": [
            (use.amount, use.gj, None if use.gj is None else over(use.gj * 100, total_gj))
            for stream, use in raw.uses().items()
            if raw.types.get(stream, {}).get("carrier") in ("fuel", "grid", "own", "heat")
        ],
        "methane.ledger": _ledger(raw),
    }
    return found


def _stream(raw: Raw, stream: str, use: Mass) -> tuple[Decimal | None, ...]:
    kg = raw.kg(lambda m: m.stream == stream and (fossil_co2(m) or biogenic(m)))
    is_grown = stream == "firewood"
    masses = (None, over(kg, T)) if is_grown else (over(kg, T), None)
    return (use.amount, over(use.gj, use.amount), over(kg, use.gj), Decimal(1), Decimal(int(is_grown)), *masses)


def _ledger(raw: Raw) -> Rows:
    if not any(mass.kind == "mine_methane" for mass in raw.masses):
        return []
    methane = _methane(raw)
    co2e = [methane[f"co2e.{name}"] for name in SETS]
    ch4_t = over(methane["ch4_m3"], T) or Decimal(0)
    return [(methane["coal"], OPENCAST_M3_PER_T, methane["ch4_m3"], ch4_t * CH4_KG_PER_M3, *co2e)]
