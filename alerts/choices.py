"""Enums of alarms, shared by models, API and forms."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AlertKind(models.TextChoices):
    """What an alarm is about; `kinds.py` has a row for each."""

    CO2_HIGH = "co2_high", _("CO2 high")
    CO2_LOW = "co2_low", _("CO2 low")
    TEMPERATURE_HIGH = "temperature_high", _("stack temperature high")
    TEMPERATURE_LOW = "temperature_low", _("stack temperature low")
    FLOW_HIGH = "flow_high", _("gas velocity high")
    FLOW_LOW = "flow_low", _("gas velocity low")
    SENSOR_SILENT = "sensor_silent", _("sensor silent")
    SENSOR_OVER_RANGE = "sensor_over_range", _("sensor over range")
    LOG_MISSING = "log_missing", _("log missing at its deadline")
    STACK_AGAINST_FUEL = "stack_against_fuel", _("stack and fuel log differ")
    EFFICIENCY_LOW = "efficiency_low", _("much of the heat leaves by the chimney")
    CALIBRATION_ENDING = "calibration_ending", _("calibration ending")
    HOLD_OPEN = "hold_open", _("readings wait for a decision")
    TARGET_AT_RISK = "target_at_risk", _("target at risk")
    REPORT_DUE = "report_due", _("report due")
    DEVICE_ALERT = "device_alert", _("alert from the device")


class Severity(models.TextChoices):
    INFO = "info", _("for information")
    WARNING = "warning", _("warning")
    CRITICAL = "critical", _("critical")

    @property
    def gravity(self) -> int:
        """The gravest has the highest."""
        return list(Severity).index(self)


class AlertState(models.TextChoices):
    OPEN = "open", pgettext_lazy("alarm", "open")
    ASSIGNED = "assigned", pgettext_lazy("alarm", "assigned")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("alarm", "acknowledged")
    SNOOZED = "snoozed", pgettext_lazy("alarm", "snoozed")
    CLOSED = "closed", pgettext_lazy("alarm", "closed")


class AlertAct(models.TextChoices):
    """What happened to an alarm."""

    OPENED = "opened", pgettext_lazy("alarm", "opened")
    ESCALATED = "escalated", pgettext_lazy("alarm", "escalated")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("alarm", "acknowledged")
    COMMENTED = "commented", pgettext_lazy("alarm", "commented")
    ASSIGNED = "assigned", pgettext_lazy("alarm", "assigned")
    SNOOZED = "snoozed", pgettext_lazy("alarm", "snoozed")
    WOKEN = "woken", pgettext_lazy("alarm", "snooze over")
    REOPENED = "reopened", pgettext_lazy("alarm", "opened again")
    CLOSED = "closed", pgettext_lazy("alarm", "closed")


class Cause(models.TextChoices):
    """Why it happened, as the person who acknowledges it found; the month's Pareto counts them."""

    WET_WOOD = "wet_wood", _("wet wood")
    DAMPER = "damper", _("damper or draught")
    FALSE_AIR = "false_air", _("false air: a leak, or an open door")
    OVERLOAD = "overload", _("boiler overloaded")
    SOOT = "soot", _("soot: cleaning is due")
    FAN = "fan", _("fan or motor")
    SENSOR = "sensor", _("sensor, probe or sample line")
    POWER = "power", _("power cut")
    NETWORK = "network", _("network")
    LOG = "log", _("log late or wrong")
    WORKS = "works", _("planned work or a test")
    NO_FAULT = "no_fault", _("no fault: the limit is wrong")
    OTHER = "other", _("another cause, see the comment")


class LimitBasis(models.TextChoices):
    FIXED = "fixed", _("stated")
    OWN_28_DAYS = "own_28_days", _("from the site's own 28 days")


class CostBasis(models.TextChoices):
    """What the price of an alarm stands for (`docs/method.md` 14)."""

    ABOVE_LIMIT = "above_limit", _("emitted above the limit")
    NOT_IN_LOG = "not_in_log", _("in the stack and not in the log")
    GOOD_FIRE = "good_fire", _("that a good fire would not have emitted")
    NOT_MEASURED = "not_measured", _("emitted and not measured, at the site's usual rate")
