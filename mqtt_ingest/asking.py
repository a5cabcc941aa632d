"""What a person asks of one device: the one way of API and page to a command."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from devices.models import MCUDevice
from lib.errors import ApiError, invalid
from mqtt_ingest.arguments import check_arguments
from mqtt_ingest.authority import AuthorityError, bundle_of, check_trusts_broker
from mqtt_ingest.choices import CommandKind
from mqtt_ingest.commands import Sender, give_command
from mqtt_ingest.images import check_image, update_arguments
from mqtt_ingest.models import DeviceCommand, FirmwareImage
from mqtt_ingest.new_secrets import ask_new_secret


def ask_device(device: MCUDevice, kind: str, given: Mapping[str, Any], sender: Sender) -> DeviceCommand:
    """Give a command. Raises ApiError as `give_command`, and for authorities that do not trust the broker.

    409 `foreign_sensor`: a device with a profile takes no commands.
    """
    check_takes_commands(device)
    if kind == CommandKind.UPDATE_FIRMWARE:
        given = _update(device, given)
    if kind == CommandKind.SET_SECRET:
        check_arguments(CommandKind.SET_SECRET, given)
        return ask_new_secret(device, sender)
    if kind == CommandKind.SET_CA:
        given = {**given, **_trusted(given.get("ca"))}
    (command,) = give_command([device], kind, dict(given), sender)
    return command


def check_takes_commands(device: MCUDevice) -> None:
    """Raises ApiError 409 `foreign_sensor`: it does not know our commands, and may not read them at the broker."""
    if device.profile_id is not None:
        words = _("%(device)s is a foreign sensor and takes no commands: change it there, and in its profile.")
        raise ApiError(409, "foreign_sensor", words % {"device": device}, params={"device": device.device_id})


def _update(device: MCUDevice, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of a registered image of its organisation: nobody sends a device to any other address."""
    wanted = FirmwareImage.objects.filter(organisation=device.factory.organisation_id, pk=given.get("image") or 0)
    image = wanted.first()
    if image is None:
        words = _("image=%(value)s is no registered image of this organisation; choose one of /api/firmware-images/.")
        raise invalid("image", "unknown_image", words % {"value": given.get("image")}, value=given.get("image"))
    check_image(image)
    return {name: value for name, value in given.items() if name != "image"} | update_arguments(image)


def _trusted(text: Any) -> dict[str, Any]:
    """Otherwise the device would lose its connection by the command."""
    if not isinstance(text, str):
        return {}
    try:
        bundle = bundle_of(text, "ca", timezone.now())
        check_trusts_broker(bundle)
    except AuthorityError as error:
        raise invalid("ca", "not_trusted", str(error)) from error
    return {"ca": bundle}
