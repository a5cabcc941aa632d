"""Writes of go / no-go: a run begins, its two tests begin, it ends; GO ends in a certificate."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from devices import certificate
from devices.choices import GoVerdict
from devices.go_no_go import Evidence, Result
from devices.models import GoNoGoRun, InstallationCertificate, MCUDevice


def open_run(device: MCUDevice) -> GoNoGoRun | None:
    return GoNoGoRun.objects.filter(device=device, ended_at=None).first()


def start_run(device: MCUDevice, user: Any, now: datetime) -> GoNoGoRun:
    """The open run of the device, or a new one. A double tap starts one."""
    run, _is_new = GoNoGoRun.objects.get_or_create(
        device=device, ended_at=None, defaults={"started_at": now, "started_by": user}
    )
    return run


@transaction.atomic
def start_test(device: MCUDevice, test: str, now: datetime) -> GoNoGoRun:
    """Begin `leak` or `plug`, again if it began before. Raises ValidationError without an open run."""
    run = _require_open(device)
    setattr(run, f"{test}_started_at", now)
    run.save(update_fields=[f"{test}_started_at"])
    return run


@transaction.atomic
def end_run(device: MCUDevice, user: Any, now: datetime, found: tuple[Evidence, Result], url: str) -> GoNoGoRun:
    """Store evidence and verdict; after GO issue the certificate. `url`: of its page, `{pk}` is the run's key.

    Raises ValidationError without an open run.
    """
    run = _require_open(device)
    evidence, result = found
    run.ended_at, run.ended_by = now, user
    run.verdict, run.words = result.verdict, result.words[:300]
    run.evidence = asdict(evidence)
    run.lines = [[line.check, line.state, line.fact, line.remedy] for line in result.lines]
    run.save()
    if result.verdict == GoVerdict.GO:
        content = certificate.content_of(run, url.format(pk=run.pk))
        pdf = certificate.render(content, now)
        sha256 = certificate.digest(pdf)
        InstallationCertificate.objects.create(run=run, issued_at=now, content=content, pdf=pdf, sha256=sha256)
    return run


def _require_open(device: MCUDevice) -> GoNoGoRun:
    run = GoNoGoRun.objects.select_for_update(of=("self",)).filter(device=device, ended_at=None).first()
    if run is None:
        raise ValidationError(_("No go / no-go runs for this device: start one."), code="no_open_run")
    return run
