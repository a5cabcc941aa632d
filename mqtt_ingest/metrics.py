"""Gauges of one ingest process, on a port of its own when INGEST_METRICS_PORT is set.

What is counted across processes is in the database (`queries.counters`), for `/metrics` of the web processes.
"""

import time

from prometheus_client import CollectorRegistry, Gauge, start_http_server

from mqtt_ingest.receive import Receiver


def serve_metrics(receiver: Receiver, port: int) -> None:
    """Answer on 127.0.0.1 in a thread of its own, until the process ends."""
    start_http_server(port, addr="127.0.0.1", registry=make_registry(receiver))


def make_registry(receiver: Receiver) -> CollectorRegistry:
    registry = CollectorRegistry()

    def oldest_waiting_s() -> float:
        oldest_ms = receiver.oldest_ms
        return 0.0 if oldest_ms is None else max(0.0, time.time() - oldest_ms / 1000)

    gauges = {
        "carbontrack_ingest_queue_depth": ("Messages waiting to be stored", lambda: float(receiver.depth)),
        "carbontrack_ingest_queue_capacity": (
            "Messages at which reading from the broker stops",
            lambda: float(receiver.capacity),
        ),
        "carbontrack_ingest_oldest_waiting_seconds": ("Age of the longest waiting message", oldest_waiting_s),
        "carbontrack_ingest_connected": ("1 while connected", lambda: float(receiver.is_connected)),
    }
    for name, (description, read) in gauges.items():
        Gauge(name, description, registry=registry).set_function(read)
    return registry
