"""The pages of alarms: the list with its filters and files, one alarm, and where else alarms are shown."""

import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from django.utils import timezone

from alerts.choices import AlertKind, AlertState, Severity
from alerts.models import Alert
from portal.drawn.limit_chart import build_limit_chart
from tests.alerts.build import make_sensor, put_minutes
from tests.alerts.test_models import make_alert
from tests.cast import AsUser, Cast
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db


def silent(factory: object, name: str = "d1", **fields: object) -> Alert:
    return make_alert(factory, kind=AlertKind.SENSOR_SILENT, params={"device": name}, **fields)


def test_the_list_is_filtered_by_its_address(cast: Cast, as_user: AsUser) -> None:
    silent(cast.litein, "litein-1", severity=Severity.CRITICAL)
    silent(cast.momul, "momul-1")
    hq = as_user(cast.hq)

    everything = hq.get("/alarms/").content.decode()
    assert everything.index("litein-1 has been silent") < everything.index("momul-1 has been silent")
    assert '<span class="badge badge--look">2</span>' in everything
    for query in (f"factory={cast.litein.pk}", "severity=critical"):
        page = hq.get(f"/alarms/?{query}").content.decode()
        assert "litein-1 has" in page
        assert "momul-1 has" not in page
    assert "No alarm is like this." in hq.get("/alarms/?state=closed").content.decode()
    assert "No alarm is open." in as_user(cast.outsider).get("/alarms/").content.decode()
    assert "momul-1" not in as_user(cast.litein_manager).get("/alarms/").content.decode()


def test_the_list_as_files(cast: Cast, as_user: AsUser) -> None:
    silent(cast.litein, "=1+1")
    hq = as_user(cast.hq)

    csv = hq.get("/alarms/?as=csv").content.decode().splitlines()
    book = openpyxl.load_workbook(io.BytesIO(hq.get("/alarms/?as=xlsx").content))

    head, row = book.active.iter_rows(values_only=True)
    assert csv[0].split(",") == list(head)
    assert row[head.index("kind")] == "sensor_silent"
    assert row[head.index("exported_by")]


def test_many_are_acknowledged_at_once(cast: Cast, as_user: AsUser) -> None:
    """A manager ticks two, one of them of another site: that one stays."""
    own, other = silent(cast.litein), silent(cast.momul)

    as_user(cast.litein_manager).post("/alarms/", {"alert": [own.pk, other.pk]})

    assert Alert.objects.get(pk=own.pk).state == AlertState.ACKNOWLEDGED
    assert Alert.objects.get(pk=other.pk).state == AlertState.OPEN


def test_one_alarm_with_its_life_and_chart(cast: Cast, as_user: AsUser) -> None:
    sensor = make_sensor(cast.litein)
    began = timezone.now() - timedelta(minutes=30)
    put_minutes(sensor, began, *[{"co2_ppm": 180_000.0 + i} for i in range(20)])
    alert = make_alert(
        cast.litein, kind=AlertKind.CO2_HIGH, device=sensor.device, value=180_019.0, limit=170_000.0, began_at=began
    )
    url, manager = f"/alarms/{alert.pk}/", as_user(cast.litein_manager)

    page = manager.get(url).content.decode()
    assert "CO<sub>2</sub> is at 180,019 ppm, above 170,000, since" in page
    assert 'class="measured-line"' in page
    assert "What it costs is not known." in page
    done = manager.post(url, {"act": "acknowledge", "cause": "damper", "comment": "Opened a little.", "hours": "1"})
    assert done.status_code == 302
    page = as_user(cast.auditor).get(url).content.decode()
    assert "Opened a little." in page
    assert "damper or draught" in page
    assert "What you do about it" not in page  # an auditor reads
    assert "Write what you found or did." in manager.post(url, {"act": "comment"}).content.decode()
    for act, state in (("snooze", "snoozed"), ("assign", "snoozed"), ("close", "closed")):
        assert manager.post(url, {"act": act, "hours": "4"}).status_code == 302
        assert Alert.objects.get().state == state
    assert "This alarm is closed." in manager.post(url, {"act": "close"}).content.decode()


def test_today_shows_the_sites_alarms(cast: Cast, as_user: AsUser) -> None:
    silent(cast.litein, "litein-1")
    silent(cast.momul, "momul-1")

    page = as_user(cast.litein_manager).get(f"/factories/{cast.litein.pk}/today/").content.decode()

    assert "litein-1 has been silent" in page
    assert "momul-1" not in page


def test_queries_do_not_grow_with_alarms(cast: Cast, as_user: AsUser) -> None:
    hq = as_user(cast.hq)
    silent(cast.litein)
    few = queries_of(hq, "/alarms/")
    for kind in (AlertKind.HOLD_OPEN, AlertKind.CO2_HIGH, AlertKind.FLOW_LOW):
        make_alert(cast.litein, kind=kind, params={"device": "d"})
        make_alert(cast.momul, kind=kind, params={"device": "d"})

    assert queries_of(hq, "/alarms/") == few


def test_a_gap_interrupts_the_line() -> None:
    start, minute = datetime(2026, 11, 22, tzinfo=UTC), timedelta(minutes=1)
    points = [(start, 10.0), (start + minute, 20.0), (start + 5 * minute, 20.0)]

    chart = build_limit_chart(points, limit=15.0, began_at=start, step=minute)

    assert chart is not None
    assert chart.line_path.count("M") == 2
    assert build_limit_chart(points[:1], limit=15.0, began_at=start, step=minute) is None
