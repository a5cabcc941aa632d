"""Computes a figure of this folder again, without the server that printed it. Python 3.8 or newer, nothing else:

    python3 check.py

It prints the figure, or names each record that is damaged. How it works, from top to bottom:

1. `manifest.csv` holds the SHA-256 of each line of each file, also of this one. A line that differs is damaged.
2. `steps.csv` holds a formula for each number, `operands.csv` what its symbols stand for: a number of another step
   (`below`), a field of a raw record (`row`: file, key, field), or a constant. The formula is computed from these.
3. A raw record is what was typed (entries, production), published (factors) or received (readings).
4. Of single hours, `minutes.csv` is computed again from `readings.csv`: the gas law of `rate`, then the trapezoids of
   `minutes`. The column `counts` is the server's verdict on a reading: yes, zero (CO2 below that of air) or no.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import os
import sys
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, getcontext

HERE = os.path.dirname(os.path.abspath(__file__))
MANIFEST = "manifest.csv"
SAME = Decimal("1e-9")  # of the value: sums of readings are binary numbers, whose last digits depend on the order
getcontext().prec = 60
getcontext().rounding = ROUND_HALF_EVEN


def lines_of(name: str) -> list[bytes]:
    with open(os.path.join(HERE, name), "rb") as file:
        return file.read().split(b"\n")


def table(name: str) -> list[dict[str, str]]:
    path = os.path.join(HERE, name)
    if not os.path.exists(path):
        return []
    return list(csv.DictReader(io.StringIO(b"\n".join(lines_of(name)).decode("utf-8"), newline="")))


# --- 1. Damage ---------------------------------------------------------------------------------
def damaged() -> list[str]:
    """Each line that is not as it was packed, as file and line."""
    found, wanted = [], {}
    for number, line in enumerate(lines_of(MANIFEST)[:-1], 1):
        parts = line.decode("utf-8", "replace").split(",")
        if len(parts) != 3 or (parts[0], parts[1]) in wanted:
            found.append(f"{MANIFEST} line {number}")
        else:
            wanted[parts[0], parts[1]] = parts[2]
    for name in sorted(os.listdir(HERE)):
        if name != MANIFEST and not name.startswith(("__", ".")):  # what Python and file managers put here
            for number, line in enumerate(lines_of(name), 1):
                digest = wanted.pop((name, str(number)), "")
                if digest != hashlib.sha256(line).hexdigest():
                    found.append(f"{name} line {number}")
    return found + [f"{name} line {number}, which the manifest names" for name, number in wanted]


# --- 2. Formulas -------------------------------------------------------------------------------
def evaluate(node: ast.AST, values: dict[str, list[Decimal]]) -> list[Decimal]:
    """The values of an expression: one, or of a symbol all that it stands for."""
    if isinstance(node, ast.Expression):
        return evaluate(node.body, values)
    if isinstance(node, ast.Constant):
        return [Decimal(repr(node.value))]
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.UnaryOp):
        return [-evaluate(node.operand, values)[0]]
    if isinstance(node, ast.BinOp):
        a, b = evaluate(node.left, values)[0], evaluate(node.right, values)[0]
        kind = type(node.op).__name__
        if kind == "Add":
            return [a + b]
        if kind == "Sub":
            return [a - b]
        return [a * b] if kind == "Mult" else [a / b]
    if isinstance(node, ast.Compare):
        a, b = evaluate(node.left, values)[0], evaluate(node.comparators[0], values)[0]
        return [Decimal(a >= b if isinstance(node.ops[0], ast.GtE) else a < b)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        given = [value for argument in node.args for value in evaluate(argument, values)]
        return [FUNCTIONS[node.func.id](given)]
    raise ValueError(f"no formula: {ast.dump(node)}")


def median(given: list[Decimal]) -> Decimal:
    ordered, half = sorted(given), len(given) // 2
    return ordered[half] if len(given) % 2 else (ordered[half - 1] + ordered[half]) / 2


FUNCTIONS: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "SUM": lambda given: sum(given, Decimal(0)),
    "MIN": min,
    "MAX": max,
    "MEDIAN": median,
    "ROUND": lambda given: round(given[0], int(given[1])),
    "IF": lambda given: given[1] if given[0] else given[2],
}


class FolderFigures:
    """Every number of the folder by its name, computed when it is asked for."""

    def __init__(self) -> None:
        self.steps = {row["figure"]: row for row in table("steps.csv")}
        self.operands: dict[str, list[dict[str, str]]] = {}
        for row in table("operands.csv"):
            self.operands.setdefault(row["of"], []).append(row)
        self.raw = {
            (name, row["key"]): row for name in sorted(os.listdir(HERE)) if name.endswith(".csv") for row in keyed(name)
        }
        self.known: dict[str, Decimal] = {}

    def value(self, figure: str) -> Decimal:
        if figure not in self.known:
            values: dict[str, list[Decimal]] = {}
            for operand in self.operands.get(figure, []):
                values.setdefault(operand["symbol"], []).append(self.operand(operand))
            tree = ast.parse(self.steps[figure]["expression"], mode="eval")
            self.known[figure] = evaluate(tree, values)[0]
        return self.known[figure]

    def operand(self, row: dict[str, str]) -> Decimal:
        if row["below"] in self.steps:
            return self.value(row["below"])
        if row["row"]:
            name, key, field = row["row"].split("|")
            return Decimal(self.raw[name, key][field])
        return Decimal(row["value"])


def keyed(name: str) -> list[dict[str, str]]:
    return [row for row in table(name) if "key" in row]


# --- 3. Readings -------------------------------------------------------------------------------
R, M_CO2, ZERO_C = 8.31446261815324, 0.0440095, 273.15
M_H2O, M_H, M_C = 0.01801528, 0.00100794, 0.0120107


def number(text: str) -> float | None:
    return float(text) if text else None


def rate(reading: dict[str, str], setup: dict[str, str]) -> float:
    """kg CO2 a second: share of CO2 x velocity x area x density of CO2 at the gas' own pressure and temperature."""
    flags = int(reading["flags"])
    ppm, span = number(reading["co2_ppm"]), number(setup["sensor_range_ppm"])
    if ppm is None:
        ppm = span or 0.0  # over range and without a value: at least its range
    usable = [
        value if value is not None and not flags & 32 and 65000 <= value <= 108000 else None
        for value in (number(reading["pressure_pa"]), number(reading["cell_pressure_pa"]))
    ]
    pressure = float(setup["site_pressure_pa"]) if usable[0] is None else usable[0]
    cell = pressure if usable[1] is None else usable[1]
    ceiling = 205000.0 if setup["fuel_class"] == "solid" else 160000.0
    over = span is not None and 0.98 * span <= ppm <= max(span, ceiling)
    if over and span is not None:
        ppm = min(ppm, span)
    if setup["pressure_compensation"] == "proportional":
        ppm *= float(setup["calibration_pressure_pa"]) / cell
    elif setup["pressure_compensation"] == "linear_0017":
        calibrated = float(setup["calibration_pressure_pa"])
        ppm *= 1.0 + 0.0017 * ((1013.0 if calibrated == 101325.0 else calibrated / 100.0) - cell / 100.0)
    share = (min(ppm, ceiling) if over else ppm) * 1e-6
    dry = 1.0
    if setup["co2_basis"] == "dry":
        dry = 1.0 - water(share, setup)
    density = pressure * M_CO2 / (R * (float(reading["temperature_c"]) + ZERO_C))
    gas = float(reading["velocity_ms"]) * float(setup["area_m2"]) * float(setup["velocity_profile_factor"])
    return share * dry * gas * density


def water(dry_share: float, setup: dict[str, str]) -> float:
    """Share of water in the gas: as stated, or of wood from its CO2. All its carbon (50 %) is CO2, 6 % hydrogen."""
    if setup["moisture_method"] != "fuel_stoichiometric":
        return float(setup["moisture_fraction"])
    moisture, carbon = float(setup["fuel_moisture_fraction"]), 0.50 / M_C
    of_fuel = 0.06 / (2.0 * M_H) + moisture / (1.0 - moisture) / M_H2O
    vapour = of_fuel * dry_share + 0.0143 * carbon
    return vapour / (vapour + carbon)


def minutes() -> dict[str, float]:
    """kg of each minute, by its key: trapezoids between readings no further apart than three intervals."""
    setups = {row["key"]: row for row in table("setups.csv")}
    found: dict[str, float] = {}
    before: dict[str, str] = {}
    was = 0.0
    for reading in table("readings.csv"):
        if reading["counts"] == "no":
            continue
        setup = setups[reading["setup"]]
        now = rate(reading, setup) if reading["counts"] == "yes" else 0.0
        end, span = int(reading["t_ms"]), round(float(reading["span_s"] or 0) * 1000)
        start = end - span
        if before and before["run"] == reading["run"]:
            last = int(before["t_ms"])
            if 0 < start - last <= 3000.0 * float(reading["interval_s"]):
                add(found, setup, last, start, was, now, is_cut=start - last > 60000)
            start = max(start, last)
        if span and start < end:
            add(found, setup, start, end, now, now, is_cut=True)
        before, was = reading, now
    return found


def add(
    found: dict[str, float], setup: dict[str, str], start: int, end: int, first: float, last: float, *, is_cut: bool
) -> None:
    """The mass under a line from `first` to `last`, in the minute of its start; cut where hours end."""
    offset, at = int(setup["hour_offset_ms"]), start
    while at < end:
        stop = min(end, at + 3600000 - (at + offset) % 3600000) if is_cut else end
        ends = [first + (last - first) * (moment - start) / (end - start) for moment in (at, stop)]
        key = f"{setup['chimney']} {at - at % 60000}"
        found[key] = found.get(key, 0.0) + (ends[0] + ends[1]) / 2.0 * (stop - at) / 1000.0
        at = stop


def wrong_minutes() -> list[str]:
    again = minutes()
    wrong = []
    for row in table("minutes.csv"):
        kg, stored = again.get(row["key"], 0.0), float(row["valid_kg"])
        if abs(kg - stored) > 1e-7 * max(1.0, abs(stored)):
            wrong.append(f"minute {row['key']}: its readings make {kg:.9f} kg, it says {row['valid_kg']}")
    return wrong


# --- 4. The figure -----------------------------------------------------------------------------
def main() -> int:
    bad = damaged()
    for record in bad:
        sys.stdout.write(f"DAMAGED: {record}\n")
    if bad:
        return 1
    (figure,) = table("figure.csv")
    again, printed = FolderFigures().value(figure["figure"]), Decimal(figure["value"])
    sys.stdout.write(f"{figure['figure']}\n{figure['value']} {figure['unit']}\n")
    wrong = wrong_minutes()
    for sentence in wrong:
        sys.stdout.write(f"DIFFERENT: {sentence}\n")
    if abs(again - printed) > SAME * max(Decimal(1), abs(printed)):
        sys.stdout.write(f"DIFFERENT: computed again it is {again}\n")
        return 2
    if wrong:
        return 2
    sys.stdout.write("recomputed: identical\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
