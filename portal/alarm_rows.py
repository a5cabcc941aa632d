"""An alarm as a row, for the pages that list alarms: the list itself and Today."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from alerts.choices import AlertState, Severity
from alerts.models import Alert
from alerts.sentences import price_sentence, sentence_of, title_of
from alerts.services import may_act
from lib.templatetags.units import clock

ALARMS_SHOWN = 5  # on Today
FORMS = {Severity.CRITICAL: "act", Severity.WARNING: "look", Severity.INFO: "unknown"}


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm in a list."""

    pk: int
    url: str
    site: str
    title: str
    sentence: str
    form: str  # of components/_state.html
    severity: str
    state: str
    since: str
    price: str
    who: str
    may_acknowledge: bool


def rows_of(alerts: Iterable[Alert], user: Any) -> tuple[AlarmRow, ...]:
    return tuple(row_of(alert, may=may_act(user, alert)) for alert in alerts)


def row_of(alert: Alert, *, may: bool) -> AlarmRow:
    who = alert.acknowledged_by or alert.assigned_to
    waits = alert.state in (AlertState.OPEN, AlertState.ASSIGNED)
    return AlarmRow(
        pk=alert.pk,
        url=reverse("alarm", args=[alert.pk]),
        site=alert.factory.name,
        title=title_of(alert),
        sentence=sentence_of(alert),
        form=FORMS[Severity(alert.severity)] if alert.is_open else "fine",
        severity=str(Severity(alert.severity).label),
        state=str(AlertState(alert.state).label),
        since=time_of(alert, alert.opened_at),
        price=price_sentence(alert),
        who=str(who) if who else "",
        may_acknowledge=may and waits,
    )


def time_of(alert: Alert, at: datetime | None) -> str:
    return clock(at, alert.factory.time_zone)
