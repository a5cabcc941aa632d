"""The log on standard error: the same traceback once a minute, with the number of those left out.

A fault in a loop, or the same fault for each of a hundred clients, then costs a line a minute instead of the disk.
Lines without a traceback are never left out.
"""

import logging
import time
from dataclasses import dataclass

QUIET_S = 60.0


@dataclass(slots=True)
class _Seen:
    until_s: float
    record: logging.LogRecord  # without its traceback, which would keep everything in its frames
    left_out: int = 0


class ConsoleHandler(logging.StreamHandler):
    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[object, ...], _Seen] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Called under the handler's lock."""
        now_s = time.monotonic()
        self._say_what_was_left_out(now_s)
        place = _place(record)
        if place is not None:
            seen = self._seen.get(place)
            if seen is not None:
                seen.left_out += 1
                return
            self._seen[place] = _Seen(now_s + QUIET_S, _line_of(record, record.getMessage()))
        super().emit(record)

    def close(self) -> None:
        self._say_what_was_left_out(float("inf"))
        super().close()

    def _say_what_was_left_out(self, now_s: float) -> None:
        for place in [place for place, seen in self._seen.items() if seen.until_s <= now_s]:
            seen = self._seen.pop(place)
            if seen.left_out:
                text = f"{seen.record.msg} (the same fault {seen.left_out} times more within {QUIET_S:.0f} s)"
                super().emit(_line_of(seen.record, text))


def _line_of(record: logging.LogRecord, text: str) -> logging.LogRecord:
    """One line with this text, of now, from the same place."""
    return logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, text, None, None)


def _place(record: logging.LogRecord) -> tuple[object, ...] | None:
    """Where the fault came from; None without a traceback."""
    if not record.exc_info or record.exc_info[0] is None:
        return None
    trace = record.exc_info[2]
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else None
    return record.name, record.msg, record.exc_info[0], where
