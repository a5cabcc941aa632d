"""/metrics in Prometheus form. Counters of readings come from the table that is written with the readings."""

from collections.abc import Iterator
from typing import Any

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from rest_framework.exceptions import AuthenticationFailed

from accounts.authentication import ApiTokenAuthentication
from accounts.permissions import declared
from alerts.notice_choices import ChannelKind, NoticeState
from alerts.notice_queries import counts_of_a_day, late_count
from carbontrack import health
from emissions.models import TouchedMinute
from emissions.rollups import lag_s
from lib import disk
from lib.errors import json_error
from lib.heartbeats import signs_of_life
from mqtt_ingest.authority import certificate_ends
from mqtt_ingest.choices import Reason
from mqtt_ingest.queries import counters, is_alive
from mqtt_ingest.topics import FROM_DEVICES

LOOPBACK = frozenset({"127.0.0.1", "::1"})
# Each of these headers shows that the request came through a proxy.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


class _ReadingMetrics:
    """received = stored + duplicate + rejected, counted in readings."""

    def collect(self) -> Iterator[Metric]:
        counted = counters()
        for outcome, text in (
            ("received", "Readings that reached ingest; an unreadable message is one"),
            ("stored", "Readings stored"),
            ("duplicate", "Readings that were stored before"),
        ):
            yield CounterMetricFamily(f"carbontrack_readings_{outcome}", text, getattr(counted, outcome))
        rejected = CounterMetricFamily("carbontrack_readings_rejected", "Readings refused", labels=["reason"])
        for reason in Reason.values:  # zeros too: a sum over an absent series is NaN in Prometheus
            rejected.add_metric([reason], counted.rejected.get(reason, 0))
        yield rejected
        messages = CounterMetricFamily("carbontrack_messages", "Other messages of devices", labels=["kind"])
        for kind in FROM_DEVICES:
            messages.add_metric([kind], counted.messages.get(kind, 0))
        yield messages
        ends = GaugeMetricFamily(
            "carbontrack_broker_certificate_expires_timestamp_seconds",
            "When the broker's certificate (server) and the first authority of MQTT_CA_FILE end",
            labels=["certificate"],
        )
        for which, ends_s in certificate_ends().items():
            ends.add_metric([which], ends_s)
        yield ends
        yield GaugeMetricFamily("carbontrack_ingest_up", "1 while ingest has a recent heartbeat", int(is_alive()))


class _RollupMetrics:
    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "carbontrack_rollup_lag_seconds", "Age of the oldest reading that is not in totals yet", lag_s()
        )
        yield GaugeMetricFamily(
            "carbontrack_rollup_touched_minutes", "Minutes waiting to be rolled up", TouchedMinute.objects.count()
        )


class _NoticeMetrics:
    def collect(self) -> Iterator[Metric]:
        counted = counts_of_a_day()
        notices = GaugeMetricFamily(
            "carbontrack_notices",
            "Notices that wait, and those sent, failed and suppressed within 24 hours",
            labels=["channel", "state"],
        )
        for channel in ChannelKind.values:  # zeros too: a sum over an absent series is NaN in Prometheus
            for state in NoticeState.values:
                notices.add_metric([channel, state], counted.get((channel, state), 0))
        yield notices
        yield GaugeMetricFamily(
            "carbontrack_notices_late", "Notices that were due more than five minutes ago and wait", late_count()
        )


class _HealthMetrics:
    """What `/readyz` says; the only ones that are there while the database is not."""

    def collect(self) -> Iterator[Metric]:
        ready = GaugeMetricFamily("carbontrack_ready", "1 while /readyz calls this part ready", labels=["part"])
        for part, problem in health.problems().items():
            ready.add_metric([part], int(not problem))
        yield ready
        yield GaugeMetricFamily("carbontrack_disk_free_bytes", "Free on the disk of the data", disk.free_bytes())
        yield GaugeMetricFamily(
            "carbontrack_disk_floor_bytes", "Free space below which ingest stores nothing", disk.floor_bytes()
        )


class _HeartbeatMetrics:
    def collect(self) -> Iterator[Metric]:
        ages = GaugeMetricFamily(
            "carbontrack_heartbeat_age_seconds", "Time since the last heartbeat of a process", labels=["process"]
        )
        for sign in signs_of_life():
            ages.add_metric([sign.name], sign.age_s)
        yield ages


FROM_DATABASE = (_ReadingMetrics(), _RollupMetrics(), _NoticeMetrics(), _HeartbeatMetrics())


def _may_read(request: Any) -> bool:
    """Allowed from this machine, or with any valid token: behind a proxy every address is loopback."""
    is_forwarded = any(name in request.headers for name in FORWARDED)
    if request.META.get("REMOTE_ADDR") in LOOPBACK and not is_forwarded:
        return True
    try:
        return ApiTokenAuthentication().authenticate(request) is not None
    except AuthenticationFailed:
        return False


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        return json_error(401, "not_signed_in", _("Send a token: Authorization: Token …"))
    text = b"".join(_text_of(collector) for collector in (_HealthMetrics(), *FROM_DATABASE))
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _text_of(collector: Any) -> bytes:
    registry = CollectorRegistry()
    registry.register(collector)
    try:
        return generate_latest(registry)
    except DatabaseError:
        return b""  # `carbontrack_ready` says that the database is away


declared(metrics, "loopback or token")
