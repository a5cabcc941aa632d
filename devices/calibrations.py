"""Records calibrations, with the certificate's file: of a bounded size, and only what its own bytes show to be one."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from devices.choices import CalibrationKind, CalibrationPart
from devices.models import Calibration, CalibrationCertificate, MCUDevice
from factories import corrections

MOST_BYTES = 5 * 1024 * 1024
PDF, PNG, JPEG = CONTENT_TYPES = ("application/pdf", "image/png", "image/jpeg")
_PARTS = {
    CalibrationKind.FACTORY: tuple(CalibrationPart),
    CalibrationKind.ZERO: (CalibrationPart.ZERO,),
    CalibrationKind.SPAN: (CalibrationPart.SPAN,),
}


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """A file as it was uploaded: its name is the sender's, its content is not trusted."""

    name: str
    content: bytes

    @classmethod
    def read(cls, upload: Any) -> Self:
        """Of an uploaded file, no more than shows that it is too large."""
        return cls(upload.name or "", upload.read(MOST_BYTES + 1))


def content_type_of(content: bytes) -> str | None:
    """By the bytes alone, whatever the name says: PDF, PNG or JPEG; None for anything else."""
    if re.match(rb"%PDF-[12]\.\d", content) and b"%%EOF" in content[-1024:]:
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82"):
        return PNG
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\0").endswith(b"\xff\xd9"):
        return JPEG
    return None


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
    device: MCUDevice, user: Any, *, certificate: CertificateFile | None = None, confirm: str = "", **fields: Any
) -> Calibration:
    """Store a calibration. `fields` are those of the model.

    Raises ValidationError by field, also for a file that is no PDF, PNG or JPEG or too large; ConfirmationNeeded where
    readings after it are in figures of the past. Then nothing is stored.
    """
    if certificate is not None:
        _checked(certificate)
    calibration = Calibration(device=device, recorded_by=user, **fields)
    told = corrections.Confirmation(user.pk if user else None, confirm)
    corrections.store(calibration, {}, confirm=told)
    if certificate is not None:
        attach_certificate(calibration, certificate)
    return calibration


@transaction.atomic
def attach_certificate(calibration: Calibration, file: CertificateFile) -> None:
    """Keep its certificate; what is kept is not replaced.

    Raises ValidationError on `certificate`: there is one, it is no PDF, PNG or JPEG, or it is too large.
    """
    kept = _checked(file)
    row = Calibration.objects.select_for_update().get(pk=calibration.pk)
    if row.certificate_sha256:
        words = _("This calibration has a certificate already. To correct it, record another calibration.")
        raise _refused("certificate", "certificate_exists", words)
    calibration.certificate_sha256 = hashlib.sha256(kept.content).hexdigest()
    calibration.save(update_fields=["certificate_sha256"])
    kept.calibration = calibration
    kept.save()


def _checked(file: CertificateFile) -> CalibrationCertificate:
    if len(file.content) > MOST_BYTES:
        words = _("The file has more than %(most)d MB. Scan it in grey or at 150 dpi.") % {"most": MOST_BYTES // 2**20}
        raise _refused("certificate", "too_large", words)
    found = content_type_of(file.content)
    if found is None:
        words = _("This file is no PDF, PNG or JPEG, whatever its name says. Scan or photograph the certificate.")
        raise _refused("certificate", "not_a_certificate", words)
    name = re.sub(r"[^\w. -]", "_", file.name.rpartition("/")[2].rpartition("\\")[2])[-120:]
    return CalibrationCertificate(name=name or "certificate", content_type=found, content=file.content)
