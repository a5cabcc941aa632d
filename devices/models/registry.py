"""Devices in the field, their claim codes and secrets, where and when each was mounted, and holds.

Calibrations are in `calibration.py`; readings in `emissions`; what a chimney looks like is in `factories`.
"""

from datetime import datetime

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from devices.choices import Co2Basis, HoldKind, HoldResolution, PressureCompensation, SetAsideReason
from devices.models.profile import DeviceProfile
from devices.profile_spec import DEVICE_ID
from devices.sensors import check_fit
from factories.days import local_hour_start
from science import pressure

# The server signs in at the broker under names like this: a device of that name would get the password of that login.
RESERVED_PREFIX = "carbontrack-"

validate_device_id = RegexValidator(
    DEVICE_ID, _("A device id has 3 to 64 of the letters A-Z a-z, the digits, _ and -.")
)


@pghistory.track(
    pghistory.InsertEvent(),
    # Heartbeats and status are telemetry, not history: every message would write an event.
    pghistory.UpdateEvent(
        condition=pghistory.AnyChange(
            *("factory", "device_id", "interval_s", "revoked_at", "profile", "serial_number", "model"),
            *("bought_on", "installed_on", "retired_on"),
            exclude_auto=True,
        )
    ),
    pghistory.DeleteEvent(),
)
class MCUDevice(models.Model):
    """A microcontroller in the field. It stays with its factory: readings carry the factory through it."""

    factory = models.ForeignKey("factories.Factory", models.PROTECT, related_name="devices", verbose_name=_("factory"))
    device_id = models.CharField(_("device id"), max_length=64, unique=True, validators=[validate_device_id])
    interval_s = models.FloatField(_("interval (s)"), default=5.0)
    # Of a sensor that does not speak our contract: how its messages are read (`profiles.py`).
    profile = models.ForeignKey(DeviceProfile, models.PROTECT, null=True, blank=True, related_name="devices")
    firmware = models.CharField(_("firmware"), max_length=40, blank=True)
    last_heartbeat = models.DateTimeField(_("last heard of"), null=True, blank=True)
    # The last state that the device reported: true, false by its last will, null if it never reported one.
    reported_online = models.BooleanField(null=True, editable=False)
    last_will_at = models.DateTimeField(_("last will"), null=True, editable=False)
    status = models.JSONField(_("last status"), default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    serial_number = models.CharField(_("serial number"), max_length=60, blank=True)
    model = models.CharField(_("model"), max_length=80, blank=True)
    bought_on = models.DateField(_("bought on"), null=True, blank=True)
    installed_on = models.DateField(_("installed on"), null=True, blank=True)
    retired_on = models.DateField(_("retired on"), null=True, blank=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["device_id"]
        constraints = [
            models.CheckConstraint(condition=Q(device_id__regex=DEVICE_ID), name="device_id_fits_a_topic"),
            models.CheckConstraint(condition=Q(interval_s__gt=0, interval_s__lte=3600), name="device_interval"),
            # The target of composite foreign keys, see Assignment.
            models.UniqueConstraint(fields=["id", "factory"], name="device_of_factory"),
            models.CheckConstraint(
                condition=Q(installed_on__isnull=True)
                | Q(retired_on__isnull=True)
                | Q(installed_on__lte=F("retired_on")),
                name="device_retired_after_installed",
                violation_error_message=_("It was retired before it was installed: check both days."),
            ),
            models.CheckConstraint(
                condition=Q(retired_on__isnull=True) | Q(revoked_at__isnull=False), name="device_retired_is_revoked"
            ),
        ]

    def __str__(self) -> str:
        return self.device_id

    def clean(self) -> None:
        if self.device_id.startswith(RESERVED_PREFIX):
            raise ValidationError(
                _("device_id=%(id)r is reserved for the server; choose another."),
                code="device_id_reserved",
                params={"id": self.device_id},
            )
        waiting = DeviceClaim.objects.filter(withdrawn_at=None, claimed_at=None, expires_at__gt=timezone.now())
        if self._state.adding and waiting.filter(device_id=self.device_id).exists():
            words = _("device_id=%(id)r waits under a claim code: use that, or choose another id.")
            error = ValidationError(words, code="device_exists", params={"id": self.device_id})
            raise ValidationError({"device_id": error})


@pghistory.track(exclude=["code_digest"])
class DeviceClaim(models.Model):
    """A device that waits for its site: what is known of it, and the code that lets an installer register it, once.

    The code is shown when it is made; only its digest is kept.
    """

    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="device_claims")
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    device_id = models.CharField(_("device id"), max_length=64, unique=True, validators=[validate_device_id])
    serial_number = models.CharField(_("serial number"), max_length=60, blank=True)
    model = models.CharField(_("model"), max_length=80, blank=True)
    bought_on = models.DateField(_("bought on"), null=True, blank=True)
    sensor = models.CharField(_("sensor"), max_length=40, blank=True)
    range_ppm = models.FloatField(_("sensor range (ppm)"), null=True, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(_("expires"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    claimed_at = models.DateTimeField(_("used"), null=True, blank=True)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("claim code")
        verbose_name_plural = _("claim codes")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(claimed_at__isnull=True, claimed_by__isnull=True)
                | Q(claimed_at__isnull=False, claimed_by__isnull=False, withdrawn_at__isnull=True),
                name="device_claim_used_by_whom_and_when",
            ),
            models.CheckConstraint(
                condition=Q(range_ppm__isnull=True) | Q(range_ppm__gt=0, range_ppm__lte=1_000_000),
                name="device_claim_range_plausible",
            ),
        ]

    def __str__(self) -> str:
        return self.device_id


@pghistory.track(exclude=["pbkdf2_sha512", "sealed"])
class DeviceSecret(models.Model):
    """A device's password as Mosquitto's $7$ PBKDF2 string. The password itself is shown once and not kept.

    One that is offered goes to the device by command (`access.offer_secret`): until the device has come back with it,
    the one in force stays in force.
    """

    device = models.ForeignKey(MCUDevice, models.CASCADE, related_name="secrets")
    pbkdf2_sha512 = models.CharField(max_length=140)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # When the broker confirmed the present state of this login (in force, or gone); null while it waits.
    broker_at = models.DateTimeField(null=True, blank=True)
    is_offered = models.BooleanField(default=False)
    # When the device said that it has kept the offered one, and tries it at its next connection.
    stored_at = models.DateTimeField(null=True, blank=True)
    # The offered password, encrypted by a key from SECRET_KEY, until the device has come back with it.
    sealed = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = _("device secret")
        verbose_name_plural = _("device secrets")
        constraints = [
            models.UniqueConstraint(
                fields=["device", "is_offered"], condition=Q(revoked_at__isnull=True), name="device_secret_one_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.device}: {self.created_at:%Y-%m-%d}"


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class _Infinity(Func):
    template = "'infinity'::timestamptz"
    output_field = models.DateTimeField()


# An assignment that waits for its first reading takes its place after all that have ended; one that was ended before it
# began takes none.
_VALIDITY = TsTzRange(Coalesce("valid_from", "valid_to", _Infinity()), "valid_to", RangeBoundary())


@pghistory.track()
class Assignment(models.Model):
    """Where a device was mounted and how its sensor reported, from one whole local hour to another.

    At any moment a chimney has one device of record; others are cross-checks and stay out of totals. It begins when the
    installer said, or with the hour of the first reading at or after `waits_since` (`services.begin_assignments`):
    until that reading `valid_from` is null.
    """

    device = models.ForeignKey(MCUDevice, models.PROTECT, related_name="assignments", verbose_name=_("device"))
    chimney = models.ForeignKey(
        "factories.Chimney", models.PROTECT, related_name="assignments", verbose_name=_("chimney")
    )
    # With the composite foreign keys of migration 0002: device and chimney belong to this factory, always.
    factory = models.ForeignKey("factories.Factory", models.PROTECT, related_name="assignments")
    valid_from = models.DateTimeField(
        _("from"), null=True, blank=True, help_text=_("empty: it begins with the device's first reading from now on")
    )
    valid_to = models.DateTimeField(_("to"), null=True, blank=True)
    waits_since = models.DateTimeField(null=True, blank=True, editable=False)
    is_of_record = models.BooleanField(_("device of record"), default=True)
    sensor = models.CharField(_("sensor"), max_length=40, blank=True)
    range_ppm = models.FloatField(_("sensor range (ppm)"), null=True, blank=True)
    co2_basis = models.CharField(_("CO2 basis"), max_length=3, choices=Co2Basis, default=Co2Basis.DRY)
    pressure_compensation = models.CharField(
        _("pressure compensation"),
        max_length=12,
        choices=PressureCompensation,
        default=PressureCompensation.PROPORTIONAL,
    )

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["device", "valid_from"]
        constraints = [
            ExclusionConstraint(
                name="one_device_of_record_per_chimney",
                expressions=[("chimney", RangeOperators.EQUAL), (_VALIDITY, RangeOperators.OVERLAPS)],
                condition=Q(is_of_record=True),
                violation_error_message=_(
                    "This chimney already has a device of record in that time: end its assignment first, "
                    "or add this one as a cross-check."
                ),
            ),
            ExclusionConstraint(
                name="device_in_one_chimney_at_a_time",
                expressions=[("device", RangeOperators.EQUAL), (_VALIDITY, RangeOperators.OVERLAPS)],
                violation_error_message=_("This device is assigned elsewhere in that time: end that assignment first."),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__lt=F("valid_to")), name="assignment_period_forward"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=False) | Q(waits_since__isnull=False), name="assignment_begins_or_waits"
            ),
            models.CheckConstraint(
                condition=Q(range_ppm__isnull=True) | Q(range_ppm__gt=0, range_ppm__lte=1_000_000),
                name="assignment_range_plausible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device} @ {self.chimney}"

    def is_in_force(self, now: datetime) -> bool:
        """Or waits for the device's first reading; of the assignments of a device the first that says so counts."""
        return (self.valid_from or now) <= now and (self.valid_to is None or now < self.valid_to)

    def clean(self) -> None:
        """Checks that no database constraint can do: whole hours of the site, and a correction valid at its
        altitude."""
        if self.factory_id is None:
            return
        if self.valid_from is None:
            if self.pk and Assignment.objects.filter(pk=self.pk, valid_from__isnull=False).exists():
                raise ValidationError({"valid_from": _("It has begun: give the hour from which it counts.")})
            self.waits_since = self.waits_since or local_hour_start(timezone.now(), self.factory.zone)
        for name in ("device", "chimney"):
            # The database refuses it too, but by a foreign key, which gives no message for a form.
            if getattr(self, f"{name}_id") and getattr(self, name).factory_id != self.factory_id:
                raise ValidationError({name: _("It belongs to another factory.")})
        for name in ("valid_from", "valid_to"):
            # Otherwise hours of record would belong to two assignments.
            moment = getattr(self, name)
            local = moment and moment.astimezone(self.factory.zone)
            if local and (local.minute, local.second, local.microsecond) != (0, 0, 0):
                raise ValidationError(
                    {name: _("%(time)s is not a whole hour of the site's clock.") % {"time": f"{local:%H:%M:%S}"}}
                )
        self._check_mounting()
        site_pa = pressure.isa_pressure_pa(self.factory.altitude_m)
        is_linear = self.pressure_compensation == PressureCompensation.LINEAR_0017
        if is_linear and not pressure.LINEAR_MIN_PA <= site_pa <= pressure.LINEAR_MAX_PA:
            message = _("linear_0017 is valid from 950 to 1050 hPa; this site has %(hpa).0f hPa. Use proportional.")
            raise ValidationError({"pressure_compensation": message % {"hpa": site_pa / 100}})

    def _check_mounting(self) -> None:
        """What is new fits its chimney, which is in use. What was mounted before this was asked can still be ended."""
        told = ("chimney_id", "sensor", "range_ppm", "co2_basis")
        stored = Assignment.objects.filter(pk=self.pk).values(*told).first() if self.pk else None
        if self.chimney_id and stored != {name: getattr(self, name) for name in told}:
            self._check_in_use()
            check_fit(chimney=self.chimney, sensor=self.sensor, range_ppm=self.range_ppm, co2_basis=self.co2_basis)

    def _check_in_use(self) -> None:
        """A period that has ended may be of a chimney that was archived since."""
        for place in (self.chimney, self.factory):
            if place.archived_at is not None and self.valid_to is None:
                error = ValidationError(
                    _("%(name)s is archived: restore it first."), code="archived", params={"name": place.name}
                )
                raise ValidationError({"chimney": error})


@pghistory.track()
class AssignmentHold(models.Model):
    """Readings of an assignment that are stored but out of totals until somebody resolves why, which `kind` says.

    `stream`, `registered` and `reported` are of a mismatch; the readings of its stream wait at any time. `reason`,
    `note` and `opened_by` are of a period that somebody set aside as invalid.
    """

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="holds")
    kind = models.CharField(_("kind"), max_length=12, choices=HoldKind, default=HoldKind.MISMATCH)
    stream = models.BigIntegerField(_("stream"), null=True, blank=True)
    field = models.CharField(_("field"), max_length=24, blank=True)
    registered = models.CharField(_("registered"), max_length=40, blank=True)
    reported = models.CharField(_("reported"), max_length=40, blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=SetAsideReason, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    resolution = models.CharField(_("resolution"), max_length=16, choices=HoldResolution, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("assignment hold")
        verbose_name_plural = _("assignment holds")
        ordering = ["-starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "kind", "field"],
                condition=Q(resolution="") & ~Q(kind=HoldKind.SET_ASIDE),
                name="hold_unresolved_once",
            ),
            models.CheckConstraint(
                condition=~Q(kind=HoldKind.SET_ASIDE)
                | (Q(ends_at__gt=F("starts_at"), opened_by__isnull=False) & ~Q(reason="")),
                name="hold_set_aside_says_why",
            ),
            models.CheckConstraint(
                condition=Q(resolution="", resolved_at__isnull=True)
                | (~Q(resolution="") & Q(resolved_at__isnull=False)),
                name="hold_resolution_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment}: {self.field or self.get_kind_display()}"
