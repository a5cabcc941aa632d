"""Until when a total may still change by itself: each reason alone, their latest, and what is settled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.models import MCUDevice
from emissions import rollups
from emissions import settling as settling_module
from emissions.models import STREAM_OFFSET, DeviceStream, TouchedMinute
from emissions.partitions import OLDEST_READING
from emissions.settling import DevicePeriod, Settling, SettlingReason, SitePeriod, settling, settling_of_sites
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LAST_HOUR = (NOW - timedelta(minutes=90), NOW - timedelta(minutes=30))


def device_heard(ago: timedelta = timedelta(seconds=5), **fields: Any) -> MCUDevice:
    device = make.make_device(last_heartbeat=NOW - ago, **fields)
    return make.make_assignment(device=device).device


def of_hour(device: MCUDevice, start: datetime, length: timedelta = HOUR) -> Settling | None:
    (found,) = settling([DevicePeriod(device.pk, start, start + length)], NOW)
    return found


def mark(device: MCUDevice, minute: datetime, *, waited: timedelta = timedelta(seconds=1)) -> None:
    TouchedMinute.objects.create(device=device, period_start=minute, created_at=NOW - waited)


def stream(device: MCUDevice, number: int, first: datetime, last: datetime, *ranges: tuple[int, int]) -> None:
    """What has arrived of a boot, each range with both its ends."""
    received = ",".join(f"[{low},{high}]" for low, high in ranges).join("{}")
    DeviceStream.objects.create(
        device=device, stream=number - STREAM_OFFSET, received=received, first_timestamp=first, last_received_at=last
    )


# --- Settled -----------------------------------------------------------------------------------
def test_a_period_that_is_over_and_waits_for_nothing_is_settled() -> None:
    assert of_hour(device_heard(), LAST_HOUR[0]) is None


def test_a_device_that_never_reported_promises_nothing() -> None:
    assert of_hour(make.make_assignment().device, LAST_HOUR[0]) is None


# --- Running -----------------------------------------------------------------------------------
def test_a_period_that_runs_settles_two_minutes_after_its_end() -> None:
    device = device_heard()

    assert of_hour(device, NOW - 30 * MINUTE) == Settling(NOW + 32 * MINUTE, SettlingReason.RUNNING)
    assert of_hour(device, NOW - 61 * MINUTE) == Settling(
        NOW + MINUTE, SettlingReason.RUNNING
    )  # its last are on their way
    assert of_hour(device, NOW - 62 * MINUTE) is None


# --- Rolling up --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("minutes_after_start", "is_touched"), [(-13, False), (-12, True), (0, True), (59, True), (60, True), (61, False)]
)
def test_a_minute_that_waits_unsettles_what_it_reaches_and_no_more(minutes_after_start: int, is_touched: bool) -> None:
    device, start = device_heard(), NOW - 24 * HOUR
    mark(device, start + minutes_after_start * MINUTE)

    found = of_hour(device, start)

    assert found == (Settling(NOW + MINUTE, SettlingReason.ROLLING_UP) if is_touched else None)


def test_the_marks_of_another_device_do_not_matter() -> None:
    device = device_heard()
    mark(device_heard(), LAST_HOUR[0])

    assert of_hour(device, LAST_HOUR[0]) is None


def test_what_has_waited_long_is_not_promised_for_the_next_minute() -> None:
    device = device_heard()
    mark(device, LAST_HOUR[0], waited=20 * MINUTE)

    assert of_hour(device, LAST_HOUR[0]) == Settling(NOW + 20 * MINUTE, SettlingReason.ROLLING_UP)


def test_while_more_waits_than_is_looked_at_nothing_is_called_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling_module, "MARKS_LOOKED_AT", 3)
    device, other = device_heard(), device_heard()
    for minute in range(4):
        mark(other, NOW - 24 * HOUR + minute * MINUTE)

    found = of_hour(device, LAST_HOUR[0])

    assert found is not None
    assert found.why is SettlingReason.ROLLING_UP


# --- Outstanding -------------------------------------------------------------------------------
def test_a_silent_device_may_still_deliver_what_it_measured_since() -> None:
    device = device_heard(3 * HOUR)  # 9:30

    before, across, after = (of_hour(device, NOW - ago * HOUR) for ago in (4, 3.5, 2))

    assert before is None
    assert across == Settling(NOW - 2.5 * HOUR + OLDEST_READING, SettlingReason.OUTSTANDING)
    assert after == Settling(NOW - HOUR + OLDEST_READING, SettlingReason.OUTSTANDING)


def test_what_nobody_would_take_any_more_is_settled() -> None:
    device = device_heard(timedelta(days=400))

    assert of_hour(device, NOW - timedelta(days=367)) is None
    assert of_hour(device, NOW - timedelta(days=365)) is not None


def test_a_revoked_device_is_waited_for_no_more() -> None:
    assert of_hour(device_heard(3 * HOUR, revoked_at=NOW - HOUR), NOW - 2 * HOUR) is None


def test_an_outbox_unsettles_the_hole_that_an_outage_left_and_no_other_time() -> None:
    """Eight hours off line until 12:00; it has come back, the newest first, and 5,000 readings wait."""
    device = device_heard(status={"online": True, "outbox": 5_000})
    first = NOW - timedelta(days=2)
    outage_ended, beyond = 34_560 - 360, 34_560  # 5 s readings: half an hour of live ones after the outage
    stream(device, 7, first, NOW, (1, 9_000), (9_010, outage_ended - 5_760), (outage_ended, beyond))

    in_it, before_it, old_hole = (of_hour(device, NOW - ago * HOUR) for ago in (5, 10, 35.5))

    assert in_it == Settling(NOW - 4 * HOUR + OLDEST_READING, SettlingReason.OUTSTANDING)
    assert before_it is None
    assert old_hole is None  # lost: a smaller outbox than the holes holds the newest


def test_a_hole_that_no_outbox_speaks_of_is_lost_and_not_late() -> None:
    device = device_heard(status={"online": True, "outbox": 3})
    stream(device, 7, NOW - timedelta(days=1), NOW, (1, 10_000), (15_760, 17_280))

    assert of_hour(device, NOW - 8 * HOUR) is None


def test_the_end_of_the_boot_before_is_known_by_its_last_number() -> None:
    """Off line from 6:30, restarted at 10:30, back on line at 12:30: its last boot reached further than what came."""
    status = {"online": True, "outbox": 2_900, "previous": {"stream": 7, "seq": 10_000 + 2_880}}
    device = device_heard(status=status)
    stream(device, 7, NOW - 10_000 * 5 * timedelta(seconds=1) - 6 * HOUR, NOW - 6 * HOUR, (1, 10_000))
    stream(device, 8, NOW - 10 * MINUTE, NOW, (1_321, 1_440))

    in_the_tail, of_the_new_boot, before = (of_hour(device, NOW - ago * HOUR) for ago in (4, 1.5, 8))

    assert in_the_tail is not None
    assert of_the_new_boot is not None
    assert before is None


@pytest.mark.parametrize(
    "status", [{"outbox": "many"}, {"outbox": True}, {"outbox": 10**9, "previous": "x"}, {"outbox": 10**9}, []]
)
def test_no_odd_status_of_a_device_breaks_the_answer(status: Any) -> None:
    device = device_heard(status=status)
    stream(device, 7, NOW - HOUR, NOW, (2**31 - 2, 2**31 - 1))

    assert of_hour(device, LAST_HOUR[0]) is None or isinstance(status, dict)


# --- Sites -------------------------------------------------------------------------------------
def test_a_site_settles_with_the_last_of_its_devices_of_record() -> None:
    chimney = make.make_chimney()
    factory = chimney.factory
    fine = make.make_device(factory=factory, last_heartbeat=NOW)
    silent = make.make_device(factory=factory, last_heartbeat=NOW - 3 * HOUR)
    cross_check = make.make_device(factory=factory, last_heartbeat=NOW - 9 * HOUR)
    make.make_assignment(device=fine, chimney=chimney)
    make.make_assignment(device=silent, chimney=make.make_chimney(factory=factory))
    make.make_assignment(device=cross_check, chimney=chimney, is_of_record=False)
    periods = [SitePeriod(factory.pk, NOW - ago * HOUR, NOW - (ago - 1) * HOUR) for ago in (5, 2)]

    assert settling_of_sites(periods, NOW) == [None, Settling(NOW - HOUR + OLDEST_READING, SettlingReason.OUTSTANDING)]


def test_a_device_counts_for_the_time_in_which_it_was_of_record() -> None:
    """Exchanged at 8:30: the old one is on a shelf, silent since 9:30."""
    old = make.make_assignment(valid_to=NOW - 4 * HOUR, device=make.make_device(last_heartbeat=NOW - 3 * HOUR))
    new = make.make_device(factory=old.factory, last_heartbeat=NOW)
    make.make_assignment(device=new, chimney=old.chimney, valid_from=NOW - 4 * HOUR)

    (found,) = settling_of_sites([SitePeriod(old.factory_id, NOW - 8 * HOUR, NOW - HOUR)], NOW)

    assert found is None


def test_the_number_of_queries_grows_with_nothing() -> None:
    def count(periods: list[SitePeriod]) -> int:
        with CaptureQueriesContext(connection) as captured:
            settling_of_sites(periods, NOW)
        return len(captured)

    sites = [device_heard(2 * HOUR, status={"outbox": 500}).factory_id for _ in range(5)]
    few = count([SitePeriod(sites[0], NOW - HOUR, NOW)])

    assert few == 4
    assert count([SitePeriod(pk, NOW - n * HOUR, NOW) for pk in sites for n in range(1, 30)]) == few


# --- In the API --------------------------------------------------------------------------------
def test_a_row_of_the_api_says_until_when_it_may_change(as_user: AsUser, cast: Cast) -> None:
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    times = {"valid_from": this_hour - HOUR, "valid_to": this_hour}
    device = make.make_assignment(device=make.make_device(factory=cast.litein), **times).device
    readings = make.make_readings(device, this_hour - HOUR, 30)
    rollups.touch_period(device.pk, this_hour - HOUR, None)
    rollups.roll_up_touched()

    def hour() -> tuple[str | None, str | None]:
        (row,) = as_user(cast.hq).get("/api/emissions/hours/").json()["results"]
        return row["settling_until"], row["settling_because"]

    is_over = datetime.now(UTC) >= this_hour + 2 * MINUTE
    assert not is_over or hour() == (None, None)
    TouchedMinute.objects.create(
        device=device, period_start=readings[0].timestamp.replace(second=0), created_at=datetime.now(UTC)
    )
    until, because = hour()
    assert until is not None
    assert datetime.fromisoformat(until) > datetime.now(UTC)
    assert because in ("rolling_up", "running")
