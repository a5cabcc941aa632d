"""Enums of the MQTT contract, version 1, that tables share. No tables here, so that the parser stays pure."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """Why a reading or message was refused. Devices see the values in `committed`."""

    NOT_JSON = "not_json", _("not JSON")
    BAD_SCHEMA = "bad_schema", _("does not fit the schema")
    UNKNOWN_DEVICE = "unknown_device", _("unknown device")
    REVOKED = "revoked", _("device revoked")
    FUTURE_TIME = "future_time", _("more than 2 minutes in the future")
    NOT_MILLISECONDS = "not_milliseconds", _("a time in another unit than milliseconds")
    TOO_OLD = "too_old", _("older than 366 days")
    CONFLICT = "conflict", _("stored already with another time or other values")
    RATE_LIMITED = "rate_limited", _("too many readings per second")


class MessageKind(models.TextChoices):
    STATUS = "status", _("status")
    ALERT = "alert", _("alert")
    ACK = "ack", _("acknowledgement")


class Outcome(models.TextChoices):
    """The outcome of a reading; MESSAGE counts whole messages, with their kind in place of the reason."""

    RECEIVED = "received", _("received")
    STORED = "stored", _("stored")
    DUPLICATE = "duplicate", _("duplicate")
    REJECTED = "rejected", _("rejected")
    MESSAGE = "message", _("message")
