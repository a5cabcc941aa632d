"""Tables of ingest besides readings: refused messages with their reason, other messages, commands, and the counters."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mqtt_ingest.choices import (
    CommandCause,
    CommandKind,
    CommandState,
    MessageKind,
    Outcome,
    Reason,
    RollOutState,
    UpdateProblem,
    UpdateState,
)

WAITING_STATES = [CommandState.QUEUED, CommandState.SENT]


class RejectedGroup(models.Model):
    """Refusals of one device for one reason, told apart by the shape of their detail. All are counted here."""

    topic_device_id = models.CharField(_("device id in the topic"), max_length=64)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    shape = models.CharField(max_length=120, blank=True)  # of a device with too many shapes: empty
    count = models.BigIntegerField(_("how often"))
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("group of rejected messages")
        verbose_name_plural = _("groups of rejected messages")
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(fields=["topic_device_id", "reason", "shape"], name="rejected_group_once")
        ]

    def __str__(self) -> str:
        return f"{self.topic_device_id}: {self.reason}"


class RejectedMessage(models.Model):
    """A refused reading, or an unreadable message: one of those in its group, a sample of them is kept."""

    group = models.ForeignKey(RejectedGroup, models.CASCADE, related_name="messages")
    received_at = models.DateTimeField(_("received"), db_index=True)
    topic_device_id = models.CharField(_("device id in the topic"), max_length=64)
    topic = models.CharField(_("topic"), max_length=250)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    reading_index = models.IntegerField(_("index in the message"), null=True)
    stream = models.BigIntegerField(_("stream"), null=True)
    seq = models.BigIntegerField(_("seq"), null=True)
    payload = models.BinaryField(_("payload, whole up to 8 KiB"))
    payload_bytes = models.IntegerField(_("payload size (bytes)"))
    is_live = models.BooleanField(default=True)  # false: retained by the broker
    replayed_at = models.DateTimeField(_("replayed"), null=True)

    class Meta:
        verbose_name = _("rejected message")
        verbose_name_plural = _("rejected messages")
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["topic_device_id", "-received_at"], name="rejected_by_device")]

    def __str__(self) -> str:
        return f"{self.topic_device_id}: {self.reason}"

    @property
    def is_whole(self) -> bool:
        return len(bytes(self.payload)) == self.payload_bytes


class DeviceMessage(models.Model):
    """A status, alert or acknowledgement, with only the keys of the contract."""

    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, related_name="messages")
    kind = models.CharField(_("kind"), max_length=8, choices=MessageKind)
    received_at = models.DateTimeField(_("received"))
    payload = models.JSONField(_("payload"))

    class Meta:
        verbose_name = _("device message")
        verbose_name_plural = _("device messages")
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["device", "kind", "-received_at"], name="message_by_device_kind")]

    def __str__(self) -> str:
        return f"{self.device}: {self.kind}"


# What the server repeats by itself is telemetry, and so is sending again. The rows are deleted by a job alone.
_IS_HISTORY = ~pgtrigger.Q(new__cause__in=[CommandCause.GAP, CommandCause.RESTART])


@pghistory.track(
    pghistory.InsertEvent(condition=_IS_HISTORY),
    pghistory.UpdateEvent(condition=_IS_HISTORY & pgtrigger.Q(old__state__df=pgtrigger.F("new__state"))),
    exclude=["last_sent_at", "sent_count", "answered_stream"],
)
class DeviceCommand(models.Model):
    """A command to a device. Ingest sends it while the device is on line, until it is answered or its time is over.

    `arguments` are those of the contract, without a password or token.
    """

    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, related_name="commands", verbose_name=_("device"))
    command_id = models.CharField(_("id"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=24, choices=CommandKind)
    arguments = models.JSONField(_("arguments"))
    cause = models.CharField(_("cause"), max_length=12, choices=CommandCause, default=CommandCause.PERSON)
    reason = models.CharField(_("why"), max_length=300, blank=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("given by")
    )
    state = models.CharField(_("state"), max_length=12, choices=CommandState, default=CommandState.QUEUED)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("until"))
    last_sent_at = models.DateTimeField(_("last sent"), null=True)
    sent_count = models.PositiveIntegerField(_("sent"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True)
    # The boot that answered: what a device keeps in RAM only is gone with it.
    answered_stream = models.BigIntegerField(null=True)
    error = models.CharField(_("the device's words"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("device command")
        verbose_name_plural = _("device commands")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "kind"], condition=models.Q(state__in=WAITING_STATES), name="command_one_waits"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=WAITING_STATES, ended_at=None)
                | (~models.Q(state__in=WAITING_STATES) & models.Q(ended_at__isnull=False)),
                name="command_end_dated",
            ),
        ]
        indexes = [models.Index(fields=["device", "-created_at"], name="command_by_device")]

    def __str__(self) -> str:
        return f"{self.device}: {self.kind}"


@pghistory.track(exclude=["content"])
class FirmwareImage(models.Model):
    """A firmware of an organisation's devices, whose signature was checked when it was registered."""

    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="firmware_images")
    version = models.CharField(_("version"), max_length=40)
    sha256 = models.CharField("SHA-256", max_length=64)
    signature = models.CharField(_("signature (Ed25519)"), max_length=88)
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    notes = models.CharField(_("notes"), max_length=1_000, blank=True)
    content = models.BinaryField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("firmware image")
        verbose_name_plural = _("firmware images")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "version"], name="image_version_once"),
            models.UniqueConstraint(fields=["organisation", "sha256"], name="image_content_once"),
        ]

    def __str__(self) -> str:
        return self.version


@pghistory.track()
class RollOut(models.Model):
    """An image on its way to devices: first to some, and to the others when those run it well (`roll_out.py`)."""

    image = models.ForeignKey(FirmwareImage, models.PROTECT, related_name="roll_outs", verbose_name=_("image"))
    # That of the image: one roll-out at a time in an organisation.
    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="+")
    reason = models.CharField(_("why"), max_length=300, blank=True)
    watch_s = models.PositiveIntegerField(_("watched for (s)"))
    state = models.CharField(_("state"), max_length=12, choices=RollOutState, default=RollOutState.FIRST)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    problem = models.CharField(_("why halted"), max_length=12, choices=UpdateProblem, blank=True)
    halted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("firmware roll-out")
        verbose_name_plural = _("firmware roll-outs")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=models.Q(state__in=[RollOutState.FIRST, RollOutState.REST]),
                name="roll_out_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.image}"

    @property
    def is_running(self) -> bool:
        return self.state in (RollOutState.FIRST, RollOutState.REST)


class DeviceUpdate(models.Model):
    """A device in a roll-out: what it ran before and how well, and how it runs the new one."""

    roll_out = models.ForeignKey(RollOut, models.CASCADE, related_name="updates")
    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, related_name="+")
    is_first = models.BooleanField()
    version_before = models.CharField(max_length=40, blank=True)
    command = models.ForeignKey(DeviceCommand, models.SET_NULL, null=True, related_name="+")
    back_at = models.DateTimeField(null=True)  # first seen with the new version
    # Shares from 0 to 1 in the time before the command and since the device is back; null: no readings.
    good_before = models.FloatField(null=True)
    received_before = models.FloatField(null=True)
    good_after = models.FloatField(null=True)
    received_after = models.FloatField(null=True)
    state = models.CharField(max_length=12, choices=UpdateState, default=UpdateState.WAITING)
    problem = models.CharField(max_length=12, choices=UpdateProblem, blank=True)

    class Meta:
        verbose_name = _("device in a roll-out")
        verbose_name_plural = _("devices in roll-outs")
        ordering = ["-is_first", "device__device_id"]
        constraints = [models.UniqueConstraint(fields=["roll_out", "device"], name="update_device_once")]

    def __str__(self) -> str:
        return f"{self.device}: {self.state}"


@pghistory.track(
    pghistory.InsertEvent(),
    # What waits to be entered is no history: every message would write an event.
    pghistory.UpdateEvent(condition=pghistory.AnyChange("counts_until", exclude_auto=True)),
    pghistory.DeleteEvent(),
    exclude=["stale_from", "changes", "problem"],
)
class DeviceMeter(models.Model):
    """A counter of a device that is the meter of a source of its site: `device_meters.py` enters what it counts."""

    channel = models.ForeignKey("emissions.SensorChannel", models.PROTECT, related_name="meters")
    energy_type = models.ForeignKey("energy.EnergyType", models.PROTECT, related_name="+")
    source = models.ForeignKey("factories.EmissionSource", models.PROTECT, related_name="device_meters")
    counts_from = models.DateTimeField(_("counts from"))
    counts_until = models.DateTimeField(_("counts until"), null=True, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # Values from here on are not entered yet; `changes` counts the batches with such values, see `device_meters.py`.
    stale_from = models.DateTimeField(null=True, editable=False)
    changes = models.BigIntegerField(default=0, editable=False)
    problem = models.CharField(max_length=500, blank=True, editable=False)  # why its count cannot be entered

    class Meta:
        verbose_name = _("meter of a device")
        verbose_name_plural = _("meters of devices")
        ordering = ["channel", "-counts_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(counts_until=None) | models.Q(counts_from__lt=models.F("counts_until")),
                name="device_meter_forward",
            ),
            models.UniqueConstraint(
                fields=["channel"], condition=models.Q(counts_until=None), name="device_meter_of_one_source"
            ),
            models.UniqueConstraint(
                fields=["source", "energy_type"],
                condition=models.Q(counts_until=None),
                name="device_meter_once_a_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.energy_type} ({self.source})"


class IngestCounter(models.Model):
    """received = stored + duplicate + rejected, in readings, written in the transaction that stores them.

    `slot` spreads the rows of a counter so that parallel workers do not wait for each other; sum over it.
    """

    pk = models.CompositePrimaryKey("outcome", "reason", "slot")
    outcome = models.CharField(max_length=12, choices=Outcome)
    reason = models.CharField(max_length=16, blank=True)  # for MESSAGE: the kind
    slot = models.SmallIntegerField()
    count = models.BigIntegerField()

    class Meta:
        verbose_name = _("ingest counter")
        verbose_name_plural = _("ingest counters")

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason}: {self.count}"
