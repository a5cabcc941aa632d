"""Records calibrations, with the certificate's file."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from devices.choices import CalibrationKind, CalibrationPart
from devices.models import Calibration, CalibrationCertificate, MCUDevice
from factories import corrections
from lib.files import Checked, ReceivedFile, checked

_PARTS = {
    CalibrationKind.FACTORY: tuple(CalibrationPart),
    CalibrationKind.ZERO: (CalibrationPart.ZERO,),
    CalibrationKind.SPAN: (CalibrationPart.SPAN,),
}


def _refused(field: str, code: str, words: str) -> ValidationError:
    return ValidationError({field: ValidationError(words, code=code)})


def valid_until(calibrations: Iterable[Calibration]) -> dict[CalibrationPart, datetime]:
    """Until when the zero and the span of a sensor are valid, where it was said; the earlier end first.

    Each is judged by the newest of its own calibrations that says so: a new zero tells nothing of the span. The
    maker's is of both.
    """
    ends: dict[CalibrationPart, datetime] = {}
    for one in sorted(calibrations, key=lambda one: (one.calibrated_at, one.pk)):
        if one.valid_until is not None:
            ends |= dict.fromkeys(_PARTS[CalibrationKind(one.kind)], one.valid_until)
    return dict(sorted(ends.items(), key=lambda end: end[1]))


@transaction.atomic
def record_calibration(
    device: MCUDevice, user: Any, *, certificate: ReceivedFile | None = None, confirm: str = "", **fields: Any
) -> Calibration:
    """Store a calibration. `fields` are those of the model.

    Raises ValidationError by field, also for a file that is no PDF, PNG or JPEG or too large; ConfirmationNeeded where
    readings after it are in figures of the past. Then nothing is stored.
    """
    file = None if certificate is None else checked(certificate, "certificate")
    calibration = Calibration(device=device, recorded_by=user, **fields)
    told = corrections.Confirmation(user.pk if user else None, confirm)
    corrections.store(calibration, {}, confirm=told)
    if file is not None:
        _keep(calibration, file)
    return calibration


@transaction.atomic
def attach_certificate(calibration: Calibration, file: ReceivedFile) -> None:
    """Keep its certificate; what is kept is not replaced.

    Raises ValidationError on `certificate`: there is one, it is no PDF, PNG or JPEG, or it is too large.
    """
    kept = checked(file, "certificate")
    row = Calibration.objects.select_for_update().get(pk=calibration.pk)
    if row.certificate_sha256:
        words = _("This calibration has a certificate already. To correct it, record another calibration.")
        raise _refused("certificate", "certificate_exists", words)
    _keep(calibration, kept)


def _keep(calibration: Calibration, file: Checked) -> None:
    calibration.certificate_sha256 = file.sha256
    calibration.save(update_fields=["certificate_sha256"])
    kept = {"name": file.name, "content_type": file.content_type, "content": file.content}
    CalibrationCertificate(calibration=calibration, **kept).save()
