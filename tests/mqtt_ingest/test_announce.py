"""`committed`: first answer at once, later ones gathered for 2 s; everything that has a name is answered."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mqtt_ingest.announce import INTERVAL_S, Announcer, merge
from tests.mqtt_ingest.build import STREAM, arrival_of, message, now_ms, reading, received
from tests.mqtt_ingest.fakes import Clock, InMemoryReceiver


class Scene:
    def __init__(self, pause_s: float = 0.0) -> None:
        self.receiver, self.clock, self.pause_s = InMemoryReceiver(), Clock(50.0), pause_s
        self.announcer = Announcer(self.receiver, self.clock, lambda arrival: self.pause_s)

    def commit(self, payload: bytes, device_id: str = "litein-1") -> None:
        one = received(device_id, payload)
        self.announcer.announce([arrival_of(one)])

    def said(self) -> list[dict[str, object]]:
        return [json.loads(payload) for _, payload in self.receiver.published]


def test_the_first_answer_goes_at_once_and_to_the_device() -> None:
    scene = Scene()

    scene.commit(message(reading(1), reading(2), reading(4)))

    assert scene.receiver.published[0][0] == "carbontrack/v1/litein-1/committed"
    assert scene.said() == [{"v": 1, "stream": STREAM, "ranges": [[1, 2], [4, 4]], "refused": []}]


def test_later_answers_are_gathered_for_two_seconds() -> None:
    scene = Scene()
    scene.commit(message(reading(1)))

    for seq in (2, 3, 4):
        scene.clock.now_s += 0.5
        scene.commit(message(reading(seq)))
    assert len(scene.said()) == 1
    scene.clock.now_s += INTERVAL_S
    scene.announcer.send_due()

    assert scene.said()[1]["ranges"] == [[2, 4]]


def test_one_device_does_not_wait_for_another() -> None:
    scene = Scene()

    scene.commit(message(reading(1)), "litein-1")
    scene.commit(message(reading(1)), "litein-2")

    assert len(scene.said()) == 2


def test_refused_readings_are_named_with_their_reason() -> None:
    scene = Scene()
    late = now_ms() + 600_000
    mean = {"span_s": 60, "n": 2, "seq_from": 7}

    scene.commit(
        message(reading(1), reading(2, late), reading(3, late), reading(4, co2_ppm="x"), reading(8, late, **mean))
    )

    (answer,) = scene.said()
    assert answer["ranges"] == [[1, 1]]
    assert answer["refused"] == [[2, 3, "future_time"], [4, 4, "bad_schema"], [7, 8, "future_time"]]


def test_a_mean_frees_all_readings_that_it_covers() -> None:
    scene = Scene()

    scene.commit(message(reading(22, span_s=60, n=12, seq_from=11)))

    assert scene.said()[0]["ranges"] == [[11, 22]]


def test_what_has_no_name_gets_no_answer() -> None:
    scene = Scene()

    scene.commit(b"{")

    assert scene.said() == []


def test_nothing_is_lost_while_the_broker_is_away() -> None:
    scene = Scene()
    scene.receiver.is_connected = False
    scene.commit(message(reading(1)))
    scene.commit(message(reading(2)))

    scene.receiver.is_connected = True
    scene.announcer.send_due()

    assert scene.said()[0]["ranges"] == [[1, 2]]


def test_the_last_call_sends_all_that_waits() -> None:
    scene = Scene()
    scene.commit(message(reading(1)))
    scene.commit(message(reading(2)))

    scene.announcer.send_due(is_last=True)

    assert [answer["ranges"] for answer in scene.said()] == [[[1, 1]], [[2, 2]]]


def test_an_answer_that_is_put_off_goes_when_its_time_has_come_and_others_do_not_wait_for_it() -> None:
    scene = Scene(pause_s=30.0)
    scene.commit(message(reading(1), reading(2)))
    scene.pause_s = 0.0
    scene.commit(message(reading(9)))
    assert [answer["ranges"] for answer in scene.said()] == [[[9, 9]]]

    scene.clock.now_s += 29.0
    scene.announcer.send_due()
    assert [answer["ranges"] for answer in scene.said()] == [[[9, 9]]]
    scene.clock.now_s += 1.0
    scene.announcer.send_due()

    assert [answer["ranges"] for answer in scene.said()] == [[[9, 9]], [[1, 2]]]


def test_what_is_put_off_is_said_at_the_end_too() -> None:
    scene = Scene(pause_s=30.0)
    scene.commit(message(reading(1)))

    scene.announcer.send_due(is_last=True)

    assert [answer["ranges"] for answer in scene.said()] == [[[1, 1]]]


def test_each_stream_is_answered_apart() -> None:
    scene = Scene()
    scene.commit(message(reading(1), stream=1))
    scene.commit(message(reading(1), stream=2))
    scene.commit(message(reading(1), stream=3))

    scene.announcer.send_due(is_last=True)

    assert [answer["stream"] for answer in scene.said()] == [1, 2, 3]


def test_a_long_answer_is_split() -> None:
    scene = Scene()

    scene.commit(message(*(reading(seq) for seq in range(1, 501, 2))))

    assert [len(answer["ranges"]) for answer in scene.said()] == [100, 100, 50]


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 5)).map(lambda x: (x[0], x[0] + x[1]))))
def test_merged_ranges_name_the_same_numbers_in_fewest_ranges(ranges: list[tuple[int, int]]) -> None:
    merged = merge(ranges)

    named = {n for low, high in ranges for n in range(low, high + 1)}
    assert {n for low, high in merged for n in range(low, high + 1)} == named
    assert all(before[1] + 1 < after[0] for before, after in pairwise(merged))
