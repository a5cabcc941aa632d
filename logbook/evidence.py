"""Evidence: files at entries, calibrations and reports. Added, removed with a reason, read by whoever sees their row.

A room whose rows can have evidence says so when it starts (`apps.py`): `SUBJECTS` is the one table.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import AnyUser, get_visible, organisations_of, require, visible_to
from accounts.roles import Action
from lib.files import ReceivedFile, checked, thumbnail_of
from logbook.models import EvidenceContent, EvidenceFile

MOST_FILES = 20  # at one row


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of row that can have evidence. `rows` gives them with their site, `factory_path` leads to it.

    Where a reader of the site may not read each row, as with drafts of reports, `allowed` gives those on which a user
    has a right; such a row may be without a site, and then belongs to its `organisation`.
    """

    code: str
    rows: Callable[[], QuerySet[Any]]
    factory_path: str
    reads: Action
    writes: Action
    allowed: Callable[[AnyUser, Action], QuerySet[Any]] | None = None

    def find(self, user: AnyUser, pk: int, action: Action) -> Any:
        """The row; raises 404 out of the user's sight, 403 without the right."""
        if self.allowed is None:
            return get_visible(user, self.rows(), action, factory_path=self.factory_path, pk=pk)
        row = self.allowed(user, self.reads).filter(pk=pk).first()
        if row is None:
            raise Http404
        if not self.allowed(user, action).filter(pk=pk).exists():
            raise PermissionDenied(str(action))
        return row

    def site_of(self, row: Any) -> Any:
        for step in self.factory_path.split("__"):
            row = getattr(row, step)
        return row


SUBJECTS: dict[str, Subject] = {}


def has_evidence(subject: Subject) -> None:
    SUBJECTS[subject.code] = subject


def visible(user: AnyUser) -> QuerySet[EvidenceFile]:
    """The files of all rows that the user may read."""
    seen = Q(pk__in=[])
    for subject in SUBJECTS.values():
        if subject.allowed is None:
            of_sites = visible_to(user, EvidenceFile.objects.filter(about=subject.code), action=subject.reads)
            seen |= Q(pk__in=of_sites.values("pk"))
        else:
            rows = subject.allowed(user, subject.reads).order_by().values("pk")
            seen |= Q(about=subject.code, about_id__in=rows)
    return EvidenceFile.objects.filter(seen).select_related("added_by", "removed_by", "factory")


def file_of(user: AnyUser, pk: int) -> EvidenceFile:
    """Raises 404 out of the user's sight, 403 within it without the right to its row."""
    files = EvidenceFile.objects.select_related("added_by", "removed_by", "factory")
    file = files.filter(pk=pk, about__in=SUBJECTS).first()
    if file is None:
        raise Http404
    subject = SUBJECTS[file.about]
    if subject.allowed is None:
        return get_visible(user, files, subject.reads, pk=pk)
    subject.find(user, file.about_id, subject.reads)
    return file


def files_of(about: str, ids: Iterable[int]) -> QuerySet[EvidenceFile]:
    """What is there about some rows, without what was removed."""
    rows = EvidenceFile.objects.filter(about=about, about_id__in=list(ids), removed_at__isnull=True)
    return rows.select_related("added_by")


def require_write(user: AnyUser, file: EvidenceFile) -> None:
    """Raise PermissionDenied (403) for those who may read it alone."""
    action = SUBJECTS[file.about].writes
    if file.factory is not None:
        require(user, action, file.factory)
    elif file.organisation_id not in organisations_of(user, action):
        raise PermissionDenied(str(action))


def add(user: User, about: str, about_id: int, received: ReceivedFile, note: str = "") -> EvidenceFile:
    """Store a file; the same bytes at the same row are one file, so a double tap is.

    Raises 404 and 403 for the row, ValidationError on `about` and on `file`.
    """
    subject = SUBJECTS.get(about)
    if subject is None:
        words = _("%(about)s is no kind of row that can have files: use %(known)s.")
        raise _refused("about", "unknown", words % {"about": about, "known": ", ".join(sorted(SUBJECTS))})
    row = subject.find(user, about_id, subject.writes)
    file = checked(received, "file")
    thumbnail = thumbnail_of(file, "file")
    site = subject.site_of(row)
    stored = EvidenceFile(
        organisation_id=site.organisation_id if site else row.organisation_id,
        factory=site,
        about=about,
        about_id=about_id,
        name=file.name,
        content_type=file.content_type,
        size_bytes=len(file.content),
        sha256=file.sha256,
        note=note,
        added_by=user,
    )
    if files_of(about, [about_id]).count() >= MOST_FILES:
        words = _("There are %(most)d files already. Put several pages into one PDF, or remove a file.")
        raise _refused("file", "too_many", words % {"most": MOST_FILES})
    try:
        with transaction.atomic():
            stored.save()
            EvidenceContent.objects.create(file=stored, content=file.content, thumbnail=thumbnail)
    except IntegrityError:
        return files_of(about, [about_id]).get(sha256=file.sha256)
    return stored


def remove(user: User, file: EvidenceFile, reason: str) -> EvidenceFile:
    """It is shown no more and stays stored. Raises PermissionDenied, ValidationError on `reason`."""
    require_write(user, file)
    if not reason.strip():
        raise _refused("reason", "required", _("Say why it is removed: the reason stays in the history."))
    with transaction.atomic():
        row = EvidenceFile.objects.select_for_update(of=("self",)).select_related("added_by").get(pk=file.pk)
        if row.removed_at is None:
            row.removed_by, row.removed_at, row.removal_reason = user, timezone.now(), reason.strip()
            row.save()
    return row


def _refused(field: str, code: str, words: str) -> ValidationError:
    return ValidationError({field: ValidationError(words, code=code)})
