"""Tables of devices: the registry with assignments and holds, calibrations, device profiles, go / no-go."""

from devices.models.calibration import Calibration, CalibrationCertificate
from devices.models.go_no_go import GoNoGoRun, InstallationCertificate
from devices.models.profile import DeviceProfile
from devices.models.registry import (
    DEVICE_ID,
    RESERVED_PREFIX,
    Assignment,
    AssignmentHold,
    DeviceClaim,
    DeviceSecret,
    MCUDevice,
    validate_device_id,
)

__all__ = [
    "DEVICE_ID",
    "RESERVED_PREFIX",
    "Assignment",
    "AssignmentHold",
    "Calibration",
    "CalibrationCertificate",
    "DeviceClaim",
    "DeviceProfile",
    "DeviceSecret",
    "GoNoGoRun",
    "InstallationCertificate",
    "MCUDevice",
    "validate_device_id",
]
