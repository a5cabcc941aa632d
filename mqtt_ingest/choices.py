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
    NO_PROFILE = "no_profile", _("no device profile reads this message")
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


class CommandKind(models.TextChoices):
    """What a device can be told to do; `contract/commands.schema.json` has the arguments."""

    SET_INTERVAL = "set_interval", _("Measure at another interval")
    SET_LIMITS = "set_limits", _("Set its own alarm limits")
    SET_SECRET = "set_secret", _("Give it a new password")
    SET_CA = "set_ca", _("Give it the broker's new authority")
    RESEND = "resend", _("Send missing readings again")
    ZERO = "zero", _("Zero the CO2 sensor")
    REBOOT = "reboot", _("Restart it")
    UPDATE_FIRMWARE = "update_firmware", _("Install other firmware")


class CommandState(models.TextChoices):
    """The life of a command. The first two wait for the device; a late answer still ends one that has expired."""

    QUEUED = "queued", _("waits for the device")
    SENT = "sent", _("sent, not answered yet")
    ACKNOWLEDGED = "acknowledged", _("carried out")
    FAILED = "failed", _("the device could not")
    EXPIRED = "expired", _("no answer in time")
    WITHDRAWN = "withdrawn", _("withdrawn")


class CommandCause(models.TextChoices):
    """Who wants a command: a person, or the server and why."""

    PERSON = "person", _("a person")
    GAP = "gap", _("readings are missing")
    RESTART = "restart", _("the device has restarted and forgotten it")
    RULES = "rules", _("the alarm rules of the site changed")
    ROLL_OUT = "roll_out", _("roll-out of firmware")
    ROLL_BACK = "roll_back", _("the roll-out was halted: back to the firmware before")


class RollOutState(models.TextChoices):
    """The first devices alone, then the others. One that was halted ends when its devices are back."""

    FIRST = "first", _("the first devices are watched")
    REST = "rest", _("the other devices follow")
    DONE = "done", _("done")
    HALTED = "halted", _("halted: devices go back to the firmware before")
    ROLLED_BACK = "rolled_back", _("halted, and rolled back")


class UpdateState(models.TextChoices):
    """Of one device in a roll-out."""

    WAITING = "waiting", _("not yet")
    UNDER_WAY = "under_way", _("under way")
    FINE = "fine", _("runs it well")
    BAD = "bad", _("does not run it well")
    GOING_BACK = "going_back", _("goes back")
    BACK = "back", _("back on the firmware before")
    STUCK = "stuck", _("cannot go back by itself")


class UpdateProblem(models.TextChoices):
    """Why a roll-out is halted."""

    REFUSED = "refused", _("the device refused the update")
    NO_ANSWER = "no_answer", _("the device did not answer in time")
    NOT_BACK = "not_back", _("the device did not come back with the new version")
    SILENT = "silent", _("the device went silent with the new version")
    FEWER_GOOD = "fewer_good", _("a smaller share of its readings is good")
    MORE_GAPS = "more_gaps", _("its readings have more gaps")
    BY_PERSON = "by_person", _("a person halted it")
