"""The display-ready content of the pages of alarms: the list with its causes, one alarm with its life. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerts.choices import AlertAct, Cause
from alerts.kinds import KINDS
from alerts.models import Alert
from alerts.queries import CauseRow, causes
from emissions.models import EmissionHour, EmissionMinute
from portal.alarm_rows import time_of
from portal.drawn.limit_chart import LimitChart, build_limit_chart

CAUSES_OF = timedelta(days=30)
AROUND = timedelta(hours=1)
LONGEST_BY_MINUTE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something of the life of an alarm."""

    when: str
    act: str
    by: str
    text: str
    note: str


def month_causes(alerts: QuerySet[Alert], now: datetime) -> list[CauseRow]:
    return causes(alerts, now - CAUSES_OF, now, unknown=_("not said yet"))


def life_of(alert: Alert) -> tuple[Happening, ...]:
    return tuple(
        Happening(
            when=time_of(alert, event.at),
            act=str(AlertAct(event.act).label),
            by=str(event.by) if event.by else _("by itself"),
            text=event.text,
            note=_note(alert, event.params),
        )
        for event in alert.events.select_related("by")
    )


def _note(alert: Alert, params: dict[str, Any]) -> str:
    """To whom, until when, why."""
    if "name" in params:
        return _("to %(person)s") % {"person": params["name"]}
    if "until" in params:
        return _("until %(time)s") % {"time": time_of(alert, datetime.fromisoformat(params["until"]))}
    if "cause" in params:
        return str(Cause(params["cause"]).label)
    return ""


def chart_of(alert: Alert, now: datetime) -> LimitChart | None:
    """What was measured from an hour before it began: by minute, of a long one by hour."""
    quantity = KINDS[alert.kind].quantity
    if quantity is None or quantity.column == "over_range_pct" or alert.device_id is None or alert.limit is None:
        return None
    first, last = alert.began_at - AROUND, (alert.closed_at or now) + AROUND
    by_minute = last - first <= LONGEST_BY_MINUTE
    model: Any = EmissionMinute if by_minute else EmissionHour
    rows = model.objects.filter(device_id=alert.device_id, period_start__gte=first, period_start__lt=last)
    points = list(rows.order_by("period_start").values_list("period_start", quantity.column))
    step = timedelta(minutes=1) if by_minute else timedelta(hours=1)
    return build_limit_chart(points, limit=alert.limit, began_at=alert.began_at, step=step)
