"""`manage.py ingest_mqtt`: takes readings from the broker into the database until SIGTERM or Ctrl-C."""

import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from lib.broker_address import BrokerAddress, BrokerSettingsError
from mqtt_ingest.liveness import NAME
from mqtt_ingest.lone_session import LeavingReceiver, SessionInUseError, end_session
from mqtt_ingest.metrics import serve_metrics
from mqtt_ingest.paho_receiver import PahoReceiver
from mqtt_ingest.pipeline import Pipeline
from mqtt_ingest.rate_limit import TokenBuckets

IDLE_BEFORE_END_S = 2.0


class Command(BaseCommand):
    help = (
        "Subscribe to the devices' topics at MQTT_BROKER_URL and store what they send: readings, statuses, alerts, "
        "acks, rejected messages, counters. Answers devices in `committed`. SIGTERM: stores what it has, then ends."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="end when the broker has nothing more, after 2 s of silence"
        )
        parser.add_argument(
            "--worker",
            default="",
            metavar="NAME",
            help="one of several that share the load (the broker must know shared subscriptions); each has its "
            "own NAME of INGEST_WORKERS and signs in as carbontrack-ingest-NAME, and none runs without one",
        )
        parser.add_argument(
            "--end-session",
            action="store_true",
            help="store what the broker kept for a worker without a NAME, then end its session: once, after "
            "workers with names have taken over and it was stopped",
        )
        parser.add_argument("--max-seconds", type=float, help="end after so many seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        is_leaving, worker = options["end_session"], options["worker"]
        if is_leaving and worker:
            raise CommandError("--end-session is for the session of a worker without a name: leave --worker out")
        if worker and worker not in settings.INGEST_WORKERS:
            raise CommandError(
                f"--worker={worker!r} is not in INGEST_WORKERS: add it there, run sync_broker, and start it again"
            )
        try:
            address = BrokerAddress.from_url(settings.MQTT_BROKER_URL, settings.MQTT_CA_FILE)
            receiver = LeavingReceiver(address) if is_leaving else PahoReceiver(address, worker=worker)
        except BrokerSettingsError as error:
            raise CommandError(str(error)) from error
        buckets = TokenBuckets(settings.INGEST_RATE_LIMIT_PER_S, settings.INGEST_RATE_BURST)
        pipeline = Pipeline(receiver, buckets, name=f"{NAME}-{worker}" if worker else NAME)
        _stop_on_signals(pipeline)
        if settings.INGEST_METRICS_PORT:
            serve_metrics(receiver, pipeline, settings.INGEST_METRICS_PORT)
        is_once = options["once"] or is_leaving
        if is_once or options["max_seconds"]:
            _stop_in_time(pipeline, receiver, is_once=is_once, max_s=options["max_seconds"])
        receiver.start()
        try:
            pipeline.run()
        finally:
            receiver.close()
        if isinstance(receiver, LeavingReceiver):
            _end_session(receiver)
        total = pipeline.total
        self.stdout.write(
            f"received {total.received} readings: stored {total.stored}, duplicate {total.duplicate}, "
            f"rejected {total.rejected.total()}"
        )


def _end_session(receiver: LeavingReceiver) -> None:
    if receiver.was_lost or not receiver.was_emptied or receiver.queue.unsettled_count:
        raise CommandError(
            "the session is not ended: its connection was lost, or it was not emptied in time. Stop the worker "
            "that runs without a name, if there is one, and run this again"
        )
    try:
        end_session(receiver.address)
    except (SessionInUseError, OSError) as error:
        raise CommandError(f"the session is empty but not ended: {error}") from error


def _stop_on_signals(pipeline: Pipeline) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        # In a thread: the signal may have come while this one held the lock that `stop` takes.
        signal.signal(number, lambda *_: threading.Thread(target=pipeline.stop).start())


def _stop_in_time(pipeline: Pipeline, receiver: PahoReceiver, *, is_once: bool, max_s: float | None) -> None:
    ends_at_s = time.monotonic() + max_s if max_s else None

    def watch() -> None:
        busy_at_s = time.monotonic()
        while not pipeline.stopping.wait(0.1):
            now_s = time.monotonic()
            # A batch that is being stored, or waits for a lost database, is not finished.
            if not receiver.is_connected or receiver.queue.unsettled_count:
                busy_at_s = now_s
            is_idle = now_s - max(busy_at_s, pipeline.idle_since_s) > IDLE_BEFORE_END_S
            if isinstance(receiver, LeavingReceiver):
                receiver.was_emptied = is_idle
                if receiver.was_lost:
                    pipeline.stop()
            if (is_once and is_idle) or (ends_at_s is not None and now_s > ends_at_s):
                pipeline.stop()

    threading.Thread(target=watch, daemon=True).start()
