"""Gauges of one ingest process, on a port of its own when INGEST_METRICS_PORT is set.

Counters of all processes are in the database (`queries.counters`), for `/metrics` of the web processes.
"""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge, start_http_server

from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.receive import Receiver

UNKNOWN = float("nan")  # nothing committed yet since the process began


def serve_metrics(receiver: Receiver, pipeline: Pipeline, port: int) -> None:
    """Answer on 127.0.0.1 in a thread of its own, until the process ends."""
    start_http_server(port, addr="127.0.0.1", registry=make_registry(receiver, pipeline))


def make_registry(receiver: Receiver, pipeline: Pipeline) -> CollectorRegistry:
    registry, queue = CollectorRegistry(), receiver.queue
    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "queue_depth": ("Messages waiting to be stored", lambda: len(queue)),
        "queue_capacity": ("Messages at which reading from the broker stops", lambda: queue.limit_count),
        "oldest_waiting_seconds": ("Age of the longest waiting message", lambda: _age_s(queue.oldest_ms)),
        "unacknowledged_messages": (
            "Messages that came and that the broker is not told of yet: waiting, or being stored",
            lambda: queue.unsettled_count,
        ),
        "oldest_unacknowledged_seconds": (
            "How long ago the oldest of them came",
            lambda: _age_s(queue.oldest_unsettled_ms),
        ),
        "lag_seconds": (
            "How long ago the newest committed reading was measured",
            lambda: _age_s(pipeline.total.newest_ms, otherwise=UNKNOWN),
        ),
        "batch_oldest_seconds": (
            "How long ago the oldest reading of the last committed batch was measured",
            lambda: _age_s(pipeline.last.oldest_ms, otherwise=UNKNOWN),
        ),
        "connected": ("1 while connected", lambda: receiver.is_connected),
    }
    for name, (description, read) in gauges.items():
        Gauge(f"carbontrack_ingest_{name}", description, registry=registry).set_function(read)
    return registry


def _age_s(moment_ms: int | None, *, otherwise: float = 0.0) -> float:
    return otherwise if moment_ms is None else max(0.0, time.time() - moment_ms / 1000)
