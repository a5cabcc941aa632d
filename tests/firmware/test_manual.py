"""The manual of the sensor node says what code and formulas say: settings, sensors, parts, figures, drawings.

That its links lead somewhere is in `tests/test_docs.py`. Prices and makers' figures no test can hold.
"""

import json
import math
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from science import constants, gas, pressure, stack

FIRMWARE = Path(__file__).parents[2] / "firmware"
DOCS = FIRMWARE / "docs"
CORE = FIRMWARE / "lib" / "core" / "src"
CONTRACT = FIRMWARE.parent / "mqtt_ingest" / "contract"
DRAWINGS = sorted(DOCS.glob("*.svg"))
# Where the manual computes: a factory at 2,000 m, smoke of 200 C.
ALTITUDE_M, SMOKE_K, SMOKE_KG_PER_MOL, PITOT = 2000.0, 473.15, 0.0295, 0.84
SDP_TRIM_PA, SDP_ZERO_ERROR_PA = 96_600.0, 0.08


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def table(page: str, first_heading: str) -> list[list[str]]:
    """The rows below the header that begins with this heading, as cells."""
    lines = text_of(DOCS / page).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip(" *") for cell in line.strip("|").split("|")])
    return rows


def number(cell: str) -> float:
    """The first number of a cell, without commas."""
    found = re.search(r"-?\d[\d,]*\.?\d*", cell)
    assert found is not None, f"no number in {cell!r}"
    return float(found.group().replace(",", ""))


def as_printed(cell: str) -> float:
    """Half of the last digit that is printed."""
    found = re.search(r"\.(\d+)", cell)
    return 0.5000001 * 10 ** -(len(found.group(1)) if found else 0)


# --- Settings and sensors -------------------------------------------------------------------------
def settings_read() -> set[str]:
    """Every key that settings.cpp asks the JSON for."""
    code = text_of(CORE / "settings.cpp")
    asked = re.findall(r'(?:read_text|read_choice)\(file, "(\w+)"|file\["(\w+)"\]|\{"(\w+)", &', code)
    return {key for groups in asked for key in groups if key}


def settings_of_the_board() -> set[str]:
    """Those that are kept on the board and mean nothing to the core."""
    kept = text_of(CORE / "provisioning.cpp").partition("kSettingKeys[] = {")[2].partition("\n};")[0]
    return set(re.findall(r'\{"(\w+)",\s+EntryKind', kept)) - settings_read()


def settings_described() -> set[str]:
    section = text_of(FIRMWARE / "README.md").partition("## Settings")[2].partition("\nCommands")[0]
    rows = re.findall(r"^\| (`[^|]+) \|(?:[^|]*)\|([^|]*)\|", section, re.MULTILINE)
    named = " ".join(first for first, _ in rows) + " ".join(re.findall(r"\(([^)]*)\)|with (`\w+`)", section)[0])
    in_words = re.findall(r"`((?:pitot|pulse|loop)_\w+)`", " ".join(words for _, words in rows))
    return set(re.findall(r"`(\w+)`", named)) | set(in_words)


def choices(array: str) -> list[str]:
    found = re.search(rf"{array}\[\] = \{{([^}}]*)\}}", text_of(CORE / "settings.cpp"))
    assert found is not None
    return re.findall(r'"(\w+)"', found.group(1))


def test_the_reader_of_settings_finds_those_that_are_surely_read() -> None:
    assert {"device_id", "port", "range_ppm", "barometer", "diameter_m", "flow_low_m3s"} <= settings_read()
    assert "wifi_ssid" in settings_of_the_board()


def test_every_setting_of_the_node_is_in_its_table_and_no_other() -> None:
    assert settings_described() == settings_read() | settings_of_the_board()


def test_the_map_names_every_part_of_the_core() -> None:
    section = text_of(FIRMWARE / "README.md").partition("## Map")[2].partition("\n## ")[0]
    parts = {path.stem for path in CORE.glob("*.h")}

    assert sorted(parts - set(re.findall(r"\b\w+\b", " ".join(re.findall(r"`([^`]+)`", section))))) == []


@pytest.mark.parametrize("array", ["kCo2", "kThermocouples", "kVelocities"])
def test_every_sensor_that_can_be_set_is_on_the_page_of_sensors(array: str) -> None:
    named = set(re.findall(r"`(\w+)`|`(\w+), |`(\w+)`, \d", text_of(DOCS / "sensors.md")))
    named_words = {word for words in named for word in words if word}

    assert set(choices(array)) - named_words == set()


@pytest.mark.parametrize(
    ("build", "parts"),
    [
        ("Bench", {"mhz19_frame": "MH-Z19", "thermocouple": "MAX31855", "bme280": "BME280"}),
        (
            "Chimney",
            {"gss_frame": "SprintIR", "thermocouple": "MAX31855", "sensirion": "SDP810-125Pa", "bme280": "BME280"},
        ),
    ],
)
def test_what_a_build_buys_the_core_can_read(build: str, parts: dict[str, str]) -> None:
    section = text_of(DOCS / "builds.md").partition(f"\n## {build}\n")[2].partition("\n## ")[0]
    rows = "\n".join(line for line in section.splitlines() if line.startswith("|"))

    assert [part for part in parts.values() if part not in rows] == []
    assert [name for name in parts if not (CORE / f"{name}.h").exists()] == []


@pytest.mark.parametrize("build", ["Bench", "Chimney"])
def test_the_sum_of_a_build_is_the_sum_of_its_parts(build: str) -> None:
    section = text_of(DOCS / "builds.md").partition(f"\n## {build}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\|[^|*]+\| (\d+) \|[^|]*\| (\d+)-(\d+) \|", section, re.MULTILINE)
    low = sum(int(count) * int(least) for count, least, _ in rows)
    high = sum(int(count) * int(most) for count, _, most in rows)

    assert len(rows) > 5
    assert re.search(rf"Sum.*\b{low}-{high}\b", section)


# --- Figures --------------------------------------------------------------------------------------
def test_pressure_by_altitude_is_that_of_science() -> None:
    for altitude, pa, too_dense, shown, sdp in table("sensors.md", "Altitude"):
        expected_pa = pressure.isa_pressure_pa(number(altitude))

        assert number(pa) == pytest.approx(expected_pa, abs=0.5)
        assert number(shown) == pytest.approx(expected_pa / constants.STANDARD_PRESSURE_PA, abs=as_printed(shown))
        assert number(sdp) == pytest.approx(SDP_TRIM_PA / expected_pa, abs=as_printed(sdp))
        if too_dense != "right":
            expected_pct = 100 * (constants.STANDARD_PRESSURE_PA / expected_pa - 1)
            assert number(too_dense) == pytest.approx(expected_pct, abs=as_printed(too_dense))


def test_what_a_pitot_shows_is_that_of_science() -> None:
    pa = pressure.isa_pressure_pa(ALTITUDE_M)
    density = gas.gas_density_kg_per_m3(pressure_pa=pa, temperature_k=SMOKE_K, molar_mass_kg_per_mol=SMOKE_KG_PER_MOL)

    def velocity(dp_pa: float) -> float:
        return stack.pitot_velocity_ms(
            differential_pressure_pa=dp_pa, gas_density_kg_per_m3=density, pitot_coefficient=PITOT
        )

    for velocity_ms, dp, shown, error in table("sensors.md", "Velocity"):
        dp_pa = density / 2 * (number(velocity_ms) / PITOT) ** 2
        low = velocity(dp_pa - SDP_ZERO_ERROR_PA * SDP_TRIM_PA / pa)

        assert velocity(dp_pa) == pytest.approx(number(velocity_ms))
        assert number(dp) == pytest.approx(dp_pa, abs=as_printed(dp))
        assert number(shown) == pytest.approx(dp_pa * pa / SDP_TRIM_PA, abs=as_printed(shown))
        expected_pct = 100 * (1 - low / number(velocity_ms))
        assert number(error) == pytest.approx(expected_pct, abs=as_printed(error))


def test_smoke_by_air_ratio_is_that_of_science() -> None:
    carbon, hydrogen, oxygen = 500 / 12.011, 60 / 1.008, 440 / 15.999  # mol per kg of dry wood
    needed = carbon + hydrogen / 4 - oxygen / 2
    for ratio, dry, water, wet, o2 in table("sensors.md", "Air ratio"):
        air = number(ratio)
        dry_fraction = carbon / (carbon + air * needed * 3.76 + (air - 1) * needed)
        # From the printed digits, as somebody with the page and a calculator would.
        shown = number(dry) / 100
        moisture = gas.wood_moisture_from_dry_co2(co2_fraction_dry=shown, fuel_moisture_fraction=0.30)

        assert number(dry) == pytest.approx(100 * dry_fraction, abs=as_printed(dry))
        assert number(water) == pytest.approx(100 * moisture, abs=as_printed(water))
        assert number(wet) == pytest.approx(100 * shown * (1 - moisture), abs=as_printed(wet))
        assert number(o2) == pytest.approx(20.9 * (1 - 100 * shown / 19.81), abs=as_printed(o2))


def test_points_of_a_traverse_are_the_centres_of_rings_of_equal_area() -> None:
    for row in table("install.md", "Points a diameter"):
        points = int(number(row[0]))
        shown = [float(cell) for cell in row[1:] if cell]
        nearer = [(1 - math.sqrt(1 - (2 * i - 1) / points)) / 2 for i in range(1, points // 2 + 1)]

        assert shown == pytest.approx([*nearer, *(1 - depth for depth in reversed(nearer))], abs=0.0005)


def test_the_power_budget_adds_up() -> None:
    parts = table("power.md", "Part")
    for _name, current, volts, watts, *_source in parts:
        assert number(watts) == pytest.approx(number(current) / 1000 * number(volts), abs=1e-9)
    total_w = sum(number(row[3]) for row in parts[:-1])
    days = table("power.md", "A day")
    energies = [number(row[3]) for row in days]

    assert number(parts[-1][3]) == pytest.approx(total_w)
    assert number(days[0][1]) == pytest.approx(total_w / 0.85, abs=0.0005)
    for _name, watts, hours, energy in days[:-1]:
        assert number(energy) == pytest.approx(number(watts) * number(hours), abs=0.05)
    assert energies[-1] == pytest.approx(sum(energies[:-1]), abs=0.05)


def test_panel_and_battery_follow_from_the_energy_of_a_day() -> None:
    page = text_of(DOCS / "power.md")
    arrives = 0.8 * 0.92 * 0.92 * 0.9
    rows = re.findall(r"^\| Panel for ([\d.]+) kWh.*\| ([\d.]+) W \| ([\d.]+) W \|$", page, re.MULTILINE)
    stored = re.search(r"^\| Three days.*\| (\d+) Wh \| (\d+) Wh \|$", page, re.MULTILINE)
    cells = re.findall(r"\(([\d.]+) needed\)", page)

    assert stored is not None
    assert (len(rows), len(cells)) == (2, 2)
    for day_wh, column in ((55.3, 0), (17.7, 1)):
        for insolation, *panels in rows:
            expected_w = day_wh / (float(insolation) * arrives)
            assert float(panels[column]) == pytest.approx(expected_w, abs=0.0500001)
        assert float(stored.group(column + 1)) == pytest.approx(3 * day_wh / 0.8, abs=0.5000001)
        assert float(cells[column]) == pytest.approx(3 * day_wh / 0.8 / 12.8, abs=0.0500001)


def test_what_a_span_gas_shows_at_altitude_is_that_of_science() -> None:
    share = pressure.isa_pressure_pa(ALTITUDE_M) / constants.STANDARD_PRESSURE_PA
    page = text_of(DOCS / "calibration.md")

    assert f"150,000 ppm at 79,495 Pa reads {150_000 * share:,.0f} [T]" in " ".join(page.split())
    assert f"would read {100 * (1 - share):.1f} % low at 2,000 m" in " ".join(page.split())


def test_how_long_the_flash_lasts_is_what_the_tool_measures() -> None:
    tool = FIRMWARE / "tools" / "flash_life.py"
    measured = subprocess.run([sys.executable, tool], capture_output=True, text=True, check=True).stdout

    # The tool knows these two by heart.
    assert "#define CT_MAX_SEGMENTS 400" in text_of(CORE / "config.h")
    assert "-DCT_MAX_SEGMENTS=900" in text_of(FIRMWARE / "platformio.ini")
    assert "4 MB board" in measured
    assert measured.strip() in text_of(FIRMWARE / "README.md")
    hours = re.findall(r"= (\d+) h \| \d+ days", measured)
    assert f"{hours[0]} h of buffer instead of {hours[1]} h" in text_of(DOCS / "builds.md")


def test_commands_that_the_manual_sends_are_of_the_contract() -> None:
    schema = json.loads(text_of(CONTRACT / "commands.schema.json"))
    sent = [
        json.loads(text) for page in sorted(DOCS.glob("*.md")) for text in re.findall(r"-m '(\{.*\})'", text_of(page))
    ]

    assert [command["kind"] for command in sent] == ["zero"]
    for command in sent:
        jsonschema.Draft202012Validator(schema).validate(command)


# --- Wiring ---------------------------------------------------------------------------------------
def pins_of_boards() -> dict[str, tuple[int, int]]:
    """Name -> pin on the ESP32 and on the ESP32-S3, from the header that the board is built with."""
    header = text_of(FIRMWARE / "src" / "board_pins.h")
    s3, _, rest = header.partition("CONFIG_IDF_TARGET_ESP32S3\n")[2].partition("#elif CONFIG_IDF_TARGET_ESP32\n")
    by_board = [dict(re.findall(r"\b(k\w+) = (\d+)\b", block)) for block in (rest.partition("#else")[0], s3)]
    assert by_board[0].keys() == by_board[1].keys()
    return {name: (int(pin), int(by_board[1][name])) for name, pin in by_board[0].items()}


def test_the_table_of_wires_names_the_pins_that_the_board_is_built_with() -> None:
    rows = table("wiring.md", "Signal")

    assert {row[1].strip("`"): (int(row[2]), int(row[3])) for row in rows} == pins_of_boards()


@pytest.mark.parametrize(
    ("drawing", "not_in_it"),
    [
        ("wiring-bench.svg", {"kPulses", "kLoop", "kButton", "kSupply", "kLed"}),
        ("wiring-chimney.svg", {"kPulses", "kLoop", "kButton"}),
    ],
)
def test_a_drawing_of_wires_shows_the_same_pins(drawing: str, not_in_it: set[str]) -> None:
    pins = pins_of_boards()
    shown = re.findall(r">(?:[TR]X )?(\d+) \(S3: (\d+)\)</text>", text_of(DOCS / drawing))

    assert {(int(esp32), int(s3)) for esp32, s3 in shown} == {pins[name] for name in pins.keys() - not_in_it}


def test_resistors_and_addresses_of_the_wiring_are_those_of_the_code() -> None:
    page, header = text_of(DOCS / "wiring.md"), text_of(FIRMWARE / "src" / "board_pins.h")
    said = {"kLoopOhm = 100;": "100 Ω to ground", "kSupplyDivider = 2;": "two equal resistors"}

    assert [code for code, words in said.items() if code not in header or words not in page] == []
    for name, chip in {"kBme280Address": "BME280", "kSdp8xxAddress": "SDP800", "kStc31Address": "STC31"}.items():
        found = re.search(rf"{name} = (0x\w+);", text_of(CORE / "bme280.h") + text_of(CORE / "sensirion.h"))
        assert found is not None
        assert re.search(rf"^\| {chip}\b.*{found.group(1)}\b", page, re.MULTILINE)


# --- Drawings -------------------------------------------------------------------------------------
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_is_small_says_what_it_shows_and_needs_nothing_from_elsewhere(drawing: Path) -> None:
    text = text_of(drawing)

    assert len(text.encode()) < 40_000
    assert re.search(r"<title id=\"t\">[^<]+</title>\s*<desc id=\"d\">[^<]{80,}</desc>", text)
    assert not re.search(r"@import|@font-face|<image|<script|(?:href|src)=|url\((?!#)", text)
    assert text.count("<text") > 10
