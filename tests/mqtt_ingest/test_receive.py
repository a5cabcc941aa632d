"""The bounded queue between client and pipeline."""

import threading

from mqtt_ingest.receive import TAKE_LIMIT_BYTES, BoundedQueue, Received


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
