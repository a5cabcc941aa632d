"""The parser never raises, and every reading has exactly one outcome. Examples: test_contract.py."""

import json
import math
import time

import pytest
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


NO_NUMBER = float("nan")
spoilt = st.builds(lambda one, name: one | {name: NO_NUMBER}, sound, st.sampled_from(READING_KEYS[2:]))


@settings(deadline=None)
@given(st.lists(sound | spoilt | doubtful, min_size=1, max_size=6).map(lambda them: [*them, spoilt_one()]))
def test_nan_refuses_the_reading_that_has_it_and_changes_no_other(readings: list[object]) -> None:
    sober = [one for one in readings if not has_nan(one)]
    alone = parse(f"{ROOT}/litein-1/readings", message(sober), NOW_MS) if sober else None

    together = parse(f"{ROOT}/litein-1/readings", message(readings), NOW_MS)

    assert together.received == len(readings)
    assert together.readings == (alone.readings if alone else ())
    not_json = [r for r in together.rejections if r.reason == Reason.NOT_JSON]
    assert len(not_json) == len(readings) - len(sober)
    assert 5 in {r.seq for r in not_json}  # that of spoilt_one


def has_nan(value: object) -> bool:
    """A NaN or an infinity anywhere in it; the text "NaN" is none."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(has_nan, value.values()))
    return isinstance(value, list) and any(map(has_nan, value))


def spoilt_one() -> dict[str, object]:
    return {"seq": 5, "t": NOW_MS, "co2_ppm": NO_NUMBER, "temperature_c": 1, "velocity_ms": 1}


HEADS = [{"v": 2}, {"interval_s": 0}, {"interval_s": None}, {"pad": "x" * 70_000}, {"interval_s": NO_NUMBER}]


@settings(deadline=None)
@given(st.lists(sound, min_size=1, max_size=6), st.sampled_from(HEADS))
def test_a_message_refused_as_a_whole_names_and_counts_each_reading(
    readings: list[dict[str, object]], head: dict[str, object]
) -> None:
    parsed = parse(f"{ROOT}/litein-1/readings", message(readings, **head), NOW_MS)

    assert parsed.readings == ()
    assert [(r.stream, r.seq) for r in parsed.rejections] == [(7, one["seq"]) for one in readings]
    assert [r.index for r in parsed.rejections] == list(range(len(readings)))


def test_more_readings_than_the_broker_lets_through_are_not_taken_apart() -> None:
    payload = message([1] * 30_001)

    assert parse(f"{ROOT}/litein-1/readings", payload, NOW_MS).received == 1
    assert parse(f"{ROOT}/litein-1/readings", message([1] * 30_000), NOW_MS).received == 30_000


WORDS = (
    "nan NaN NAN -nan +nan inf -inf +INF Infinity -Infinity ovf nan(ind) -nan(0x80) "
    "1.#INF -1.#IND 1.#INF00 -1.#IND00 1.#QNAN0"
).split()


@pytest.mark.parametrize("word", WORDS)
def test_the_word_of_a_printf_costs_one_reading_and_names_it(word: str) -> None:
    sound_one = spoilt_one() | {"co2_ppm": 96_000.0}
    readings = [sound_one | {"seq": 1}, spoilt_one() | {"seq": 2, "note": "x nan, -inf"}, sound_one | {"seq": 3}]
    payload = message(readings, pad="nan").replace(b": NaN", f": {word}".encode())

    parsed = parse(f"{ROOT}/litein-1/readings", payload, NOW_MS)

    assert [r.seq for r in parsed.readings] == [1, 3]
    (rejection,) = parsed.rejections
    assert (rejection.seq, rejection.reason) == (2, Reason.NOT_JSON)
    assert rejection.detail.startswith("co2_ppm=")


@pytest.mark.parametrize("text", ["nan", "nan 1", "xnan", "nanx", "n an", "inf,", "-"])
def test_a_word_in_the_wrong_place_is_no_json(text: str) -> None:
    payload = message([spoilt_one(), spoilt_one()]).replace(b"{", f"{text}{{".encode(), 1)

    (rejection,) = parse(f"{ROOT}/litein-1/readings", payload, NOW_MS).rejections

    assert (rejection.reason, rejection.seq) == (Reason.NOT_JSON, None)


HOSTILE = ['"', '"\\', "nan", "nan,", "-", "1.#", "nan(", '{"a":nan,', '"a"nan']


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_takes_time_in_proportion(text: str) -> None:
    """Quadratic time would be minutes; the limit is generous because the machine may be busy."""
    payload = (text * 65_536)[:65_536].encode()

    begun_s = time.process_time()
    parse(f"{ROOT}/litein-1/readings", payload, NOW_MS)

    assert time.process_time() - begun_s < 1.0


def test_a_nan_in_a_status_or_alert_costs_that_value_only() -> None:
    status = b'{"v":1,"online":true,"rssi_dbm":nan,"supply_v":-inf,"firmware":"1.0.0"}'

    parsed = parse(f"{ROOT}/litein-1/status", status, NOW_MS)
    (refused,) = parse(f"{ROOT}/litein-1/alerts", b'{"v":1,"t":nan,"kind":"co2_high"}', NOW_MS).rejections

    assert parsed.other == {"v": 1, "online": True, "firmware": "1.0.0"}
    assert refused.reason == Reason.NOT_JSON


def test_what_is_nested_too_deeply_beside_a_nan_is_refused_and_does_not_raise() -> None:
    payload = message([spoilt_one()]).replace(b"NaN", b"NaN, " + b'"x":' + b"[" * 30_000 + b"]" * 30_000)

    (rejection,) = parse(f"{ROOT}/litein-1/readings", payload, NOW_MS).rejections

    assert rejection.seq is None


def test_a_number_of_a_thousand_digits_beside_a_nan_spoils_only_its_own_reading() -> None:
    sound_one = spoilt_one() | {"seq": 6, "co2_ppm": 1}
    huge = json.dumps(spoilt_one() | {"seq": 7}).replace("NaN", "9" * 5_000)
    payload = message([spoilt_one(), sound_one]).replace(b"]", f",{huge}]".encode())

    parsed = parse(f"{ROOT}/litein-1/readings", payload, NOW_MS)

    assert [r.seq for r in parsed.readings] == [6]
    assert [(r.seq, r.reason) for r in parsed.rejections] == [(5, "not_json"), (7, "bad_schema")]


def test_the_smallest_numbers_are_numbers() -> None:
    payload = message([{"seq": 1, "t": NOW_MS, "co2_ppm": 5e-324, "temperature_c": -1e-45, "velocity_ms": 0.0}])

    assert len(parse(f"{ROOT}/litein-1/readings", payload, NOW_MS).readings) == 1


def test_what_a_device_wrote_is_spelt_in_ascii_in_the_detail() -> None:
    payload = '{"v":1,"online":"\x7fja\u202e<b>"}'.encode()

    (rejection,) = parse(f"{ROOT}/litein-1/status", payload, NOW_MS).rejections

    assert rejection.detail.startswith('online="\\u007fja\\u202e<b>"')
    assert rejection.reason == Reason.BAD_SCHEMA
