"""Pages at 201 sites with 400 site days each: without an alarm, then with 201 open and 20,000 closed ones.

`make bench ARGS="-k pages"`. Prints medians and 95th percentiles in milliseconds beside a page without a query in the
same run; asserts only that the alarms were there, as machines differ.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from alerts.choices import AlertKind, AlertState, Severity
from alerts.evaluation import evaluate
from alerts.models import Alert
from alerts.price import price_open
from compliance.models import SiteDay
from devices.models import MCUDevice
from emissions.rollup_rows import insert_rollups
from tests import make
from tests.alerts.build import MINUTE, a_minute, make_sensor
from tests.bench.page_times import time_page
from tests.leaderboard.build_days import a_day, usual

SITES, DAYS, CLOSED_A_SITE = 201, 400, 100


@pytest.mark.django_db
def test_pages_with_and_without_alarms() -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    organisation = make.make_organisation()
    sensors = [make_sensor(make.make_factory(organisation=organisation)) for _ in range(SITES)]
    sites = [sensor.chimney.factory for sensor in sensors]
    MCUDevice.objects.update(last_heartbeat=now)
    for back in range(1, DAYS + 1):
        day = (now - timedelta(days=back)).date()
        SiteDay.objects.bulk_create(a_day(site, day, **usual(0.8 + back % 13 / 20)) for site in sites)
    for sensor in sensors:
        insert_rollups([a_minute(sensor, now - n * MINUTE) for n in range(61, 121)])
    user = make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=organisation)
    client = Client()
    client.force_login(user)
    pages = {
        "yardstick: no query": "/styleguide/",
        "Morning": "/morning/",
        "factories": "/factories/",
        "a site": f"/factories/{sites[0].pk}/",
        "Today": f"/factories/{sites[0].pk}/today/",
        "alarms": "/alarms/",
        "alarms, closed": "/alarms/?state=closed",
        "API, open alarms": "/api/alerts/?state=open",
    }
    _analyze()
    calm = {name: time_page(client, address) for name, address in pages.items()}
    for sensor in sensors:
        insert_rollups([a_minute(sensor, now - n * MINUTE, co2_ppm=180_000.0) for n in range(1, 61)])
    evaluate(now)
    price_open(now)
    opened = Alert.objects.exclude(state=AlertState.CLOSED).count()
    Alert.objects.bulk_create(
        Alert(
            organisation=organisation,
            factory=site,
            kind=AlertKind.CO2_LOW,
            severity=Severity.WARNING,
            state=AlertState.CLOSED,
            began_at=now - timedelta(days=3 * n),
            opened_at=now - timedelta(days=3 * n),
            closed_at=now - timedelta(days=3 * n, hours=-1),
        )
        for site in sites
        for n in range(1, CLOSED_A_SITE + 1)
    )
    _analyze()
    storm = {name: time_page(client, address) for name, address in pages.items()}

    for name in pages:
        print(f"\n{name:>20}: {calm[name]}\n{'with alarms':>20}: {storm[name]}", end="")  # noqa: T201
    assert opened >= SITES


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
