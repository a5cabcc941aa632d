"""The history in the database: filled by the real path, once, whatever breaks off in the middle."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from compliance.models import SiteDay, TouchedSite
from demo import fleet_files, history, ledger, world
from demo.history import Share
from demo.simulated_device import SimulatedDevice
from devices.models import MCUDevice
from emissions.models import DeviceStream, Emission, EmissionDay, EmissionHour, EmissionMinute, TouchedMinute
from energy.models import EnergyEntry
from energy.services import EntryInput, energy_log
from factories.days import running_day
from factories.models import Factory
from mqtt_ingest.models import IngestCounter
from production.models import ProductionEntry

NOW = timezone.now()  # one moment for all: what is missing depends on it


class _BrokenOffError(Exception):
    """Stands for kill -9: what was committed stays, all else is gone."""


@pytest.fixture
def world_of(db: None, settings: Settings, tmp_path: Path) -> Callable[..., None]:
    """`world_of(fleet=2)` seeds a world that begins now, with one month of history to fill."""
    settings.DATA_DIR = tmp_path
    settings.DEMO_HISTORY_MONTHS = 1

    def make(*, fleet: int, months: int = 1) -> None:
        settings.DEMO_FLEET, settings.DEMO_HISTORY_MONTHS = fleet, months
        world.seed(StringIO(), "open sesame please")
        history.prepare()

    return make


def fill_all(now: datetime = NOW) -> None:
    history.fill(Share(), now)
    history.hand_over(now)


def day_before(factory: Factory) -> int:
    """The factory day that was over at NOW. Until 06:00 in Kenya it is not that of the calendar's yesterday."""
    return ledger.day_number(running_day(factory, NOW).day) - 1


def content() -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a history consists of, but keys, streams and times of writing."""
    by_hour = ["device__device_id", "period_start", "measured_ug", "record_ug", "covered_ms", "status", "readings"]
    return {
        "readings": sorted(Emission.objects.values_list("device_id", "timestamp", "co2_ppm", "span_s", "n")),
        "minutes": sorted(EmissionMinute.objects.values_list("device_id", "period_start", "measured_ug")),
        "hours": sorted(EmissionHour.objects.values_list(*by_hour), key=str),
        "days": sorted(EmissionDay.objects.values_list("device_id", "period_start", "measured_ug")),
        "entries": sorted(
            EnergyEntry.objects.values_list(
                "factory__name", "energy_type__code", "kind", "timestamp", "period_end", "amount", "co2e_kg"
            ),
            key=str,
        ),
        "production": sorted(
            ProductionEntry.objects.values_list("factory__name", "product", "period_start", "amount_kg")
        ),
        "site days": sorted(
            SiteDay.objects.values_list("factory__name", "day", "made_kg", "firewood_kg", "stack_co2_kg"), key=str
        ),
    }


def test_every_hour_comes_out_measured_or_idle_and_whole(world_of: Callable[..., None]) -> None:
    world_of(fleet=1)

    fill_all()

    hours = list(EmissionHour.objects.order_by("period_start"))
    assert len(hours) >= 30 * 24 - 12  # but for a power cut
    assert {hour.status for hour in hours[:-1]} == {"measured", "idle"}
    assert all(hour.covered_ms == 3_600_000 for hour in hours[:-1])
    assert all(hour.record_ug == hour.measured_ug for hour in hours[:-1] if hour.status == "measured")
    assert not TouchedMinute.objects.exists()
    assert not TouchedSite.objects.filter(factory__name="Litein Tea Factory").exists()
    counts = dict(IngestCounter.objects.values_list("outcome", "count"))
    assert counts["received"] == counts["stored"] == Emission.objects.count()


def test_stack_and_log_of_each_day_agree(world_of: Callable[..., None]) -> None:
    world_of(fleet=1)

    fill_all()

    litein = Factory.objects.get(name="Litein Tea Factory")
    days = SiteDay.objects.filter(factory=litein, made_kg__gt=0, heat_carbon_co2_kg__gt=0).exclude(stack_co2_kg=None)
    ratios = [float(day.stack_co2_kg / day.heat_carbon_co2_kg) for day in days if day.stack_measured_h > 6]
    assert len(ratios) >= 25
    assert sum(0.85 <= ratio <= 1.15 for ratio in ratios) >= 0.85 * len(ratios)
    day = SiteDay.objects.get(factory=litein, day=ledger.EPOCH + timedelta(days=day_before(litein)))
    assert day.firewood_kg is None  # the demo's first act
    assert day.made_kg
    assert day.electricity_kwh


def test_second_fill_adds_nothing(world_of: Callable[..., None]) -> None:
    world_of(fleet=1)
    fill_all()
    before = content()

    history.fill(Share(), NOW)
    assert content() == before
    (history.settings.DATA_DIR / "history.json").unlink()  # as if the kill had come before it was written
    history.fill(Share(), NOW)

    assert content() == before


def test_broken_off_anywhere_it_goes_on_where_it_was(
    world_of: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "READINGS_AT_ONCE", 300)
    world_of(fleet=2)
    real_store, real_roll_up = history._store, history.roll_up_touched
    real_write, real_refresh = history.Bookkeeper.write, history.site_days.refresh
    acts = iter(range(10_000))
    breaks_at = 0

    def breaking(act: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            result = act(*args, **kwargs)
            if next(acts) == breaks_at:
                raise _BrokenOffError
            return result

        return run

    monkeypatch.setattr(history, "_store", breaking(real_store))
    monkeypatch.setattr(history, "roll_up_touched", breaking(real_roll_up))
    monkeypatch.setattr(history.Bookkeeper, "write", breaking(real_write))
    monkeypatch.setattr(history.site_days, "refresh", breaking(real_refresh))

    for reaches in count():  # each run gets one act further than the one before
        acts, breaks_at = iter(range(10_000)), reaches
        try:
            history.fill(Share(), NOW)
        except _BrokenOffError:
            continue
        break
    assert breaks_at > 10
    broken = content()

    monkeypatch.undo()
    _forget_everything()
    history.fill(Share(), NOW)
    whole = content()
    assert [name for name in whole if whole[name] != broken[name]] == []


def _forget_everything() -> None:
    for model in (Emission, DeviceStream, EmissionMinute, EmissionHour, EmissionDay, TouchedMinute, SiteDay):
        model.objects.all().delete()
    with connection.cursor() as cursor:
        for table in ("energy_energyentry", "production_productionentry"):
            cursor.execute(f"DELETE FROM {table}")


def test_two_shares_are_the_whole(world_of: Callable[..., None]) -> None:
    world_of(fleet=2)
    history.fill(Share(0, 2), NOW)
    first = Emission.objects.values("device_id").distinct().count()
    history.fill(Share(1, 2), NOW)
    in_shares = content()

    _forget_everything()
    history.fill(Share(), NOW)

    assert first == 1
    assert content() == in_shares


def test_day_off_is_topped_up_and_joins_the_readings_before(world_of: Callable[..., None]) -> None:
    world_of(fleet=1)
    fill_all()
    later = NOW + timedelta(days=1, minutes=17)

    fill_all(later)

    hours = list(EmissionHour.objects.order_by("-period_start")[1:30])
    assert all(hour.covered_ms == 3_600_000 for hour in hours)
    spans = list(Emission.objects.order_by("timestamp").values_list("timestamp", "span_s"))
    joined = [a[0] == b[0] - timedelta(seconds=b[1] or 0) for a, b in pairwise(spans)]
    assert joined.count(False) <= 2  # a power cut
    litein = Factory.objects.get(name="Litein Tea Factory")
    forgotten = ledger.day_start(day_before(litein))
    assert EnergyEntry.objects.get(factory=litein, energy_type__code="firewood", kind="used", period_start=forgotten)


def test_what_somebody_logged_by_hand_is_not_logged_again(world_of: Callable[..., None]) -> None:
    world_of(fleet=1)
    fill_all()
    litein = Factory.objects.get(name="Litein Tea Factory")
    yesterday = ledger.day_start(day_before(litein))
    said = EntryInput(energy_type="firewood", amount=Decimal(48), unit="stere", timestamp=yesterday)
    energy_log.record(None, litein, said)

    fill_all(NOW + timedelta(days=1))

    wood = EnergyEntry.objects.filter(factory=litein, energy_type__code="firewood", kind="used")
    assert [entry.amount for entry in wood.filter(period_start=yesterday)] == [Decimal(48)]


def test_nothing_is_recorded_after_now_and_most_on_the_morning_after(world_of: Callable[..., None]) -> None:
    world_of(fleet=1)

    fill_all()

    late = [
        entry
        for entry in EnergyEntry.objects.all()
        if entry.period_end and entry.created_at - entry.period_end > timedelta(hours=2)
    ]
    assert not late
    assert not EnergyEntry.objects.filter(created_at__gt=NOW).exists()


def test_fleet_goes_on_where_the_history_ends(world_of: Callable[..., None]) -> None:
    world_of(fleet=1)
    fill_all()
    now_ms = round(NOW.timestamp() * 1000)
    progress = fleet_files.load_progress(history.settings.DATA_DIR)["litein-01"]
    anchor_day = fleet_files.load_anchor(history.settings.DATA_DIR)

    planned = history.cast.fleet(1)[0]
    device = SimulatedDevice(planned, now_ms=now_ms + 90_000, before=progress, anchor_day=anchor_day)

    assert now_ms - progress.t_ms == 2 * 3_600_000
    batch = device.outbox.next_batch(0.0)
    assert batch is not None
    assert 0 < batch.entries[0].t_ms - progress.t_ms <= 5_000
    assert anchor_day == history.times().anchor_day


def test_silent_device_has_a_history_until_it_fell_silent(world_of: Callable[..., None]) -> None:
    world_of(fleet=67)
    device = MCUDevice.objects.get(device_id="kapkatet-01")
    never = MCUDevice.objects.get(device_id="toror-01")

    found = {gap.device_pk: gap for gap in history.gaps(history.site_names(), NOW)}

    assert device.last_heartbeat is not None
    until = min(device.last_heartbeat, NOW - history.LIVE_FILL)
    assert found[device.pk].end_ms == round(until.timestamp() * 1000)
    assert never.pk not in found
    assert len(found) == 66
    assert set(history.site_names()) >= {factory.name for factory in history.cast.factories()}


def test_meter_readings_become_what_was_used_across_a_new_meter(world_of: Callable[..., None]) -> None:
    world_of(fleet=0, months=3)
    span, ragati = history.times(), Factory.objects.get(name="Ragati Tea Factory")
    told = ledger.tea_ledger(
        ragati.name, first_day=span.first_day, last_day=span.anchor_day - 1, anchor_day=span.anchor_day
    )

    for _again in range(2):
        history.Bookkeeper(NOW).write(ragati, None, told)

    used = EnergyEntry.objects.filter(factory=ragati, energy_type__code="electricity", kind="used")
    readings = EnergyEntry.objects.filter(factory=ragati, kind="meter_reading")
    assert readings.filter(meter_restarted=True).count() == 1
    assert used.count() == readings.count() - 2  # not of the first one, and not across the change
    assert all(entry.amount >= 0 for entry in used)


def test_small_fleet_has_the_history_of_its_own_sites_alone(world_of: Callable[..., None]) -> None:
    world_of(fleet=0)
    assert all("(fictional)" in name for name in history.site_names())

    world_of(fleet=2, months=0)
    assert history.site_names() == []
    history.fill(Share(), NOW)
    assert not EnergyEntry.objects.exists()


def test_thirteen_months_reach_beyond_what_ingest_takes(world_of: Callable[..., None]) -> None:
    world_of(fleet=1, months=13)

    gap = history.gaps(history.site_names(), NOW)[0]

    assert gap.hours > 395 * 24
    assert datetime.fromtimestamp(gap.start_ms / 1000, UTC) < NOW - timedelta(days=394)


def test_command_takes_a_share_and_refuses_a_named_database(world_of: Callable[..., None], settings: Settings) -> None:
    world_of(fleet=0)
    out = StringIO()

    call_command("fill_history", "--share", "1/2", stdout=out)

    assert out.getvalue().splitlines()[-1] == "done 1.0000"
    with pytest.raises(CommandError, match="not a share"):
        call_command("fill_history", "--share", "3/2")
    settings.IS_LOCAL = False
    with pytest.raises(CommandError, match="DATABASE_URL is set"):
        call_command("fill_history")
