"""The life of an alarm in the hands of people: who may, what stays, and what its history says."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from alerts import services
from alerts.choices import AlertAct, AlertKind, AlertState, Severity
from alerts.models import Alert
from alerts.queries import alerts_of, causes, exceptions_of, open_count
from alerts.sentences import price_sentence, sentence_of
from lib.errors import ApiError
from tests.alerts.test_models import make_alert
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db


def history(alert: Alert) -> list[tuple[str, str]]:
    return [(event.act, event.text) for event in alert.events.all()]


def test_a_life(cast: Cast) -> None:
    alert = make_alert(cast.litein)

    services.assign(cast.hq, alert.pk, cast.litein_manager, comment="Please look.")
    services.snooze(cast.litein_manager, alert.pk, timezone.now() + timedelta(hours=1))
    services.comment(cast.litein_manager, alert.pk, "Waiting for the clerk.")
    services.acknowledge(cast.litein_manager, alert.pk, cause="log", comment="Written now.")
    closed = services.close(cast.litein_manager, alert.pk)

    assert (closed.state, closed.cause, closed.closed_by) == (AlertState.CLOSED, "log", cast.litein_manager)
    assert closed.acknowledged_by == cast.litein_manager
    assert history(alert) == [
        (AlertAct.ASSIGNED, "Please look."),
        (AlertAct.SNOOZED, ""),
        (AlertAct.COMMENTED, "Waiting for the clerk."),
        (AlertAct.ACKNOWLEDGED, "Written now."),
        (AlertAct.CLOSED, ""),
    ]
    with pytest.raises(ApiError, match="closed"):
        services.close(cast.hq, alert.pk)
    again = services.acknowledge(cast.hq, alert.pk, cause="network")  # a cause may be found later
    assert (again.state, again.cause, again.acknowledged_by) == (AlertState.CLOSED, "network", cast.litein_manager)


def test_who_may(cast: Cast) -> None:
    log, silent = make_alert(cast.litein), make_alert(cast.litein, kind=AlertKind.SENSOR_SILENT)

    def sees(user: object) -> set[int]:
        return set(alerts_of(user).values_list("pk", flat=True))

    assert sees(cast.hq) == sees(cast.litein_manager) == sees(cast.auditor) == {log.pk, silent.pk}
    assert sees(cast.installer) == {silent.pk}  # no logs
    assert sees(cast.momul_manager) == sees(cast.outsider) == sees(cast.nobody) == set()
    services.acknowledge(cast.installer, silent.pk)
    for user, alert in ((cast.installer, log), (cast.auditor, log), (cast.momul_manager, log), (cast.outsider, silent)):
        with pytest.raises(PermissionDenied):
            services.acknowledge(user, alert.pk)
    with pytest.raises(ApiError) as refused:
        services.assign(cast.hq, log.pk, cast.installer)
    with pytest.raises(ApiError) as unknown:
        services.assign(cast.hq, log.pk, None)
    assert "to" in refused.value.fields
    assert refused.value.fields == unknown.value.fields  # it names nobody, and does not say who exists
    assert open_count(cast.hq) == 1  # the other one is acknowledged


def test_a_snooze_ends_by_itself(cast: Cast) -> None:
    alert = make_alert(cast.litein)
    services.snooze(cast.hq, alert.pk, timezone.now() + timedelta(hours=1))
    assert services.wake_snoozed() == 0

    Alert.objects.update(snoozed_until=timezone.now())

    assert services.wake_snoozed() == 1
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN
    assert history(alert)[-1][0] == AlertAct.WOKEN
    for until in (timezone.now() - timedelta(seconds=1), timezone.now() + timedelta(days=15)):
        with pytest.raises(ApiError):
            services.snooze(cast.hq, alert.pk, until)


def test_wrong_input_is_refused_with_its_field(cast: Cast) -> None:
    alert = make_alert(cast.litein)

    for act, field in (
        (lambda: services.acknowledge(cast.hq, alert.pk, cause="ghosts"), "cause"),
        (lambda: services.comment(cast.hq, alert.pk, "  "), "text"),
        (lambda: services.comment(cast.hq, alert.pk, "a" * 501), "comment"),
    ):
        with pytest.raises(ApiError) as refused:
            act()
        assert list(refused.value.fields) == [field]
    assert history(alert) == []


def test_the_causes_of_a_month_are_a_pareto(cast: Cast) -> None:
    """Four alarms: two of wet wood, one of a fan, one of which nobody said why."""
    for cause in ("wet_wood", "wet_wood", "fan", ""):
        alert = make_alert(cast.litein, cause=cause)
        Alert.objects.filter(pk=alert.pk).update(state="closed", closed_at=timezone.now())
    now = timezone.now()

    rows = causes(alerts_of(cast.hq), now - timedelta(days=1), now + timedelta(days=1), unknown="not said")

    assert [(row.cause, row.count, row.cumulative_pct) for row in rows] == [
        ("wet_wood", 2, 50.0),
        ("", 1, 75.0),
        ("fan", 1, 100.0),
    ]
    assert rows[1].words == "not said"


def test_exceptions_of_sites_begin_with_what_costs_most(cast: Cast) -> None:
    """Money first, then kg, then gravity; what is not known comes after what is."""
    silent = make_alert(cast.litein, kind=AlertKind.SENSOR_SILENT, severity=Severity.CRITICAL, params={"device": "d1"})
    stack = make_alert(
        cast.litein,
        kind=AlertKind.STACK_AGAINST_FUEL,
        value=1.6,
        cost_kg_co2=4_000,
        cost_amount=12_300,
        cost_currency="KES",
        cost_basis="not_in_log",
        params={
            "first_day": "2026-11-18",
            "last_day": "2026-11-20",
            "stack_kg": 9_600,
            "fuel_kg": 6_000,
            "difference_kg": 4_000,
            "verdict": "unlogged_fuel",  # the site's usual ratio is 0.96
        },
    )
    make_alert(cast.momul)

    rows = exceptions_of(cast.hq, [cast.litein])

    assert rows[cast.litein.pk] == [stack, silent]
    first, second = rows[cast.litein.pk]
    assert sentence_of(first) == (
        "The stack shows more than the fuel in the log, about 4,000.0 kg of CO2 from 18 Nov to 20 Nov (ratio 1.60). "
        "Was a delivery not written?"
    )
    assert price_sentence(first) == "4,000.0 kg CO2 in the stack and not in the log: KES 12,300 of fuel"
    assert (price_sentence(second), second.cost_kg_co2) == ("", None)
    assert "d1 has been silent since" in sentence_of(second)


def test_money_is_for_those_who_see_the_energy_log(cast: Cast, as_user: AsUser) -> None:
    make_alert(
        cast.litein,
        kind=AlertKind.CO2_HIGH,
        value=1,
        limit=1,
        cost_kg_co2=26,
        cost_amount=7,
        cost_currency="KES",
        cost_basis="above_limit",
    )

    for user, amount, words in ((cast.litein_manager, "7.00", "KES 7 of fuel"), (cast.installer, None, "26.0 kg CO2")):
        (row,) = as_user(user).get("/api/alerts/").json()["results"]
        assert (row["cost_kg_co2"], row["cost_amount"]) == ("26.000", amount)
        shown = price_sentence(alerts_of(user).get())
        assert words in shown
        assert ("KES" in shown) is (amount is not None)
