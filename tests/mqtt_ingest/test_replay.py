"""A foreign sensor in the pipe: refused first, then read by its profile; replayed once, whoever asks how often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from devices.profiles import save_profile
from emissions.models import ChannelMinute, Emission, SensorChannel
from mqtt_ingest.models import RejectedGroup, RejectedMessage
from mqtt_ingest.queries import counters
from mqtt_ingest.replay import preview, replay, why_not
from tests import make
from tests.make import make_device, make_factory
from tests.mqtt_ingest.build import adds_up, arrival, message, now_ms, reading
from tests.mqtt_ingest.foreign_build import MAPPINGS, Pipe, give_profile, payload, profile_input, sensor

pytestmark = pytest.mark.django_db


def groups() -> list[RejectedGroup]:
    return list(RejectedGroup.objects.all())


def test_a_foreign_message_becomes_a_stored_reading_and_a_repeat_changes_nothing() -> None:
    device = make_device(device_id="kiln-1", interval_s=300)
    give_profile(device)
    pipe, at_ms = Pipe(), now_ms() // 1000 * 1000

    pipe.take(sensor("kiln-1", payload(at_ms)), sensor("kiln-1", b"Online", "LWT"))
    pipe.take(sensor("kiln-1", payload(at_ms)))

    row = Emission.objects.get()
    assert (row.device_id, row.stream, row.seq, row.interval_s) == (device.pk, -(2**31), 0, 300)
    assert (row.co2_ppm, row.temperature_c, row.flags) == (93_250, 181.5, 0)
    assert row.velocity_ms == pytest.approx(3.21)  # 11.556 km/h / 3.6
    assert round(row.timestamp.timestamp() * 1000) == at_ms
    assert pipe.receiver.filters == ["tele/+/LWT", "tele/+/SENSOR"]
    assert not pipe.receiver.published  # it does not know our answers
    device.refresh_from_db()
    assert device.reported_online
    assert (counters().stored, counters().duplicate, counters().rejected) == (1, 1, {})


def test_two_organisations_with_one_pattern_each_read_their_own_sensor() -> None:
    ours, theirs = make_device(device_id="ours-1"), make_device(device_id="theirs-1")
    give_profile(ours)
    give_profile(theirs, mappings=[{"path": "SCD40.CarbonDioxide", "field": "co2_ppm", "unit": "%"}], time_path="")

    Pipe().take(sensor("ours-1", payload()), sensor("theirs-1", payload(co2_ppm=5)))

    found = dict(Emission.objects.values_list("device_id", "co2_ppm"))
    assert found == {ours.pk: 93_250, theirs.pk: 50_000}


def test_unknown_devices_and_such_without_a_profile_are_refused_with_that_reason() -> None:
    give_profile(make_device(device_id="kiln-1"))
    make_device(device_id="native-1")

    Pipe().take(sensor("nobody-1", payload()), sensor("native-1", payload()), sensor("a/b", payload()))

    found = set(RejectedGroup.objects.values_list("topic_device_id", "reason"))
    assert ("nobody-1", "unknown_device") in found
    assert ("native-1", "no_profile") in found
    assert not Emission.objects.exists()
    assert adds_up()


def test_rejected_first_then_mapped_previewed_and_replayed_once() -> None:
    device = make_device(device_id="kiln-1", interval_s=300)
    profile = give_profile(device, mappings=[])
    began_ms = now_ms() // 1000 * 1000 - 600_000
    pipe = Pipe()
    pipe.take(*(sensor("kiln-1", payload(began_ms + n * 10_000)) for n in range(5)))
    assert counters().rejected == {"no_profile": 5}
    kept = RejectedMessage.objects.order_by("pk").first()
    assert kept is not None
    tried = profile_input()
    device.refresh_from_db()

    assert "maps no path" in preview(kept, device).problem
    save_profile(device.factory.organisation, tried, None, profile)
    device.refresh_from_db()
    seen = preview(kept, device)
    first, again = replay(groups()), replay(groups())

    assert (seen.problem, seen.values["co2_ppm"], seen.values["velocity_ms"]) == ("", 93_250, pytest.approx(3.21))
    assert (first.messages, first.received, first.stored, first.rejected) == (5, 5, 5, {})
    assert (again.messages, again.stored) == (0, 0)
    assert Emission.objects.count() == 5
    assert RejectedGroup.objects.get().count == 5  # a replay is not refused again, nor counted again as refused
    device.refresh_from_db()
    assert device.profile is not None
    assert device.profile.version == 2
    assert adds_up()


def test_a_replay_that_is_refused_again_leaves_the_messages_and_makes_no_more() -> None:
    device = make_device(device_id="kiln-1")
    give_profile(device, mappings=[])
    Pipe().take(sensor("kiln-1", payload()))

    result = replay(groups())

    assert (result.messages, result.stored, result.rejected) == (1, 0, {"no_profile": 1})
    assert RejectedMessage.objects.filter(replayed_at=None).count() == 1
    assert RejectedGroup.objects.get().count == 1


def test_a_native_message_with_one_bad_reading_replays_as_duplicates_and_that_reading() -> None:
    from mqtt_ingest.store import store

    device = make_device()
    later = reading(3, now_ms() + 130_000)
    store([arrival(device, message(reading(1), reading(2), later), received_ms=now_ms() - 20_000)])

    result = replay(groups())  # its clock was 150 s ahead when it came

    assert (result.received, result.duplicate, result.rejected) == (3, 2, {"future_time": 1})
    assert adds_up()


def test_a_clock_that_was_ahead_stays_wrong_however_late_the_replay_is() -> None:
    """Stored now, the readings would stand half an hour after they were measured."""
    from mqtt_ingest.store import store

    device = make_device()
    ahead = reading(1, now_ms() - 1_800_000)
    store([arrival(device, message(ahead), received_ms=now_ms() - 3_600_000)])

    result = replay(groups())

    assert (result.stored, result.rejected) == (0, {"future_time": 1})


def test_a_device_registered_later_gets_what_was_refused_before() -> None:
    give_profile(make_device(device_id="other-1"), name="of another")
    Pipe().take(sensor("kiln-1", payload()))
    assert replay(groups()).impossible == 1
    give_profile(make_device(device_id="kiln-1"))

    assert replay(groups()).stored == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"payload_bytes": 9000}, "longer than is kept: 9000 bytes"),
        ({"topic": "POST /api/emissions/"}, "over HTTP"),
        ({"topic": "carbontrack/v1/kiln-1/status"}, "its moment"),
    ],
)
def test_what_cannot_be_replayed_says_why(fields: dict[str, object], why: str) -> None:
    make_device(device_id="kiln-1")
    row = make.make_rejected("kiln-1", **fields)

    assert why in why_not(row)
    assert replay(groups()).impossible == 1


def test_what_cannot_be_read_again_stands_before_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    device = make_device(device_id="kiln-1")
    profile = give_profile(device, mappings=[])
    monkeypatch.setattr("mqtt_ingest.replay.PART_COUNT", 2)
    for minutes in (9, 8, 7):
        make.make_rejected("kiln-1", received_at=timezone.now() - timedelta(minutes=minutes), payload_bytes=9000)
    Pipe().take(sensor("kiln-1", payload()))
    save_profile(device.factory.organisation, profile_input(), None, profile)

    result = replay(groups())

    assert (result.stored, result.impossible) == (1, 3)


def test_channels_are_stored_by_the_minute_and_a_repeat_changes_nothing() -> None:
    device = make_device(device_id="kiln-1", factory=make_factory())
    steam = {"path": "Steam", "field": "channel:steam", "unit": "t/h"}
    give_profile(device, mappings=[*MAPPINGS, steam])
    pipe, at_ms = Pipe(), now_ms() // 60_000 * 60_000 - 120_000

    pipe.take(*(sensor("kiln-1", payload(at_ms + s * 1000, Steam=2 + s / 100)) for s in (50, 0, 10, 70)))
    pipe.take(sensor("kiln-1", payload(at_ms + 10_000, Steam=2.1)))

    channel = SensorChannel.objects.get()
    assert (channel.device_id, channel.code, channel.unit, channel.kind) == (device.pk, "steam", "kg/h", "rate")
    assert [m.amount for m in ChannelMinute.objects.order_by("minute")] == [2500, 2700]
    assert Emission.objects.count() == 4
