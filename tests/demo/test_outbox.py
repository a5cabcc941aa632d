"""The outbox of a device: what it keeps, when it sends, what it gives up."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.outbox import BACKLOG_BATCH, FILL_BATCH, LIVE_BATCH, WINDOW, Outbox, OutgoingBatch

STREAM = 7
INTERVAL_MS = 5_000


def make_outbox(count: int = 0, **fields: int) -> Outbox:
    outbox = Outbox(stream=STREAM, interval_ms=INTERVAL_MS, **fields)
    for _number in range(count):
        outbox.add((outbox.last_seq + 1) * INTERVAL_MS)
    return outbox


def seqs(batch: OutgoingBatch | None) -> list[int]:
    assert batch is not None
    return [entry.seq for entry in batch.entries]


def send_all(outbox: Outbox, now_s: float) -> list[list[int]]:
    sent = []
    while (batch := outbox.next_batch(now_s)) is not None:
        sent.append(seqs(batch))
    return sent


def settle(outbox: Outbox, *ranges: tuple[int, int]) -> None:
    outbox.settle(STREAM, ranges, [])


def answer(outbox: Outbox, answered: list[int]) -> None:
    """Name exactly these, as the server does: a resend may hold readings that are not neighbours."""
    settle(outbox, *((seq, seq) for seq in answered))


def test_readings_get_seqs_without_holes_and_go_out_live() -> None:
    outbox = make_outbox(3)

    batch = outbox.next_batch(0.0)

    assert seqs(batch) == [1, 2, 3]
    assert batch is not None
    assert not batch.is_replay
    assert outbox.next_batch(0.0) is None


def test_only_committed_frees_a_reading() -> None:
    outbox = make_outbox(3)
    send_all(outbox, 0.0)

    assert len(outbox) == 3
    settle(outbox, (1, 2))
    assert len(outbox) == 1
    settle(outbox, (1, 2_000_000_000))
    assert len(outbox) == 0


def test_answer_to_another_stream_frees_nothing() -> None:
    outbox = make_outbox(3)

    outbox.settle(STREAM + 1, [(1, 3)], [(1, 3, "too_old")])

    assert len(outbox) == 3
    assert outbox.refused_count == 0


def test_after_an_outage_backlog_goes_in_batches_and_the_last_place_is_for_live_readings() -> None:
    outbox = make_outbox(200)

    sent = send_all(outbox, 0.0)

    assert [len(part) for part in sent] == [BACKLOG_BATCH] * (WINDOW - 1) + [LIVE_BATCH]
    assert sent[0][0] == 1
    assert sent[-1] == list(range(200 - LIVE_BATCH + 1, 201))


def test_fill_of_the_start_goes_in_large_batches_marked_as_replay() -> None:
    outbox = Outbox(stream=STREAM, interval_ms=INTERVAL_MS)
    outbox.add_fill(range(0, 360 * INTERVAL_MS, INTERVAL_MS))

    batch = outbox.next_batch(0.0)

    assert seqs(batch) == list(range(1, 361))
    assert len(seqs(batch)) <= FILL_BATCH
    assert batch is not None
    assert batch.is_replay


def test_unanswered_message_is_sent_again_after_15_s_doubling_to_5_min() -> None:
    outbox = make_outbox(1)
    sent_at_s = []
    for now_s in range(1_500):
        outbox.expire(float(now_s))
        if outbox.next_batch(float(now_s)) is not None:
            sent_at_s.append(now_s)

    waits = [later - earlier for earlier, later in itertools.pairwise(sent_at_s)]
    assert waits[:6] == [15, 30, 60, 120, 240, 300]
    assert set(waits[6:]) <= {300}


def test_while_nobody_answers_nothing_is_given_up_and_the_window_bounds_what_is_sent() -> None:
    outbox = make_outbox()
    for now_s in range(0, 7_200, 5):
        outbox.add(now_s * 1_000)
        outbox.expire(float(now_s))
        send_all(outbox, float(now_s))

    assert len(outbox) == 1_440
    assert outbox.refused_count == 0


def test_lost_connection_makes_everything_wait_again_at_once() -> None:
    outbox = make_outbox(5)
    send_all(outbox, 0.0)

    outbox.connection_lost()

    batch = outbox.next_batch(1.0)
    assert seqs(batch) == [1, 2, 3, 4, 5]
    assert batch is not None
    assert batch.is_replay


def test_reading_that_no_server_ever_answers_is_given_up_and_holds_up_no_other() -> None:
    outbox = make_outbox()
    poison = 3
    for now_s in range(0, 12_000, 5):
        outbox.add(now_s * 1_000)
        outbox.expire(float(now_s))
        for sent in send_all(outbox, float(now_s)):
            if poison not in sent:  # the server chokes on every message that holds it
                answer(outbox, sent)

    assert len(outbox) == 0
    assert list(outbox.refused) == [(poison, "no_answer")]


def test_refused_readings_are_moved_aside_and_counted() -> None:
    outbox = make_outbox(100)
    outbox.settle(STREAM, [], [(1, 100, "too_old")])

    assert len(outbox) == 0
    assert outbox.refused_count == 100
    assert list(outbox.refused) == [(seq, "too_old") for seq in range(37, 101)]  # the last 64


def test_full_outbox_loses_its_oldest_and_counts_it() -> None:
    outbox = make_outbox(10, capacity=8)

    assert len(outbox) == 8
    assert outbox.lost_count == 2
    assert seqs(outbox.next_batch(0.0)) == list(range(3, 11))


@pytest.mark.parametrize(
    ("answered", "settled"),
    [([], None), ([(1, 2)], (2, 2 * INTERVAL_MS)), ([(2, 5)], None), ([(1, 5)], (5, 5 * INTERVAL_MS))],
)
def test_settled_names_the_point_up_to_which_all_is_answered(
    answered: list[tuple[int, int]], settled: tuple[int, int] | None
) -> None:
    outbox = make_outbox(5)
    send_all(outbox, 0.0)

    settle(outbox, *answered)

    assert outbox.settled == settled


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_gets_lost_every_reading_arrives_once_the_server_answers(seed: int) -> None:
    chance = random.Random(seed)
    outbox = make_outbox()
    arrived: set[int] = set()
    now_s = 0.0
    for _step in range(120):
        now_s += chance.choice([1.0, 5.0, 20.0])
        outbox.add(int(now_s * 1_000))
        outbox.expire(now_s)
        for sent in send_all(outbox, now_s):
            fate = chance.choice(["lost", "unanswered", "answered", "partly"])
            if fate == "lost":
                continue
            arrived.update(sent)
            if fate != "unanswered":
                answer(outbox, sent if fate == "answered" else sent[: len(sent) // 2])
        if chance.random() < 0.1:
            outbox.connection_lost()

    while len(outbox):
        now_s += 1.0
        outbox.expire(now_s)
        for sent in send_all(outbox, now_s):
            arrived.update(sent)
            answer(outbox, sent)

    given_up = {seq for seq, _reason in outbox.refused}
    assert arrived | given_up == set(range(1, outbox.last_seq + 1))
    assert len(given_up) <= outbox.last_seq // 20  # in spite of half of all messages going unanswered
