"""The bounded queue between client and pipeline."""

import random
import threading

from hypothesis import given
from hypothesis import strategies as st

from mqtt_ingest.receive import SMALL_LIMIT_BYTES, TAKE_LIMIT_BYTES, UNSETTLED_LIMIT_COUNT, BoundedQueue, Received

LARGE_BYTES = 60_000


def one(number: int, size: int = 10) -> Received:
    return Received(str(number), b"x" * size, number)


def test_messages_come_out_in_the_order_they_went_in() -> None:
    queue = BoundedQueue()
    queue.put([one(1), one(2)])
    queue.put([one(3)])

    assert queue.oldest_ms == 1
    assert [m.topic for m in queue.take(0)] == ["1", "2", "3"]
    assert queue.oldest_ms is None


def test_queue_is_full_by_number() -> None:
    queue = BoundedQueue(limit_count=3)
    queue.put([one(1), one(2)])
    assert not queue.is_full

    queue.put([one(3)])

    assert queue.is_full


def test_queue_is_full_by_bytes_and_has_room_when_they_are_taken() -> None:
    queue = BoundedQueue(limit_bytes=100_000)
    queue.put([one(1, 60_000), one(2, 60_000)])
    assert queue.is_full

    queue.take(0)

    assert not queue.is_full


def test_queue_is_full_by_what_is_unsettled_and_has_room_when_it_is() -> None:
    queue = BoundedQueue(limit_count=2 * UNSETTLED_LIMIT_COUNT)
    messages = [one(n) for n in range(UNSETTLED_LIMIT_COUNT)]
    queue.put(messages)
    while queue.take(0):
        pass
    assert queue.is_full

    queue.settle(messages[:1])

    assert not queue.is_full


def test_a_backlog_is_taken_in_bounded_portions() -> None:
    queue = BoundedQueue()
    queue.put([one(n, 60_000) for n in range(100)])

    taken = queue.take(0)

    assert sum(len(m.payload) for m in taken) < TAKE_LIMIT_BYTES + 60_000
    assert len(queue) == 100 - len(taken)


def test_take_waits_for_a_message_and_not_longer() -> None:
    queue = BoundedQueue()
    threading.Timer(0.05, queue.put, [[one(1)]]).start()

    assert [m.topic for m in queue.take(10)] == ["1"]
    assert queue.take(0.01) == []


def test_small_messages_overtake_large_ones() -> None:
    queue = BoundedQueue()
    queue.put([one(n, LARGE_BYTES) for n in range(30)])
    queue.put([one(100), one(101, SMALL_LIMIT_BYTES)])

    assert [m.topic for m in queue.take(0)][:3] == ["100", "101", "0"]


def test_large_messages_get_half_of_what_is_taken_however_many_small_ones_wait() -> None:
    queue = BoundedQueue()
    queue.put([one(n, SMALL_LIMIT_BYTES) for n in range(2_000)] + [one(n, LARGE_BYTES) for n in range(100)])

    taken = queue.take(0)

    assert sum(len(m.payload) for m in taken if len(m.payload) == LARGE_BYTES) >= TAKE_LIMIT_BYTES / 2


def test_the_age_of_the_queue_is_that_of_its_oldest_message_small_or_large() -> None:
    queue = BoundedQueue()
    queue.put([one(5, LARGE_BYTES), one(7)])
    assert queue.oldest_ms == 5

    queue = BoundedQueue()
    queue.put([one(5), one(7, LARGE_BYTES)])
    assert queue.oldest_ms == 5


def test_messages_are_acknowledged_in_the_order_they_came() -> None:
    queue = BoundedQueue()
    large, *small = [one(1, LARGE_BYTES), one(2), one(3)]
    queue.put([large, *small])

    assert queue.settle(small) == []
    assert (queue.unsettled_count, queue.oldest_unsettled_ms) == (3, 1)
    assert queue.settle([large]) == [large, *small]
    assert (queue.unsettled_count, queue.oldest_unsettled_ms) == (0, None)


def test_equal_messages_are_settled_one_by_one() -> None:
    queue = BoundedQueue()
    twins = [one(1), one(1)]
    queue.put(twins)

    assert queue.settle(twins[1:]) == []
    assert queue.settle(twins[:1]) == twins


@given(sizes=st.lists(st.sampled_from([10, SMALL_LIMIT_BYTES, LARGE_BYTES]), max_size=60), seed=st.integers(0, 2**32))
def test_whatever_comes_is_taken_once_and_acknowledged_once_in_order(sizes: list[int], seed: int) -> None:
    queue, rng = BoundedQueue(), random.Random(seed)
    messages = [one(n, size) for n, size in enumerate(sizes)]
    waiting = list(messages)
    taken: list[Received] = []
    done: list[Received] = []
    while len(done) < len(messages):
        queue.put([waiting.pop(0) for _ in range(rng.randint(0, len(waiting)))])
        taken += queue.take(0)
        rng.shuffle(taken)
        done += queue.settle([taken.pop() for _ in range(rng.randint(0, len(taken)))])

    assert done == messages
    assert (len(queue), queue.unsettled_count) == (0, 0)
