"""Tables of ingest besides readings: refused messages with their reason, other messages, commands, and the counters."""

import pghistory
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mqtt_ingest.choices import CommandCause, CommandKind, CommandState, MessageKind, Outcome, Reason

WAITING_STATES = [CommandState.QUEUED, CommandState.SENT]


class RejectedMessage(models.Model):
    """A refused reading, or an unreadable message, with the start of its payload."""

    received_at = models.DateTimeField(_("received"), db_index=True)
    topic_device_id = models.CharField(_("device id in the topic"), max_length=64)
    topic = models.CharField(_("topic"), max_length=120)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    reading_index = models.IntegerField(_("index in the message"), null=True)
    stream = models.BigIntegerField(_("stream"), null=True)
    seq = models.BigIntegerField(_("seq"), null=True)
    payload = models.BinaryField(_("payload, first 4 KiB"))
    payload_bytes = models.IntegerField(_("payload size (bytes)"))

    class Meta:
        verbose_name = _("rejected message")
        verbose_name_plural = _("rejected messages")
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["topic_device_id", "-received_at"], name="rejected_by_device")]

    def __str__(self) -> str:
        return f"{self.topic_device_id}: {self.reason}"


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


@pghistory.track(
    pghistory.InsertEvent(),
    # Sending again is telemetry, not history.
    pghistory.UpdateEvent(condition=pghistory.AnyChange("state", exclude_auto=True)),
    pghistory.DeleteEvent(),
    exclude=["last_sent_at", "sent_count", "answered_stream"],
)
class DeviceCommand(models.Model):
    """A command to a device. Ingest sends it while the device is on line, until it is answered or its time is over.

    `arguments` are those of the contract, without a secret: that stands sealed in `devices.DeviceSecret`.
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
