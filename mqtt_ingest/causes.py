"""Why a message was refused, in words for who can do something about it, and what to do."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mqtt_ingest.choices import Reason

_REMEDIES: dict[str, Promise] = {
    Reason.NOT_JSON: _(
        "The message is cut off or is no JSON. Look at the example: does the device write NaN, a comma, or a text? "
        "If it is no JSON at all, set the device to send JSON."
    ),
    Reason.BAD_SCHEMA: _(
        "A value is missing, of the wrong kind or beyond its limit; the detail names it. Correct the device, or the "
        "paths and units of its profile. Then replay."
    ),
    Reason.UNKNOWN_DEVICE: _(
        "Nobody has registered this device id. Register the device, or correct the id in it. Then replay."
    ),
    Reason.REVOKED: _("The device was revoked, and still sends. Take it off, or register it under a new id."),
    Reason.FUTURE_TIME: _(
        "The clock of the device is ahead. Correct its clock or time zone; of a foreign sensor also how its profile "
        "reads the time. Then replay."
    ),
    Reason.NOT_MILLISECONDS: _("The device sends its time in another unit than milliseconds. Correct the device."),
    Reason.TOO_OLD: _(
        "The measurement is older than 366 days, or the clock of the device was never set. Check its clock and that it "
        "reaches a time server."
    ),
    Reason.CONFLICT: _(
        "Another reading is stored under the same number or time. Two devices use one login, or a device does not draw "
        "a new stream number when it starts. Give each its own id."
    ),
    Reason.NO_PROFILE: _(
        "No profile says how to read this message. Give the device a profile with this topic, or map its paths. Then "
        "replay."
    ),
    Reason.RATE_LIMITED: _(
        "The device sends more than 200 readings a second. A device of our format sends them again by itself; make "
        "others send less often."
    ),
}


def remedy_of(reason: str) -> Promise:
    return _REMEDIES[Reason(reason)]
