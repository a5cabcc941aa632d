"""Messages of foreign sensors in our fields. The payloads are Tasmota's, as its devices send them."""

import json
import time
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices.profile_spec import Mapping
from mqtt_ingest.choices import Reason
from mqtt_ingest.foreign import ForeignDevice, translate
from mqtt_ingest.messages import ParsedMessage
from mqtt_ingest.receive import Received
from mqtt_ingest.topics import Kind

MHZ = {
    "Time": "2026-11-23T10:22:13",
    "MHZ19B": {"Model": "B", "CarbonDioxide": 589, "Temperature": 27.0},
    "ESP32": {"Temperature": 34.4},
    "TempUnit": "C",
}
NOW_MS = 1_795_429_333_000  # 2026-11-23T10:22:13 in UTC
SENSOR, LWT = "tele/kiln-1/SENSOR", "tele/kiln-1/LWT"
DEVICE = ForeignDevice(
    device_id="kiln-1",
    device_pk=1,
    interval_s=300.0,
    zone=ZoneInfo("Africa/Nairobi"),
    topic=SENSOR,
    status_topic=LWT,
    online_text="Online",
    offline_text="Offline",
    time_path="Time",
    time_format="iso_utc",
    mappings=(
        Mapping("MHZ19B.CarbonDioxide", "co2_ppm", "ppm"),
        Mapping("MHZ19B.Temperature", "temperature_c", "°C", unit_path="TempUnit"),
    ),
)


def read(content: Any, device: ForeignDevice = DEVICE, topic: str = SENSOR, **fields: Any) -> ParsedMessage:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return translate(device, Received(topic, payload, fields.pop("received_ms", NOW_MS), **fields))


def mapped(*mappings: Mapping, **fields: Any) -> ForeignDevice:
    return replace(DEVICE, mappings=mappings, **fields)


def problem(parsed: ParsedMessage) -> tuple[str, str]:
    [rejection] = parsed.rejections
    assert not parsed.readings
    assert not parsed.channels
    return rejection.reason.value, rejection.detail


def test_a_message_becomes_a_reading_with_faults_for_what_the_sensor_lacks() -> None:
    parsed = read(MHZ)

    [reading] = parsed.readings
    assert (parsed.kind, parsed.stream, parsed.interval_s, reading.seq) == (Kind.READINGS, 0, 300, 0)
    assert (reading.t, reading.co2_ppm, reading.temperature_c) == (NOW_MS, 589, 27)
    assert (reading.velocity_ms, reading.flags) == (None, 4)


def test_the_message_may_name_the_unit_itself() -> None:
    [reading] = read(MHZ | {"TempUnit": "F", "MHZ19B": {"CarbonDioxide": 589, "Temperature": 356}}).readings

    assert reading.temperature_c == pytest.approx(180)  # (356 - 32) / 1.8
    assert "use one of °C" in problem(read(MHZ | {"TempUnit": "R"}))[1].replace("\\xb0", "°")
    assert problem(read({k: v for k, v in MHZ.items() if k != "TempUnit"}))[0] == "bad_schema"


def test_scale_is_applied_before_the_unit() -> None:
    device = mapped(Mapping("v", "velocity_ms", "ft/s", scale=0.1), Mapping("c[1].x", "co2_ppm", "%"))

    [reading] = read({"Time": MHZ["Time"], "v": 100, "c": [0, {"x": 8.5}]}, device).readings

    assert reading.velocity_ms == pytest.approx(3.048)
    assert reading.co2_ppm == pytest.approx(85_000)


@pytest.mark.parametrize(
    ("value", "expected"), [("589", 589.0), ("5.89e2", 589.0), (" 589.0 ", 589.0), (None, None)], ids=str
)
def test_numbers_as_texts_are_read_and_null_is_a_fault(value: Any, expected: float | None) -> None:
    [reading] = read(MHZ | {"MHZ19B": {"CarbonDioxide": value, "Temperature": 27}}).readings

    assert reading.co2_ppm == expected
    assert bool(reading.flags & 1) == (expected is None)


@pytest.mark.parametrize(
    "value",
    ["1,5", "1.000,5", "589 ppm", "NaN", "1e9999", "9" * 50, True, {}, [], 1e39, 10**400],
    ids=lambda v: str(v)[:9],
)
def test_what_is_no_clear_number_is_refused(value: Any) -> None:
    reason, detail = problem(read(MHZ | {"MHZ19B": {"CarbonDioxide": value, "Temperature": 27}}))

    assert reason == "bad_schema"
    assert "CarbonDioxide" in detail or "co2_ppm" in detail


def test_a_text_that_a_float_would_take_for_zero_is_a_fault_like_such_a_number() -> None:
    for value in ('"1e-400"', "1e-400"):
        [reading] = read(json.dumps(MHZ).replace("589", value).encode()).readings
        assert (reading.co2_ppm, reading.flags) == (None, 1 + 4)


def test_a_nan_is_a_fault_of_its_sensor_only() -> None:
    payload = json.dumps(MHZ).replace("589", "NaN").encode()

    [reading] = read(payload).readings

    assert (reading.co2_ppm, reading.temperature_c, reading.flags) == (None, 27, 1 + 4)


def test_deep_nesting_and_garbage_are_refused_quickly() -> None:
    began_s = time.process_time()
    for payload in (
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"{" * 60_000,
        b"\xff",
        b"",
        b"nul",
        b'"' * 60_000,
        b"x" * 70_000,
    ):
        assert problem(read(payload))[0] in ("not_json", "bad_schema")

    assert time.process_time() - began_s < 10  # in proportion; quadratic time would be minutes


def test_a_path_into_the_wrong_kind_leads_nowhere() -> None:
    device = mapped(Mapping("MHZ19B[0]", "co2_ppm", "ppm"), Mapping("Time.x", "temperature_c", "°C"))

    assert "none of the paths" in problem(read(MHZ, device))[1]


@pytest.mark.parametrize(
    ("time_format", "written", "t_ms"),
    [
        ("iso_utc", "2026-11-23T10:22:13", NOW_MS),
        ("iso_site", "2026-11-23T13:22:13", NOW_MS),  # Nairobi is UTC+3
        ("iso", "2026-11-23T13:22:13+03:00", NOW_MS),
        ("iso", "2026-11-23T10:22:13Z", NOW_MS),
        ("unix_s", NOW_MS // 1000, NOW_MS),
        ("unix_ms", NOW_MS, NOW_MS),
        ("unix_s", f"{NOW_MS // 1000}.5", NOW_MS + 500),
    ],
)
def test_times_are_read_as_the_profile_says(time_format: str, written: Any, t_ms: int) -> None:
    [reading] = read(MHZ | {"Time": written}, replace(DEVICE, time_format=time_format)).readings

    assert reading.t == t_ms


@pytest.mark.parametrize(
    ("time_format", "written"),
    [
        ("iso", "2026-11-23T10:22:13"),
        ("iso_utc", "2026-11-23T10:22:13+03:00"),
        ("iso_utc", "23.11.2026 10:22:13"),
        ("iso_utc", "0000-00-00T00:00:00"),
        ("unix_s", "2026-11-23T10:22:13"),
        ("unix_ms", -5),
        ("unix_s", 1e300),
        ("unix_s", True),
        ("iso", None),
        ("iso", "9" * 5000),
    ],
)
def test_a_time_that_is_written_otherwise_is_refused(time_format: str, written: Any) -> None:
    assert problem(read(MHZ | {"Time": written}, replace(DEVICE, time_format=time_format)))[0] == "bad_schema"


def test_an_hour_that_comes_twice_is_refused_and_a_wrong_clock_is_named() -> None:
    in_berlin = replace(DEVICE, zone=ZoneInfo("Europe/Berlin"), time_format="iso_site")

    assert "two times" in problem(read(MHZ | {"Time": "2026-10-25T02:30:00"}, in_berlin))[1]
    assert problem(read(MHZ | {"Time": "2026-11-23T13:22:13"}))[0] == "future_time"
    assert problem(read(MHZ | {"Time": "1970-01-01T00:00:09"}))[0] == "too_old"  # a clock that was never set


@pytest.mark.parametrize("written", [9e14, 253_402_300_800, NOW_MS])
def test_a_time_beyond_the_calendar_is_refused_also_where_channels_come_alone(written: float) -> None:
    device = mapped(Mapping("Flow", "channel:steam", "t/h"), time_format="unix_s")

    assert problem(read({"Time": written, "Flow": 2}, device))[0] in ("future_time", "not_milliseconds")


def test_without_a_path_the_arrival_is_the_time_but_not_of_a_retained_message() -> None:
    device = replace(DEVICE, time_path="")

    assert read(MHZ, device).readings[0].t == NOW_MS
    assert "kept this message" in problem(read(MHZ, device, is_live=False))[1]


def test_its_last_will_is_its_state() -> None:
    assert read(b"Online", topic=LWT).other == {"v": 1, "online": True}
    gone = read(b"Offline", topic=LWT)
    assert gone.is_last_will
    assert problem(read(b"Perhaps", topic=LWT))[0] == "not_json"
    with_signal = mapped(Mapping("Wifi.Signal", "rssi_dbm", "dBm"), Mapping("UptimeSec", "uptime_s", "s"))
    state = read({"UptimeSec": 81234, "Wifi": {"Signal": -67}}, with_signal, LWT)
    assert state.other == {"v": 1, "online": True, "rssi_dbm": -67, "uptime_s": 81234}


def test_channels_come_beside_the_reading_or_alone() -> None:
    steam = Mapping("Steam.Flow", "channel:steam", "t/h")
    meter = Mapping("ENERGY.Total", "channel:meter", "kWh")
    content = {"Time": MHZ["Time"], "Steam": {"Flow": 2.5}, "ENERGY": {"Total": 1234.5}}

    parsed = read(content, mapped(steam, meter))

    assert parsed.received == 0
    assert [(c.code, c.unit, c.kind, c.amount) for c in parsed.channels] == [
        ("steam", "kg/h", "rate", 2500.0),
        ("meter", "kWh", "counter", 1234.5),
    ]
    assert problem(read(content | {"Time": "2026-11-23T13:22:13"}, mapped(steam)))[0] == "future_time"
    assert problem(read(content | {"Steam": {"Flow": 1e13}}, mapped(steam)))[0] == "bad_schema"


def test_a_profile_without_mappings_and_a_foreign_topic_are_refused_as_such() -> None:
    assert problem(read(MHZ, mapped()))[0] == Reason.NO_PROFILE.value
    assert problem(read(MHZ, topic="tele/kiln-1/STATE"))[0] == Reason.NO_PROFILE.value
