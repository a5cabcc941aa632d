"""Hours of record -> the cells of a fire log. The geometry is in `fire_log.py`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from emissions.models import HourStatus
from emissions.totals import ChimneyHour
from factories.days import local_hour_start
from portal.drawn.fire_log import FireLog, FireLogCell, FireLogStatus, build_fire_log

HOURS = 24


def shared_scale_kg_per_h(hours: Mapping[int, Iterable[ChimneyHour]]) -> float | None:
    """One scale for ribbons shown together, so that their heights can be compared."""
    rates = [hour.co2_kg_per_h for chimney in hours.values() for hour in chimney]
    return max((rate for rate in rates if rate is not None), default=None)


def day_ribbon(hours: Sequence[ChimneyHour], zone: ZoneInfo, now: datetime, scale_kg_per_h: float | None) -> FireLog:
    """The last 24 hours, including the current one. Hours without data are missing, never idle."""
    # In UTC, since local times of a repeated hour do not compare with those of another zone.
    by_start = {hour.period_start.astimezone(UTC): hour for hour in hours}
    last = local_hour_start(now, zone).astimezone(UTC)
    cells = []
    for back in range(HOURS - 1, -1, -1):
        start = last - timedelta(hours=back)
        cells.append(_cell(start.astimezone(zone), by_start.get(start)))
    return build_fire_log(cells, scale_kg_per_h=scale_kg_per_h)


def _cell(start: datetime, hour: ChimneyHour | None) -> FireLogCell:
    if hour is None or hour.co2_kg_per_h is None:
        return FireLogCell(start, None, FireLogStatus.MISSING, "" if hour is None else _("no usable reading"))
    if hour.status == HourStatus.IDLE:
        return FireLogCell(start, 0.0, FireLogStatus.IDLE)
    # An hour below 80 % coverage still shows its measured part; the table and the coverage say how much.
    status = FireLogStatus.SUBSTITUTED if hour.status == HourStatus.SUBSTITUTED else FireLogStatus.MEASURED
    word = _("at least: sensor range too small") if hour.over_range_ms else ""
    return FireLogCell(start, hour.co2_kg_per_h, status, word)
