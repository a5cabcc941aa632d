"""The display-ready content of the pages of alarms: the list with its causes, one alarm with its life. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.choices import AlertAct, Cause
from alerts.kinds import KINDS
from alerts.models import Alert, AlertEvent
from alerts.queries import CauseRow, causes
from alerts.services import may_act
from emissions.models import EmissionHour, EmissionMinute
from portal.alarm_rows import AlarmRow, row_of, time_of
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


@dataclass(frozen=True, slots=True)
class AlarmPage:
    row: AlarmRow
    alert: Alert
    site_url: str
    life: tuple[Happening, ...]
    chart: LimitChart | None
    unit: str
    may_act: bool
    is_open: bool
    cause: str
    runbook: str


def month_causes(alerts: QuerySet[Alert], now: datetime) -> list[CauseRow]:
    return causes(alerts, now - CAUSES_OF, now, unknown=_("not said yet"))


def alarm_page(alert: Alert, user: Any, now: datetime) -> AlarmPage:
    """One alarm; two queries."""
    events = list(alert.events.select_related("by"))
    may = may_act(user, alert)
    return AlarmPage(
        row=row_of(alert, may=may),
        alert=alert,
        site_url=reverse("factory", args=[alert.factory_id]) if alert.factory_id else "",
        life=_life(alert, events),
        chart=_chart(alert, now),
        unit=KINDS[alert.kind].unit,
        may_act=may,
        is_open=alert.is_open,
        cause=str(Cause(alert.cause).label) if alert.cause else "",
        runbook=alert.kind,
    )


def _life(alert: Alert, events: Sequence[AlertEvent]) -> tuple[Happening, ...]:
    return tuple(
        Happening(
            when=time_of(alert, event.at),
            act=str(AlertAct(event.act).label),
            by=str(event.by) if event.by else _("by itself"),
            text=event.text,
            note=_note(alert, event.params),
        )
        for event in events
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


def _chart(alert: Alert, now: datetime) -> LimitChart | None:
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
