"""Enums of devices, shared by models, API and commands; the values are those of the MQTT contract."""

from django.db import models
from django.utils.translation import gettext_lazy as _


# `science.readings.Co2Basis` with the words of forms: `science` has no Django.
class Co2Basis(models.TextChoices):
    WET = "wet", _("wet: the gas as it is in the stack")
    DRY = "dry", _("dry: behind a cooler or dryer")


# `science.pressure.PressureCompensation` with the words of forms.
class PressureCompensation(models.TextChoices):
    NONE = "none", _("none: the value is used as received")
    LINEAR_0017 = "linear_0017", _("corrected here, linearly (950 to 1050 hPa only)")
    PROPORTIONAL = "proportional", _("corrected here, proportionally")
    ON_SENSOR = "on_sensor", _("done by the sensor")


class HoldKind(models.TextChoices):
    """Why readings wait: they are stored, and out of totals until the hold is resolved."""

    MISMATCH = "mismatch", _("the device reports otherwise than the registry")
    GEOMETRY = "geometry", _("geometry not stated")
    TWO_DEVICES = "two_devices", _("two devices send with one login")
    SET_ASIDE = "set_aside", _("set aside as invalid")


class SetAsideReason(models.TextChoices):
    """Why somebody sets a period of readings aside."""

    PROBE_OUT = "probe_out", _("the probe was out of the chimney")
    TAMPERED = "tampered", _("somebody tampered with the sensor")
    TEST_GAS = "test_gas", _("test gas or calibration")
    FAULT = "fault", _("the sensor was faulty")
    TWO_DEVICES = "two_devices", _("two devices sent with one login")
    OTHER = "other", _("another reason, see the note")


class HoldResolution(models.TextChoices):
    REGISTRY_RIGHT = "registry_right", _("the registry is right: count the readings as registered")
    DEVICE_RIGHT = "device_right", _("the device is right: correct the registry from here on")
    STATED = "stated", _("stated since")
    TAKEN_BACK = "taken_back", _("taken back: the readings count again")


class BrokerState(models.TextChoices):
    """What the broker is known to do about a device's login; `devices.broker.broker_state`."""

    NONE = "none", _("no password was made yet")
    IN_FORCE = "in_force", _("in force at the broker")
    REMOVED = "removed", _("revoked; the broker refuses it")
    WAITS = "waits", _("waits for sync_broker and a reload of the broker")
    UNCONFIRMED = "unconfirmed", _("not confirmed by the broker: rotate the password again")
    REMOVING = "removing", _("revoked; the broker has not confirmed it yet, and is told again until it does")
    ROTATING = "rotating", _("in force; a new password is on its way to the device, which tries both")
    BY_HAND = "by_hand", _("to be entered or removed at the broker by hand")


class CalibrationKind(models.TextChoices):
    FACTORY = "factory", _("by the maker")
    ZERO = "zero", _("zero on site")
    SPAN = "span", _("span on site")


class CalibrationPart(models.TextChoices):
    """What of a sensor a calibration sets; each has an end of its own."""

    ZERO = "zero", _("zero")
    SPAN = "span", _("span")


class SilenceCause(models.TextChoices):
    """Why a sensor is silent; `devices.silence.explain`."""

    POWER = "power", _("power")
    RADIO = "radio", _("radio")
    BROKER = "broker", _("broker")
    CLOCK = "clock", _("clock")
    SENSOR = "sensor", _("sensor")
    UNKNOWN = "unknown", _("unknown")


class Check(models.TextChoices):
    """The ten checks of go / no-go, in their order; `devices.go_no_go`."""

    POWER = "power", _("Power")
    SIGNAL = "signal", _("Signal")
    CLOCK = "clock", _("Clock")
    LOGIN = "login", _("Login at the broker")
    STORED = "stored", _("A reading is stored")
    COMMITTED = "committed", _("The answer comes back")
    RANGE = "range", _("Sensor range fits the fuel")
    REGISTRY = "registry", _("Registered as reported")
    LEAK = "leak", _("Leak test")
    PLUG = "plug", _("Pulled-plug test")


class CheckState(models.TextChoices):
    PASS = "pass", _("passed")
    WAIT = "wait", _("waits")
    FAIL = "fail", _("failed")
    NOT_TESTED = "not_tested", _("not tested")


class GoVerdict(models.TextChoices):
    GO = "go", _("GO")
    NOT_YET = "not_yet", _("NOT YET")
    NO_GO = "no_go", _("NO-GO")
