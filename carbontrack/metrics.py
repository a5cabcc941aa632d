"""/metrics in Prometheus form. Counters of readings come from the table that is written with the readings."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from rest_framework.exceptions import AuthenticationFailed

from accounts.authentication import ApiTokenAuthentication
from accounts.permissions import declared
from emissions.models import TouchedMinute
from emissions.rollups import lag_s
from lib.errors import json_error
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
        yield GaugeMetricFamily("carbontrack_ingest_up", "1 while ingest has a recent heartbeat", int(is_alive()))


class _RollupMetrics:
    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "carbontrack_rollup_lag_seconds", "Age of the oldest reading that is not in totals yet", lag_s()
        )
        yield GaugeMetricFamily(
            "carbontrack_rollup_touched_minutes", "Minutes waiting to be rolled up", TouchedMinute.objects.count()
        )


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
    registry = CollectorRegistry()
    registry.register(_ReadingMetrics())
    registry.register(_RollupMetrics())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


declared(metrics, "loopback or token")
