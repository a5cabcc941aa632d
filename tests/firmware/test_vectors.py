"""The physics that the firmware's tests read too: what science/ gives for each case of firmware/vectors/stack.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from science import gas, pressure, stack
from tests.science.builders import as_printed

VECTORS = json.loads((Path(__file__).parents[2] / "firmware" / "vectors" / "stack.json").read_text())


def result(quantity: str, inputs: dict[str, float]) -> float:
    if quantity == "rectangle_area_m2":
        return stack.rectangle_area_m2(**inputs)
    if quantity == "circle_area_m2":
        return stack.circle_area_m2(**inputs)
    if quantity == "flow_rate_m3s":
        return stack.flow_rate_m3s(**inputs)
    if quantity == "gas_density_kg_per_m3":
        return gas.gas_density_kg_per_m3(**inputs)
    if quantity == "co2_density_kg_per_m3":
        return gas.co2_density_kg_per_m3(**inputs)
    if quantity == "co2_kg_per_s":
        return stack.co2_kg_per_s(**inputs)
    if quantity == "co2_wet_from_dry":
        return gas.co2_wet_from_dry(**inputs)
    if quantity == "net_co2_fraction":
        return stack.net_co2_fraction(**inputs)
    if quantity == "isa_pressure_pa":
        return pressure.isa_pressure_pa(**inputs)
    if quantity == "proportional_pressure_factor":
        return pressure.sensor_pressure_factor(compensation="proportional", **inputs)
    assert quantity == "pitot_velocity_ms"
    return stack.pitot_velocity_ms(
        differential_pressure_pa=inputs["differential_pressure_pa"],
        gas_density_kg_per_m3=inputs["gas_density_kg_per_m3"],
        pitot_coefficient=inputs["coefficient"],
    )


def named(case: dict[str, Any]) -> str:
    return f"{case['number'] or 'more'}-{case['quantity']}"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=named)
def test_science_gives_what_the_firmware_is_tested_with(case: dict[str, Any]) -> None:
    value = result(case["quantity"], case["inputs"])

    # Twelve digits: what two languages agree on whatever order their libraries multiply in.
    assert value == pytest.approx(case["value"], rel=1e-12, abs=0)
    if case["printed"] is not None:
        assert value == as_printed(case["printed"])


@pytest.mark.parametrize("case", VECTORS["refused"], ids=named)
def test_science_refuses_what_the_firmware_refuses(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="="):
        result(case["quantity"], case["inputs"])
