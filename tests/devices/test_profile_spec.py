"""What a device profile may say. Nobody may read our topics, the broker's own, or another's sensor by one."""

import pytest
from django.core.exceptions import ValidationError

from devices.profile_spec import check_topic, device_in, filter_of, mappings_of, steps_of
from science.instruments import in_our_unit


@pytest.mark.parametrize(
    "topic",
    [
        "#",
        "+/+/+/+",
        "carbontrack/v1/{device}/readings",
        "carbontrack/{device}",
        "{device}/v1/kiln-1/readings",
        "$SYS/{device}",
        "$CONTROL/dynamic-security/{device}",
        "$share/carbontrack-ingest/{device}",
        "tele/{device}/#",
        "tele/+/{device}",
        "tele/{device}/{device}",
        "tele/x{device}/SENSOR",
        "tele/{device}/SENSOR\ntopic readwrite #",
        "tele/{device}/(a+)+$",
        "tele//{device}",
        "tele/SENSOR",
        "a/b/c/d/e/f/g/h/{device}",
        "",
    ],
)
def test_a_topic_that_could_read_more_than_its_devices_is_refused(topic: str) -> None:
    with pytest.raises(ValidationError):
        check_topic("topic", topic)


def test_the_device_of_a_topic_is_one_whole_level() -> None:
    check_topic("topic", "tele/{device}/SENSOR")

    assert filter_of("tele/{device}/SENSOR") == "tele/+/SENSOR"
    assert device_in("tele/kiln-1/SENSOR", "tele/{device}/SENSOR") == "kiln-1"
    assert device_in("tele/a/b/SENSOR", "tele/{device}/SENSOR") is None
    assert device_in("tele//SENSOR", "tele/{device}/SENSOR") is None
    assert device_in("tele/SENSOR", "tele/{device}/SENSOR") is None


def test_paths_go_into_objects_and_lists() -> None:
    assert steps_of("MHZ19B.CarbonDioxide") == ("MHZ19B", "CarbonDioxide")
    assert steps_of("values[0].co2[12][3]") == ("values", 0, "co2", 12, 3)
    for bad in ("", ".", "a..b", "a[x]", "a[-1]", "a[1", "[0]", "a[0][0][0][0]", "a." * 9 + "a", "x" * 65):
        assert steps_of(bad) is None, bad


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (
            [{"path": "a", "field": "co2_ppm", "unit": "ppm"}, {"path": "b", "field": "co2_ppm", "unit": "%"}],
            "field_twice",
        ),
        ([{"path": "a", "field": "co2_kg", "unit": "kg"}], "unknown_field"),
        ([{"path": "a", "field": "co2_ppm", "unit": "°C"}], "unknown_unit"),
        ([{"path": "a", "field": "channel:steam", "unit": "ppm"}], "unknown_unit"),
        ([{"path": "a", "field": "channel:Steam flow", "unit": "kg/h"}], "unknown_field"),
        ([{"path": "a[", "field": "co2_ppm", "unit": "ppm"}], "bad_path"),
        ([{"path": "a", "field": "co2_ppm", "unit": "ppm", "scale": 0}], "bad_scale"),
        ([{"path": "a", "field": "co2_ppm", "unit": "ppm", "scale": float("nan")}], "bad_scale"),
        ([{"path": "a", "field": "co2_ppm", "unit": "ppm", "scale": True}], "bad_scale"),
        ([{"path": 1, "field": "co2_ppm", "unit": "ppm"}], "bad_shape"),
        ([{"path": "a", "field": "co2_ppm", "unit": "ppm", "eval": "x"}], "bad_shape"),
        ([7], "bad_shape"),
        ({}, "bad_shape"),
        ([{"path": "a", "field": "co2_ppm", "unit": "ppm"}] * 33, "bad_shape"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(rows: object, code: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        mappings_of(rows)

    assert refusal.value.error_dict["mappings"][0].code == code


def test_units_become_ours() -> None:
    def becomes(value: float, quantity: str, unit: str) -> float:
        from science.instruments import Measurand

        return in_our_unit(value, quantity=Measurand(quantity), unit=unit)

    assert becomes(356, "temperature", "°F") == pytest.approx(180)  # (356 - 32) * 5 / 9
    assert becomes(453.15, "temperature", "K") == pytest.approx(180)
    assert becomes(8, "co2", "%") == 80_000
    # 24.465 L/mol at 25 °C over 44.0095 g/mol: 1,800 mg/m3 are 1,800 * 0.555904 ppm (the volume 8.314462618 * 298.15
    # / 101325 = 0.0244654 m3/mol); at 0 °C 22.4140 L/mol, 0.509298 ppm each.
    assert becomes(1800, "co2", "mg/m3 at 25 °C") == pytest.approx(1800 * 0.0244654 / 0.0440095, rel=1e-5)
    assert becomes(1800, "co2", "mg/m3 at 0 °C") == pytest.approx(1800 * 0.0224140 / 0.0440095, rel=1e-5)
    assert becomes(10, "velocity", "ft/s") == pytest.approx(3.048)
    assert becomes(10.8, "velocity", "km/h") == pytest.approx(3)
    assert becomes(794.8, "pressure", "hPa") == pytest.approx(79_480)
    assert becomes(2.5, "mass flow", "t/h") == 2500
    assert becomes(350, "temperature", "F") == pytest.approx((350 - 32) / 1.8)  # as Tasmota writes it
    with pytest.raises(ValueError, match="use one of ppm, %"):
        becomes(1, "co2", "mg/m3")


@pytest.mark.parametrize("name", ["ab", "x" * 65, "kiln 1", "kiln-1\n", "a\x00b", "a/b", ""])
def test_what_is_no_device_id_names_no_device(name: str) -> None:
    assert device_in(f"tele/{name}/SENSOR", "tele/{device}/SENSOR") is None
