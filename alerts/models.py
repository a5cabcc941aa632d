"""Rules of alarms, alarms, and their life. Writes are in `services.py` and `evaluation.py`.

`AlertEvent` is written in the transaction of each change: it is the history of an alarm, and the outbox from which
notices are sent.
"""

from typing import Any

import pghistory
import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.choices import AlertAct, AlertKind, AlertState, Cause, CostBasis, LimitBasis, Severity

LONGEST_S = 14 * 86_400
_BY: dict[str, Any] = {"on_delete": models.PROTECT, "null": True, "blank": True, "related_name": "+"}


@pghistory.track()
class AlertRule(models.Model):
    """When an alarm of a kind opens: at all sites of an organisation, or at one site instead of that.

    `limit` and `hysteresis` are in the unit of the kind; null: the kind has none. An alarm opens when the limit was
    passed for `duration_s`, and closes when the value was back by `hysteresis` for as long.
    """

    organisation = models.ForeignKey("factories.Organisation", models.CASCADE, related_name="alert_rules")
    factory = models.ForeignKey("factories.Factory", models.CASCADE, null=True, blank=True, related_name="alert_rules")
    kind = models.CharField(_("kind"), max_length=24, choices=AlertKind)
    is_enabled = models.BooleanField(_("in use"), default=True)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    limit = models.FloatField(_("limit"), null=True, blank=True)
    limit_basis = models.CharField(_("limit from"), max_length=12, choices=LimitBasis, default=LimitBasis.FIXED)
    hysteresis = models.FloatField(
        _("back by"), default=0.0, validators=[MinValueValidator(0)], help_text=_("in the unit of the limit")
    )
    duration_s = models.PositiveIntegerField(_("duration (s)"), validators=[MaxValueValidator(LONGEST_S)])
    # Whole hours of the site's clock; from 20 to 6 is the night. Null: at any time.
    from_hour = models.PositiveSmallIntegerField(_("from (hour)"), null=True, blank=True)
    to_hour = models.PositiveSmallIntegerField(_("to (hour)"), null=True, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, **_BY)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("rule of alarms")
        verbose_name_plural = _("rules of alarms")
        ordering = ["organisation", "factory", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "factory", "kind"], nulls_distinct=False, name="alert_rule_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_rule_known_kind"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="alert_rule_known_severity"),
            models.CheckConstraint(
                condition=Q(hysteresis__gte=0, duration_s__lte=LONGEST_S), name="alert_rule_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(from_hour__isnull=True, to_hour__isnull=True)
                | Q(from_hour__isnull=False, to_hour__isnull=False, from_hour__lte=23, to_hour__lte=23)
                & ~Q(from_hour=F("to_hour")),
                name="alert_rule_hours",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory or self.organisation}: {self.get_kind_display()}"


class Alert(models.Model):
    """One alarm: from the moment it opened until it is closed. What happened to it is in its events."""

    organisation = models.ForeignKey("factories.Organisation", models.CASCADE, related_name="alerts")
    factory = models.ForeignKey("factories.Factory", models.CASCADE, related_name="alerts")
    kind = models.CharField(_("kind"), max_length=24, choices=AlertKind)
    # Tells alarms of one kind and subject apart: of a device's own alerts the device's kind; otherwise empty.
    detail = models.CharField(max_length=24, blank=True, default="")
    device = models.ForeignKey("devices.MCUDevice", models.CASCADE, null=True, related_name="alerts")
    chimney = models.ForeignKey("factories.Chimney", models.CASCADE, null=True, related_name="alerts")
    rule = models.ForeignKey(AlertRule, models.SET_NULL, null=True, related_name="alerts")
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    state = models.CharField(_("state"), max_length=12, choices=AlertState, default=AlertState.OPEN)
    began_at = models.DateTimeField(_("began"))  # since when it was so; its duration had to pass before it opened
    opened_at = models.DateTimeField(_("opened"))
    value = models.FloatField(_("value"), null=True)  # the furthest from the limit since it began
    limit = models.FloatField(_("limit"), null=True)
    params = models.JSONField(default=dict)  # of its sentence
    reopened_count = models.PositiveIntegerField(_("opened again"), default=0)
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("assigned to"), **_BY)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("acknowledged by"), **_BY)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    cause = models.CharField(_("cause"), max_length=12, choices=Cause, blank=True, default="")
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, **_BY)  # null: by itself
    # Since when the condition is over. Null: it holds; then an alarm that somebody closed does not open again.
    cleared_at = models.DateTimeField(null=True)
    # The price so far, by `price.py`; null: not known, and never zero for that.
    cost_kg_co2 = models.DecimalField(_("kg CO2"), max_digits=20, decimal_places=3, null=True)
    cost_amount = models.DecimalField(_("cost"), max_digits=20, decimal_places=2, null=True)
    cost_currency = models.CharField(max_length=3, blank=True, default="")
    cost_basis = models.CharField(max_length=12, choices=CostBasis, blank=True, default="")
    sees_money = True  # whether its reader may know what fuel costs; `queries.alerts_of` sets it

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["factory", "-opened_at"], name="alert_by_factory"),
            models.Index(fields=["organisation", "-opened_at"], name="alert_by_organisation"),
            models.Index(fields=["kind", "-closed_at"], name="alert_by_kind_closed"),
            # What each round of evaluation reads.
            models.Index(
                fields=["kind"], condition=Q(closed_at__isnull=True) | Q(cleared_at__isnull=True), name="alert_still_so"
            ),
        ]
        constraints = [
            # Two workers, or one killed and started again, open an alarm once.
            models.UniqueConstraint(
                fields=["organisation", "factory", "kind", "detail", "device", "chimney"],
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
                name="alert_open_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_known_kind"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="alert_known_severity"),
            models.CheckConstraint(condition=Q(cause__in=["", *Cause.values]), name="alert_known_cause"),
            models.CheckConstraint(
                condition=Q(state=AlertState.CLOSED, closed_at__isnull=False)
                | Q(state__in=[s for s in AlertState.values if s != AlertState.CLOSED], closed_at__isnull=True),
                name="alert_closed_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=AlertState.ACKNOWLEDGED) | Q(acknowledged_at__isnull=False),
                name="alert_acknowledged_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=AlertState.SNOOZED) | Q(snoozed_until__isnull=False), name="alert_snoozed_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(cost_amount__isnull=True) | ~Q(cost_currency=""), name="alert_cost_has_a_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory}: {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class AlertEvent(models.Model):
    """Something that happened to an alarm. Append-only: a trigger refuses changes."""

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    at = models.DateTimeField(_("when"), db_index=True)
    act = models.CharField(_("what"), max_length=12, choices=AlertAct)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), **_BY)  # null: by itself
    text = models.CharField(_("text"), max_length=500, blank=True, default="")
    params = models.JSONField(default=dict)  # to whom it was assigned, until when it is snoozed, its cause

    class Meta:
        verbose_name = _("event of an alarm")
        verbose_name_plural = _("events of alarms")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(act__in=AlertAct.values), name="alert_event_known_act")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.alert_id}: {self.get_act_display()} {self.at:%Y-%m-%d %H:%M}"


# The tables of who is told, which have a module of their own.
from alerts import notice_models  # noqa: E402, F401
