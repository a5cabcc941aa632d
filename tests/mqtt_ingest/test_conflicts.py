"""A stream and seq that come again: the same reading is a duplicate, another time or value is a conflict."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emissions.models import DeviceStream, Emission
from mqtt_ingest import conflicts
from mqtt_ingest.announce import Announcer
from mqtt_ingest.choices import Reason
from mqtt_ingest.models import RejectedMessage
from mqtt_ingest.parts import Stored
from mqtt_ingest.queries import counters
from mqtt_ingest.store import store
from tests.make import make_device
from tests.mqtt_ingest.build import BEGAN_MS, STREAM, adds_up, arrival, message, reading
from tests.mqtt_ingest.fakes import InMemoryReceiver

pytestmark = pytest.mark.django_db

T_MS = BEGAN_MS - 3_600_000


def outcome(stored: Stored) -> tuple[int, int, dict[Reason, int]]:
    return stored.tally.stored, stored.tally.duplicate, dict(stored.tally.rejected)


def test_a_second_boot_with_the_same_stream_loses_nothing_in_silence() -> None:
    device = make_device()
    first = [reading(seq, T_MS + seq * 5_000) for seq in range(1, 7)]
    second = [reading(seq, T_MS + 300_000 + seq * 5_000, co2_ppm=120_000) for seq in range(1, 9)]
    store([arrival(device, message(*first))])

    stored = store([arrival(device, message(*second))])

    assert outcome(stored) == (2, 0, {Reason.CONFLICT: 6})
    assert adds_up()
    assert counters().rejected == {"conflict": 6}
    kept = RejectedMessage.objects.filter(reason=Reason.CONFLICT).order_by("seq").first()
    assert kept is not None
    assert (kept.stream, kept.seq) == (STREAM, 1)
    assert "seq=1 is stored already with another t" in kept.detail
    assert "two devices use this login" in kept.detail


def test_a_conflict_is_answered_as_refused_and_a_duplicate_as_stored() -> None:
    device = make_device()
    store([arrival(device, message(reading(1, T_MS), reading(2, T_MS + 5_000)))])
    receiver = InMemoryReceiver()
    other = message(reading(1, T_MS), reading(2, T_MS + 5_000, temperature_c=99.0), reading(3, T_MS + 10_000))

    Announcer(receiver).announce(store([arrival(device, other)]).arrivals)

    (answer,) = [json.loads(payload) for _, payload in receiver.published]
    assert (answer["ranges"], answer["refused"]) == ([[1, 1], [3, 3]], [[2, 2, "conflict"]])
    assert Emission.objects.get(seq=2).temperature_c == 181.5


VALUES = ("co2_ppm temperature_c velocity_ms pressure_pa dp_pa cell_temperature_c cell_pressure_pa humidity_pct o2_pct "
          "ch4_ppm").split()  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_each_value_is_compared(name: str) -> None:
    device = make_device()
    store([arrival(device, message(reading(1, T_MS, **{name: 1.0})))])

    assert outcome(store([arrival(device, message(reading(1, T_MS, **{name: 2.0})))])) == (0, 0, {Reason.CONFLICT: 1})
    if name not in ("co2_ppm", "temperature_c", "velocity_ms"):
        assert outcome(store([arrival(device, message(reading(1, T_MS, **{name: None})))]))[2] == {Reason.CONFLICT: 1}
    assert outcome(store([arrival(device, message(reading(1, T_MS, **{name: 1.0})))])) == (0, 1, {})


@given(st.floats(-3.4e38, 3.4e38), st.integers(0, 255))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_reading_is_never_a_conflict(value: float, flags: int) -> None:
    device = make_device()
    live = message(reading(1, T_MS, co2_ppm=value, flags=flags & 127))
    replayed = message(reading(1, T_MS, co2_ppm=value, flags=flags | 128), interval_s=60)
    store([arrival(device, live)])

    stored = store([arrival(device, live), arrival(device, replayed), arrival(device, replayed)])

    assert outcome(stored) == (0, 3, {})


def test_in_one_batch_the_first_is_stored_and_another_is_refused() -> None:
    device = make_device()
    one, other = reading(1, T_MS), reading(1, T_MS, co2_ppm=5.0)

    stored = store(
        [arrival(device, message(one, other)), arrival(device, message(other)), arrival(device, message(one))]
    )

    assert outcome(stored) == (1, 1, {Reason.CONFLICT: 2})
    assert Emission.objects.get().co2_ppm == 93250.0


def test_in_one_batch_each_is_compared_with_what_is_stored() -> None:
    device = make_device()
    one, other = reading(1, T_MS), reading(1, T_MS, co2_ppm=5.0)
    store([arrival(device, message(one))])

    stored = store([arrival(device, message(other)), arrival(device, message(one)), arrival(device, message(other))])

    assert outcome(stored) == (0, 1, {Reason.CONFLICT: 2})


def test_another_device_or_stream_is_not_refused_with_it() -> None:
    device, neighbour = make_device(), make_device()
    store([arrival(device, message(reading(1, T_MS)))])
    other = message(reading(1, T_MS, co2_ppm=5.0))

    stored = store([arrival(device, other), arrival(neighbour, other)])

    assert outcome(stored) == (1, 0, {Reason.CONFLICT: 1})
    assert Emission.objects.get(device=neighbour).co2_ppm == 5.0


def test_a_reading_outside_the_time_of_the_mean_that_covers_its_seq_is_a_conflict() -> None:
    device = make_device()
    mean = reading(22, T_MS, span_s=60, n=12, seq_from=11)
    store([arrival(device, message(mean))])

    within = store([arrival(device, message(reading(15, T_MS - 35_000)))])
    outside = store([arrival(device, message(reading(15, T_MS - 61_000), reading(16, T_MS + 1)))])

    assert outcome(within) == (0, 1, {})
    assert outcome(outside) == (0, 0, {Reason.CONFLICT: 2})


def test_a_mean_over_stored_readings_stays_a_duplicate_and_the_same_mean_with_other_values_does_not() -> None:
    device = make_device()
    store([arrival(device, message(*(reading(seq, T_MS + seq * 5_000) for seq in range(1, 5))))])
    over = store([arrival(device, message(reading(4, T_MS + 20_000, span_s=20, n=4, seq_from=1, co2_ppm=7.0)))])
    mean = reading(8, T_MS + 40_000, span_s=20, n=4, seq_from=5)
    store([arrival(device, message(mean))])

    again = store([arrival(device, message(mean)), arrival(device, message({**mean, "co2_ppm": 7.0}))])

    assert outcome(over) == (0, 1, {})
    assert outcome(again) == (0, 1, {Reason.CONFLICT: 1})


def test_a_mean_with_another_time_is_a_conflict_and_not_lost() -> None:
    device = make_device()
    mean = reading(22, T_MS, span_s=60, n=12, seq_from=11)
    part = reading(20, T_MS - 10_000, span_s=45, n=10, seq_from=11)
    store([arrival(device, message(mean))])

    within = store([arrival(device, message(mean, part))])
    later = store([arrival(device, message({**mean, "t": T_MS + 300_000}, {**part, "t": T_MS + 290_000}))])

    assert outcome(within) == (0, 2, {})
    assert outcome(later) == (0, 0, {Reason.CONFLICT: 2})
    assert adds_up()


@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize("is_mean", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize(("later_ms", "is_conflict"), [(0, False), (300_000, True)])
def test_the_result_of_a_repeat_with_another_time_is_the_same_in_one_batch_and_in_two(
    batches: int, is_mean: tuple[bool, bool], later_ms: int, is_conflict: bool
) -> None:
    device = make_device()
    of_mean = {"span_s": 60, "n": 12, "seq_from": 11}
    first, again = (
        arrival(device, message(reading(22, t_ms, **of_mean if mean else {})))
        for mean, t_ms in zip(is_mean, (T_MS, T_MS + later_ms), strict=True)
    )

    results = [store([first, again])] if batches == 1 else [store([first]), store([again])]

    assert sum(result.tally.stored for result in results) == 1
    assert outcome(results[-1])[1:] == ((0, {Reason.CONFLICT: 1}) if is_conflict else (1, {}))
    if is_conflict:
        assert "seq=22 is stored already with another t than" in RejectedMessage.objects.get().detail
    assert Emission.objects.get().span_s == (60 if is_mean[0] else None)


def test_conflicts_are_found_after_the_record_of_received_numbers_was_lost() -> None:
    device = make_device()
    store([arrival(device, message(reading(1, T_MS), reading(2, T_MS + 5_000)))])
    DeviceStream.objects.all().delete()

    stored = store(
        [arrival(device, message(reading(1, T_MS), reading(2, T_MS + 5_000, co2_ppm=5.0), reading(3, T_MS + 10_000)))]
    )

    assert outcome(stored) == (1, 1, {Reason.CONFLICT: 1})


def test_new_readings_are_not_compared() -> None:
    device, seen = make_device(), list[str]()
    load = conflicts.sql.load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conflicts.sql, "load", lambda app, name: seen.append(name) or load(app, name))
        store([arrival(device, message(reading(1, T_MS)))])

    assert "find_duplicates" in seen
    assert "compare_stored" not in seen
