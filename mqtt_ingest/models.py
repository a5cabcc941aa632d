"""Tables of ingest besides readings: refused messages with their reason, other messages, commands, and the counters."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mqtt_ingest.choices import MessageKind, Outcome, Reason


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


class DeviceCommand(models.Model):
    """A command to a device. Ingest sends it while the device is on line, until it is answered or withdrawn."""

    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, related_name="commands")
    command_id = models.CharField(_("id"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=24)
    arguments = models.JSONField(_("arguments"))
    created_at = models.DateTimeField(auto_now_add=True)
    last_sent_at = models.DateTimeField(_("last sent"), null=True)
    sent_count = models.PositiveIntegerField(_("sent"), default=0)
    answered_at = models.DateTimeField(_("answered"), null=True)
    is_carried_out = models.BooleanField(_("carried out"), null=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        verbose_name = _("device command")
        verbose_name_plural = _("device commands")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "kind"],
                condition=models.Q(answered_at__isnull=True, withdrawn_at__isnull=True),
                name="command_one_waits",
            )
        ]

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
