"""A batch is due by its size in readings or the age of its oldest message, whichever comes first."""

from mqtt_ingest.batch import Batch
from mqtt_ingest.identify import Arrival
from tests.mqtt_ingest.build import arrival_of, message, reading, received
from tests.mqtt_ingest.fakes import Clock


def arrival(count: int) -> Arrival:
    one = received("litein-1", message(*(reading(seq) for seq in range(1, count + 1))))
    return arrival_of(one)


def test_an_empty_batch_is_never_due() -> None:
    batch = Batch(clock=Clock())

    assert batch.seconds_left() is None
    assert not batch.is_due()


def test_a_batch_is_due_by_the_age_of_its_first_message() -> None:
    clock = Clock()
    batch = Batch(age_limit_s=0.05, clock=clock)
    batch.add(arrival(1))
    clock.now_s = 0.04
    batch.add(arrival(1))
    assert not batch.is_due()

    clock.now_s = 0.05

    assert batch.is_due()


def test_a_batch_is_due_by_its_readings() -> None:
    batch = Batch(size_limit_count=10, clock=Clock())
    batch.add(arrival(9))
    assert not batch.is_due()

    batch.add(arrival(1))

    assert batch.is_due()
    assert len(batch.take()) == 2
    assert not batch.is_due()
