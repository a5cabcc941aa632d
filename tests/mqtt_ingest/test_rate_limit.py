"""A device may send a burst, then so many readings per second; other devices are not affected."""

import json

import pytest

from emissions.channels import ChannelValue
from emissions.derive import moment
from emissions.models import MeasuredAs
from mqtt_ingest.announce import Announcer
from mqtt_ingest.choices import Reason
from mqtt_ingest.identify import Arrival
from mqtt_ingest.messages import ParsedMessage
from mqtt_ingest.rate_limit import TokenBuckets, limit_rate, pause_s
from mqtt_ingest.topics import Kind
from tests.mqtt_ingest.build import BEGAN_MS, arrival_of, message, now_ms, reading, received
from tests.mqtt_ingest.fakes import Clock, InMemoryReceiver


def arrival(device_id: str = "litein-1", payload: bytes | None = None) -> Arrival:
    one = received(device_id, payload or message(reading(1), reading(2)))
    return arrival_of(one)


def arrival_at(received_ms: int, payload: bytes) -> Arrival:
    one = received("litein-1", payload, received_ms=received_ms)
    return arrival_of(one)


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = Clock()
    buckets = TokenBuckets(rate_per_s=10, burst=100, clock=clock)

    passed = sum(buckets.take("a", 1) for _ in range(150))
    clock.now_s = 2.0
    later = sum(buckets.take("a", 1) for _ in range(150))

    assert (passed, later) == (100, 20)


def test_one_device_does_not_spend_what_is_anothers() -> None:
    buckets = TokenBuckets(rate_per_s=1, burst=2, clock=Clock())
    buckets.take("a", 2)

    assert not buckets.take("a", 1)
    assert buckets.take("b", 2)


def test_a_message_larger_than_a_full_bucket_passes_when_it_is_full() -> None:
    buckets = TokenBuckets(rate_per_s=1, burst=2, clock=Clock())

    assert buckets.take("a", 500)
    assert not buckets.take("a", 1)


def test_what_is_above_the_rate_is_counted_and_not_named() -> None:
    buckets = TokenBuckets(rate_per_s=1, burst=2, clock=Clock())
    payload = message(reading(1, BEGAN_MS), reading(2, co2_ppm="x"))

    first, second = limit_rate(buckets, arrival()), limit_rate(buckets, arrival(payload=payload))

    assert len(first.parsed.readings) == 2
    assert len(second.parsed.rejections) == 2
    assert {(r.reason, r.stream, r.seq) for r in second.parsed.rejections} == {(Reason.RATE_LIMITED, None, None)}
    assert {r.t for r in second.parsed.rejections} == {None, BEGAN_MS}  # of a device that the broker kept waiting
    assert "1 readings/s" in second.parsed.rejections[0].detail


def test_each_value_of_a_channel_costs_a_token() -> None:
    buckets = TokenBuckets(rate_per_s=1, burst=5, clock=Clock())
    flow = ChannelValue(1, "steam", "kg/h", MeasuredAs.RATE, moment(BEGAN_MS), 2_000.0)
    parsed = ParsedMessage(Kind.READINGS, "kiln-1", channels=(flow, flow, flow), is_foreign=True)
    one = Arrival(received("kiln-1", b"{}"), parsed, None)

    first, second = limit_rate(buckets, one), limit_rate(buckets, one)

    assert len(first.parsed.channels) == 3
    assert (second.parsed.channels, second.parsed.rejections[0].reason) == ((), Reason.RATE_LIMITED)


def test_an_unreadable_message_costs_a_token_too() -> None:
    buckets = TokenBuckets(rate_per_s=1, burst=1, clock=Clock())

    reasons = [limit_rate(buckets, arrival(payload=b"{")).parsed.rejections[0].reason for _ in range(2)]

    assert reasons == [Reason.NOT_JSON, Reason.RATE_LIMITED]


def test_a_status_costs_as_much_as_twenty_readings() -> None:
    clock = Clock()
    buckets = TokenBuckets(rate_per_s=200, burst=200, clock=clock)
    one = received("litein-1", {"v": 1, "online": True}, "status")
    status = arrival_of(one)

    at_once = [limit_rate(buckets, status) for _ in range(30)]
    clock.now_s = 1.0
    a_second_later = [limit_rate(buckets, status) for _ in range(30)]

    for passed in (at_once, a_second_later):
        assert sum(not one.parsed.rejections for one in passed) == 10
    assert at_once[-1].parsed.rejections[0].reason == Reason.RATE_LIMITED
    assert at_once[-1].parsed.other == {}


def test_made_up_ids_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mqtt_ingest.rate_limit.CAPACITY_COUNT", 10)
    clock = Clock()
    buckets = TokenBuckets(rate_per_s=1, burst=1, clock=clock)

    for number in range(100):
        clock.now_s += 0.5
        buckets.take(f"made-up-{number}", 1)

    assert len(buckets._buckets) <= 10


def test_what_waited_for_the_database_is_not_taken_for_a_burst() -> None:
    clock = Clock()
    buckets = TokenBuckets(rate_per_s=1, burst=2, clock=clock)
    clock.now_s = 60.0
    came_ms = [now_ms() - 60_000 + 2_000 * number for number in range(30)]

    limited = [limit_rate(buckets, arrival_at(received_ms, message(reading(1), reading(2)))) for received_ms in came_ms]

    assert not any(one.parsed.rejections for one in limited)


def test_a_message_that_was_overtaken_earns_nothing_twice() -> None:
    clock = Clock()
    buckets = TokenBuckets(rate_per_s=1, burst=10, clock=clock)
    buckets.take("a", 10)
    clock.now_s = 5.0

    assert buckets.take("a", 5)
    assert not buckets.take("a", 1, waited_s=4.0)
    assert not buckets.take("a", 1)


def test_it_is_known_when_a_bucket_will_hold_enough() -> None:
    clock = Clock()
    buckets = TokenBuckets(rate_per_s=10, burst=100, clock=clock)
    assert buckets.seconds_until("a", 50) == 0

    buckets.take("a", 80)
    clock.now_s = 1.0

    assert buckets.seconds_until("a", 50) == 2.0
    assert buckets.seconds_until("a", 30) == 0


def test_the_answer_to_what_is_measured_now_is_never_put_off() -> None:
    buckets = TokenBuckets(rate_per_s=1, burst=100, clock=Clock())
    buckets.take("litein-1", 100)
    large = message(*(reading(seq) for seq in range(1, 401)))

    assert pause_s(buckets, arrival()) == 0
    assert pause_s(buckets, arrival(payload=large)) == 50


def test_what_the_broker_kept_during_an_outage_of_ours_costs_a_device_no_reading() -> None:
    """Four messages of 250 were sent again after 15, 45, 105, 225 and 465 s: 6 * 1,000 = 6,000 come at once."""
    clock, receiver = Clock(), InMemoryReceiver()
    buckets = TokenBuckets(rate_per_s=200, burst=5_000, clock=clock)
    announcer = Announcer(receiver, clock, lambda one: pause_s(buckets, one))
    backlog = [message(*(reading(seq) for seq in range(first, first + 250))) for first in (1, 251, 501, 751)]
    live = message(reading(1_001))

    limited = [limit_rate(buckets, arrival(payload=payload)) for payload in [*backlog * 6, live]]
    announcer.announce(limited)
    clock.now_s = 15.0
    announcer.send_due()
    sent_again = limit_rate(buckets, arrival(payload=live))

    assert sum(len(one.parsed.rejections) for one in limited) == 1_001  # the last copies, and what is new after them
    answers = [json.loads(payload) for _topic, payload in receiver.published]
    assert [answer["ranges"] for answer in answers] == [[[1, 1_000]]]
    assert [answer["refused"] for answer in answers] == [[]]
    assert not sent_again.parsed.rejections


@pytest.mark.parametrize("count", [30, 400])
def test_a_device_that_waits_for_its_answers_brings_any_outage_home_unrefused(count: int) -> None:
    clock, receiver = Clock(), InMemoryReceiver()
    buckets = TokenBuckets(rate_per_s=200, burst=5_000, clock=clock)
    announcer = Announcer(receiver, clock, lambda one: pause_s(buckets, one))
    t_ms = now_ms()
    messages = [
        message(*(reading(seq, t_ms) for seq in range(first, min(first + count, 20_001))))
        for first in range(1, 20_001, count)
    ]
    on_their_way = answered = 0
    while answered < 20_000 and clock.now_s < 120:
        while messages and on_their_way < 1_200:
            limited = limit_rate(buckets, arrival(payload=messages.pop(0)))
            assert not limited.parsed.rejections
            announcer.announce([limited])
            on_their_way += len(limited.parsed.readings)
        for _topic, payload in receiver.published:
            named = sum(high - low + 1 for low, high in json.loads(payload)["ranges"])
            answered, on_their_way = answered + named, on_their_way - named
        receiver.published.clear()
        clock.now_s += 0.1
        announcer.send_due()

    assert answered == 20_000
