"""What the database itself holds of alarms: one open alarm a kind and subject, and a history that only grows."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import InternalError
from django.utils import timezone

from alerts.choices import AlertAct, AlertKind, AlertState, Severity
from alerts.models import Alert, AlertEvent, AlertRule
from tests import make
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def make_alert(factory: Any, **fields: Any) -> Alert:
    now = timezone.now()
    return Alert.objects.create(
        **{
            "organisation": factory.organisation,
            "factory": factory,
            "kind": AlertKind.LOG_MISSING,
            "severity": Severity.WARNING,
            "began_at": now,
            "opened_at": now,
        }
        | fields
    )


def refused(name: str, **fields: Any) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make_alert(make.make_factory(), **fields)


def test_a_kind_and_subject_have_one_open_alarm(cast: Cast) -> None:
    first = make_alert(cast.litein)

    with pytest.raises(IntegrityError, match="alert_open_once"), transaction.atomic():
        make_alert(cast.litein)
    make_alert(cast.litein, detail="sensor_fault")
    make_alert(cast.momul)
    Alert.objects.filter(pk=first.pk).update(state=AlertState.CLOSED, closed_at=timezone.now())
    make_alert(cast.litein)


def test_states_have_what_belongs_to_them() -> None:
    refused("alert_closed_has_a_time", state=AlertState.CLOSED)
    refused("alert_closed_has_a_time", closed_at=timezone.now())
    refused("alert_acknowledged_has_a_time", state=AlertState.ACKNOWLEDGED)
    refused("alert_acknowledged_by_somebody", acknowledged_at=timezone.now())
    refused("alert_snoozed_has_an_end", state=AlertState.SNOOZED)
    refused("alert_cost_has_a_currency", cost_amount=1)
    refused("alert_known_cause", cause="ghosts")


def test_events_are_not_changed(cast: Cast) -> None:
    event = AlertEvent.objects.create(alert=make_alert(cast.litein), at=timezone.now(), act=AlertAct.OPENED)

    with pytest.raises(InternalError, match="append_only"), transaction.atomic():
        AlertEvent.objects.filter(pk=event.pk).update(text="never happened")


def test_an_organisation_has_one_rule_of_a_kind_and_a_site_its_own(cast: Cast) -> None:
    fields = {
        "organisation": cast.organisation,
        "kind": AlertKind.CO2_HIGH,
        "severity": Severity.WARNING,
        "duration_s": 60,
    }
    AlertRule.objects.create(**fields)
    AlertRule.objects.create(**fields, factory=cast.litein)

    with pytest.raises(IntegrityError, match="alert_rule_once"), transaction.atomic():
        AlertRule.objects.create(**fields)
    with pytest.raises(IntegrityError, match="alert_rule_hours"), transaction.atomic():
        AlertRule.objects.create(**fields, factory=cast.momul, from_hour=6)
