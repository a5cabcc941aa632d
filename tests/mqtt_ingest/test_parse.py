"""The parser never raises, and every reading has exactly one outcome. Examples: test_contract.py."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mqtt_ingest.choices import Reason
from mqtt_ingest.parse import parse
from mqtt_ingest.topics import FROM_DEVICES, ROOT

NOW_MS = 1_795_262_406_000

topics = st.sampled_from([f"{ROOT}/litein-1/{kind}" for kind in FROM_DEVICES]) | st.text()
# Numbers of every size, and everything else that JSON can say.
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(NOW_MS - 10**11, NOW_MS + 10**7)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=5
)
READING_KEYS = [
    "seq",
    "t",
    "co2_ppm",
    "temperature_c",
    "velocity_ms",
    "flags",
    "pressure_pa",
    "span_s",
    "n",
    "seq_from",
]
sound = st.fixed_dictionaries(
    {
        "seq": st.integers(1, 2**31 - 1),
        "t": st.integers(NOW_MS - 366 * 86_400_000, NOW_MS + 120_000),
        "co2_ppm": st.floats(-3.4e38, 3.4e38),
        "temperature_c": st.floats(-3.4e38, 3.4e38),
        "velocity_ms": st.floats(-3.4e38, 3.4e38),
    },
    optional={"flags": st.integers(0, 255), "o2_pct": st.none() | st.floats(0, 100)},
)
doubtful = st.dictionaries(st.sampled_from(READING_KEYS) | st.text(), anything) | anything


def message(readings: object, **head: object) -> bytes:
    return json.dumps({"v": 1, "stream": 7, "interval_s": 5, "readings": readings} | head).encode()


@settings(deadline=None)
@given(topics, st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_never_raise(topic: str, payload: bytes) -> None:
    parsed = parse(topic, payload, NOW_MS)

    assert parsed.received >= 1 or parsed.other
    assert all(r.reason in Reason and r.detail for r in parsed.rejections)


@settings(deadline=None)
@given(st.text().map(str.encode) | anything.map(lambda value: json.dumps(value).encode()))
def test_any_json_is_parsed_without_raising(payload: bytes) -> None:
    for kind in FROM_DEVICES:
        parse(f"{ROOT}/litein-1/{kind}", payload, NOW_MS)


@settings(deadline=None)
@given(st.lists(sound | doubtful, min_size=1, max_size=6))
def test_each_reading_of_a_message_has_one_outcome(readings: list[object]) -> None:
    parsed = parse(f"{ROOT}/litein-1/readings", message(readings), NOW_MS)

    assert parsed.received == len(readings)
    assert all(len(r.detail) <= 300 and r.detail.isascii() for r in parsed.rejections)


@settings(deadline=None)
@given(st.lists(sound, min_size=1, max_size=6))
def test_sound_readings_are_taken_as_they_are(readings: list[dict[str, object]]) -> None:
    parsed = parse(f"{ROOT}/litein-1/readings", message(readings), NOW_MS)

    assert not parsed.rejections
    taken = [(r.seq, r.t, r.co2_ppm, r.temperature_c, r.velocity_ms) for r in parsed.readings]
    assert taken == [(r["seq"], r["t"], r["co2_ppm"], r["temperature_c"], r["velocity_ms"]) for r in readings]


@settings(deadline=None)
@given(st.lists(sound, min_size=1, max_size=4), doubtful, st.integers(0, 4))
def test_a_bad_reading_changes_nothing_for_the_others(good: list[object], bad: object, place: int) -> None:
    alone = parse(f"{ROOT}/litein-1/readings", message(good), NOW_MS)

    together = parse(f"{ROOT}/litein-1/readings", message([*good[:place], bad, *good[place:]]), NOW_MS)

    assert set(alone.readings) <= set(together.readings)


def test_the_smallest_numbers_are_numbers() -> None:
    payload = message(
        [{"seq": 1, "t": NOW_MS, "co2_ppm": 5e-324, "temperature_c": -1e-45, "velocity_ms": 0.0}]
    )

    assert len(parse(f"{ROOT}/litein-1/readings", payload, NOW_MS).readings) == 1


def test_what_a_device_wrote_is_spelt_in_ascii_in_the_detail() -> None:
    payload = '{"v":1,"online":"\x7fja\u202e<b>"}'.encode()

    (rejection,) = parse(f"{ROOT}/litein-1/status", payload, NOW_MS).rejections

    assert rejection.detail.startswith('online="\\u007fja\\u202e<b>"')
    assert rejection.reason == Reason.BAD_SCHEMA
