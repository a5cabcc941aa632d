"""A sheet of sites as a background task: a web process stores the upload, the worker reads it and stores what it says.

A preview keeps its file for a day, so that what was previewed is what is created.
"""

from datetime import timedelta
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.grants import managed_organisations
from accounts.invitations import reissue_links
from accounts.models import Invitation, User
from accounts.permissions import may, token_of
from accounts.roles import Action
from compliance.models import SiteSheet
from compliance.site_sheet.columns import find_table, rows_of
from compliance.site_sheet.store import store_rows
from factories.models import Organisation
from lib.background import OPEN, Progress, TaskState
from lib.errors import ApiError, invalid
from logbook.sheets.questions import SheetError
from logbook.sheets.read import read_sheet
from logbook.sheets.tasks import as_uploaded, refuse

LARGEST_FILE_BYTES = 5 * 1024 * 1024
FILE_KEPT_FOR = timedelta(days=1)
KEPT_FOR = timedelta(days=30)


# --- In a web process --------------------------------------------------------------------------
def submit(user: User, organisation: Organisation, file: Any, *, dry_run: bool, path: str) -> SiteSheet:
    """Store an upload for the worker. Raises ApiError 409 while another of the user is not over, 413."""
    if file.size > LARGEST_FILE_BYTES:
        words = _("The file has %(size)d bytes, more than %(limit)d: split it.")
        limits = {"size": file.size, "limit": LARGEST_FILE_BYTES}
        raise ApiError(413, "too_large", words % limits, params=limits)
    try:
        with transaction.atomic():
            return SiteSheet.objects.create(
                user=user,
                organisation=organisation,
                token=token_of(user),
                path=path,
                is_dry_run=dry_run,
                language=translation.get_language() or "en",
                content=file.read(),
            )
    except IntegrityError as error:
        if "one_site_sheet_at_a_time" not in str(error):
            raise
    raise ApiError(409, "import_running", _("Your last sheet is not over yet, and one runs at a time: wait for it."))


def create_previewed(user: User, preview: SiteSheet, path: str) -> SiteSheet:
    """Create what a preview showed. Raises ApiError 409 `preview_over` when its file is gone."""
    if preview.state != TaskState.DONE or preview.status_code != 200 or preview.content is None:
        raise ApiError(409, "preview_over", _("This preview is over: upload the sheet again."))
    return submit(user, preview.organisation, ContentFile(preview.content), dry_run=False, path=path)


def links_of(sheet: SiteSheet) -> list[tuple[Invitation, str]]:
    """New links for the invitations of the sheet that nobody accepted; links shown before end. Each is shown once."""
    ids = (sheet.answer or {}).get("invitation_ids", [])
    return reissue_links(Invitation.objects.filter(pk__in=ids, organisation=sheet.organisation_id))


# --- In a process of the worker ----------------------------------------------------------------
def perform(task: SiteSheet, progress: Progress) -> None:
    with as_uploaded(task):
        try:
            _store(task, progress)
        except SheetError as error:
            refuse(task, invalid("file", "unreadable", str(error)))
        except ApiError as error:
            refuse(task, error)


def _store(task: SiteSheet, progress: Progress) -> None:
    user = task.user
    if not may(user, Action.EDIT_FACTORY) or task.organisation_id not in managed_organisations(user):
        raise ApiError(403, "forbidden", _("Your role does not allow this."))
    table, header = find_table(read_sheet(BytesIO(bytes(task.content or b"")), lambda count: progress(count, 0)))
    rows = list(rows_of(table, header))
    with transaction.atomic():
        outcome = store_rows(user, task.organisation, rows, dry_run=task.is_dry_run)
        kept = task.content if task.is_dry_run else None
        task.finish(status_code=200, answer=outcome.body(), content=kept)


def drop_old_sheets() -> int:
    """Files after a day, answers after 30."""
    over = SiteSheet.objects.exclude(state__in=OPEN)
    over.filter(finished_at__lt=timezone.now() - FILE_KEPT_FOR, content__isnull=False).update(content=None)
    return over.filter(finished_at__lt=timezone.now() - KEPT_FOR).delete()[0]
