"""The outbox of a device: readings without an answer in `committed`, and when to send them.

The rules are those of `docs/wire-format.md`, like in a real device. It keeps only sequence numbers and times,
because the simulator computes the same values again for the same time. No sockets, no clock: callers pass
`now_s`, the seconds of a clock that never jumps.

1. A reading leaves the outbox when `committed` names its seq; a broker's acknowledgement means nothing here.
2. At most WINDOW messages are unanswered; the last place in the window is for live readings only.
3. An unanswered message is sent again after 15 s, then after twice that, up to 5 min.
4. That counts against a reading only if something sent after it was answered. After five such cases it is sent alone.
If that happens five more times when sent alone, it is given up as `no_answer`.
5. A full outbox drops its oldest reading and counts the loss. A real device would first reduce readings to means.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

WINDOW = 4
LIVE_BATCH = 12
BACKLOG_BATCH = 30
# Ingest takes 500 readings and 64 KiB in a message; this many of ours are 50 KB.
FILL_BATCH = 400
FIRST_RESEND_S, LONGEST_RESEND_S = 15.0, 300.0
PASSED_OVER_LIMIT = 5
REFUSED_KEPT = 64
CAPACITY = 2_880  # four hours at 5 s


@dataclass(slots=True, eq=False)
class Entry:
    """One reading that has no answer yet."""

    seq: int
    t_ms: int
    attempts: int = 0
    passed_over: int = 0  # how often something sent later was answered first


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    """What to put into one message."""

    entries: tuple[Entry, ...]
    is_replay: bool


@dataclass(slots=True)
class _Flight:
    """A sent message: its unanswered readings, and when to try again."""

    number: int
    entries: dict[int, Entry]
    resend_at_s: float


@dataclass(slots=True)
class Outbox:
    """The unanswered readings of one stream."""

    stream: int
    interval_ms: int
    capacity: int = CAPACITY
    last_seq: int = 0
    last_t_ms: int = 0
    lost_count: int = 0
    refused_count: int = 0
    refused: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REFUSED_KEPT))
    _entries: dict[int, Entry] = field(default_factory=dict)  # by seq, ascending
    _fresh: deque[Entry] = field(default_factory=deque)  # never sent
    _again: deque[Entry] = field(default_factory=deque)  # sent before, ascending
    _flights: dict[int, _Flight] = field(default_factory=dict)
    _flight_of: dict[int, int] = field(default_factory=dict)  # seq -> flight number
    _sent_count: int = 0
    _latest_answered: int = 0
    _filled_to_seq: int = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def settled(self) -> tuple[int, int] | None:
        """The seq and time up to which every reading has its answer; None when not even the first has."""
        oldest = next(iter(self._entries.values()), None)
        if oldest is None:
            return (self.last_seq, self.last_t_ms) if self.last_seq else None
        return (oldest.seq - 1, oldest.t_ms - self.interval_ms) if oldest.seq > 1 else None

    def add(self, t_ms: int) -> None:
        """Keep a reading measured just now, under the next seq."""
        if len(self._entries) >= self.capacity:
            self._drop_oldest()
        self.last_seq += 1
        self.last_t_ms = t_ms
        entry = Entry(self.last_seq, t_ms)
        self._entries[entry.seq] = entry
        self._fresh.append(entry)

    def add_fill(self, times_ms: Iterable[int]) -> None:
        """Keep readings from before the device could send: they go out in large batches."""
        for t_ms in times_ms:
            self.add(t_ms)
        self._filled_to_seq = self.last_seq

    def next_batch(self, now_s: float) -> OutgoingBatch | None:
        """The next message to send, or None. The returned message counts as sent."""
        has_place = len(self._flights) < WINDOW - 1
        if self._again and has_place:
            return self._take_off(self._pick_again(), now_s, is_replay=True)
        if not self._fresh or len(self._flights) >= WINDOW:
            return None
        is_backlog = len(self._fresh) > LIVE_BATCH
        if is_backlog and has_place:
            is_fill = self._fresh[0].seq <= self._filled_to_seq
            size = FILL_BATCH if is_fill else BACKLOG_BATCH
            picked = [self._fresh.popleft() for _ in range(min(size, len(self._fresh)))]
            return self._take_off(picked, now_s, is_replay=True)
        picked = [self._fresh.pop() for _ in range(min(LIVE_BATCH, len(self._fresh)))]
        return self._take_off(picked[::-1], now_s, is_replay=False)

    def settle(self, stream: int, ranges: Iterable[tuple[int, int]], refused: Iterable[tuple[int, int, str]]) -> None:
        """Apply a `committed`: free stored readings, move refused ones aside."""
        if stream != self.stream:
            return  # an answer to an earlier boot of this device
        for low, high in ranges:
            self._answer(low, high)
        for low, high, reason in refused:
            for seq in self._answer(low, high):
                self._move_aside(seq, reason)

    def expire(self, now_s: float) -> None:
        """Take back the messages that timed out, to send them again."""
        for flight in [flight for flight in self._flights.values() if flight.resend_at_s <= now_s]:
            is_passed_over = flight.number < self._latest_answered
            was_single = len(flight.entries) == 1
            for entry in flight.entries.values():
                entry.passed_over += is_passed_over
            self._land(flight)
            for entry in list(flight.entries.values()):
                if was_single and entry.passed_over >= 2 * PASSED_OVER_LIMIT:
                    self._forget(entry.seq)
                    self._move_aside(entry.seq, "no_answer")

    def connection_lost(self) -> None:
        """The connection is lost, so all unanswered messages are sent again."""
        for flight in list(self._flights.values()):
            self._land(flight)

    # --- inside ---
    def _pick_again(self) -> list[Entry]:
        """The oldest readings; a single one when it may be the cause of its message's failure."""
        picked = [self._again.popleft()]
        while (
            len(picked) < BACKLOG_BATCH
            and self._again
            and picked[0].passed_over < PASSED_OVER_LIMIT
            and self._again[0].passed_over < PASSED_OVER_LIMIT
        ):
            picked.append(self._again.popleft())
        return picked

    def _take_off(self, entries: list[Entry], now_s: float, *, is_replay: bool) -> OutgoingBatch:
        self._sent_count += 1
        for entry in entries:
            entry.attempts += 1
            self._flight_of[entry.seq] = self._sent_count
        attempts = max(entry.attempts for entry in entries)
        wait_s = min(LONGEST_RESEND_S, FIRST_RESEND_S * 2 ** min(attempts - 1, 10))
        on_board = {entry.seq: entry for entry in entries}
        self._flights[self._sent_count] = _Flight(self._sent_count, on_board, now_s + wait_s)
        return OutgoingBatch(tuple(entries), is_replay)

    def _land(self, flight: _Flight) -> None:
        """Put its readings back into the queue, in order."""
        del self._flights[flight.number]
        for seq in flight.entries:
            del self._flight_of[seq]
        self._again = deque(sorted([*self._again, *flight.entries.values()], key=lambda entry: entry.seq))

    def _answer(self, low: int, high: int) -> list[int]:
        """Forget the readings of a range; returns those that were still kept."""
        first = next(iter(self._entries), self.last_seq + 1)
        known = [seq for seq in range(max(low, first), min(high, self.last_seq) + 1) if seq in self._entries]
        for seq in known:
            self._latest_answered = max(self._latest_answered, self._flight_of.get(seq, 0))
            self._forget(seq)
        return known

    def _forget(self, seq: int) -> None:
        entry = self._entries.pop(seq)
        number = self._flight_of.pop(seq, None)
        if number is not None:
            flight = self._flights[number]
            del flight.entries[seq]
            if not flight.entries:
                del self._flights[number]
        elif entry.attempts:
            self._again.remove(entry)
        else:
            self._fresh.remove(entry)

    def _move_aside(self, seq: int, reason: str) -> None:
        self.refused.append((seq, reason))
        self.refused_count += 1

    def _drop_oldest(self) -> None:
        self._forget(next(iter(self._entries)))
        self.lost_count += 1
