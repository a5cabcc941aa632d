"""The settings of a node as its installer takes them: text to paste, code to scan, file to download. Shown once."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from django.utils.translation import gettext as _

from devices import firmware_config
from devices.models import MCUDevice
from devices.services import ProvisionedDevice, broker_address
from lib import qr_code


@dataclass(frozen=True, slots=True)
class NodeSettings:
    login: ProvisionedDevice
    why_not: str  # the login alone is shown, because these settings could not be written
    text: str = ""
    file_url: str = ""
    code_url: str = ""
    is_all_in_code: bool = True


def node_settings(device: MCUDevice, login: ProvisionedDevice, build: Mapping[str, str]) -> NodeSettings:
    """`build`: wiring and network, as the form has them."""
    assignment = device.assignments.filter(valid_to=None).select_related("chimney", "factory", "device").first()
    if assignment is None or assignment.range_ppm is None:
        return NodeSettings(login, _("The node's settings need its chimney and the range of its sensor."))
    try:
        wiring = dict(build) | {
            "co2_sensor": firmware_config.co2_sensor_of(assignment.sensor, build["co2_sensor"] or None)
        }
        ca = firmware_config.pinned_ca(broker_address()[2], login.host)
        config = firmware_config.firmware_config(login, assignment, firmware_config.NodeBuild(**wiring), ca)
    except firmware_config.FirmwareConfigError as error:
        return NodeSettings(login, str(error))
    text = firmware_config.as_text(config)
    in_code, is_all = firmware_config.code_text(config)
    return NodeSettings(login, "", text, f"data:application/json,{quote(text)}", code_url(in_code), is_all)


def code_url(text: str) -> str:
    """A QR code as an address of its own: the page needs no second request, which would hold the secret."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr_code.image(text, ".svg")).decode()
