"""Imports as background tasks: a web process stores the upload, a process of the worker reads it and stores entries,
and the outcome is the answer that the upload gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from io import BytesIO
from typing import Any

import pghistory
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import may, token_of
from factories.models import Factory
from lib.background import OPEN, BackgroundTask, Progress, TaskState
from lib.errors import ApiError, body, invalid
from logbook.models import SheetImport
from logbook.sheets.options import CHOICES
from logbook.sheets.questions import SheetError, UndecidedError
from logbook.sheets.read import read_sheet

KEPT_FOR = timedelta(days=30)


# --- In a web process --------------------------------------------------------------------------
def submit(
    user: User, factory: Factory, app: str, arguments: dict[str, Any], *, content: bytes, dry_run: bool, path: str
) -> SheetImport:
    """Store an upload for the worker. Raises ApiError 409 while an import of the same user is not over."""
    try:
        with transaction.atomic():
            return SheetImport.objects.create(
                user=user,
                factory=factory,
                token=token_of(user),
                app=app,
                path=path,
                arguments=arguments,
                is_dry_run=dry_run,
                language=translation.get_language() or "en",
                content=content,
            )
    except IntegrityError as error:
        if "one_import_at_a_time" not in str(error):
            raise
    first = SheetImport.objects.filter(user=user, state__in=OPEN).order_by("pk").first()
    if first is None:  # it ended just now
        return submit(user, factory, app, arguments, content=content, dry_run=dry_run, path=path)
    params = {"import": first.pk, "log": first.app}
    words = _("Your import %(import)d is not over yet, and one runs at a time: wait for it, or cancel it.") % params
    raise ApiError(409, "import_running", words, params=params)


def cancel(task: SheetImport) -> None:
    """End an import that is not over; nothing of it is stored. Raises ApiError 409 for one that is over."""
    words = _("The import was cancelled and nothing was stored.")
    if not task.cancel(status_code=409, answer=body("import_cancelled", words), content=None):
        raise ApiError(409, "import_over", _("This import is over: correct or delete its entries instead."))


# --- In a process of the worker ----------------------------------------------------------------
def perform(task: SheetImport, progress: Progress) -> None:
    """Read the sheet and store its entries together with the answer; or store the answer that refuses it."""
    with as_uploaded(task):
        try:
            _import(task, progress)
        except UndecidedError as error:
            # The warnings of an import stand beside its questions.
            refuse(task, error, warnings=error.warnings)
        except SheetError as error:
            refuse(task, invalid(error.field, "unreadable", str(error)))
        except DjangoValidationError as error:
            refuse(task, invalid("time_zone", "invalid", " ".join(error.messages)))
        except ApiError as error:
            refuse(task, error)


@contextmanager
def as_uploaded(task: Any) -> Iterator[None]:
    """With the language, history and rights of the request that uploaded it."""
    history = {"user": task.user_id, "url": task.path}
    if task.token:
        history["token"] = task.token.shown_name
    task.user.api_token = task.token
    with translation.override(task.language), pghistory.context(**history):
        yield


def _import(task: SheetImport, progress: Progress) -> None:
    log, user = log_of(task.app), task.user
    if not may(user, log.writes, task.factory):  # a right may end while a task waits
        raise ApiError(403, "forbidden", _("Your role does not allow this."))
    meaning = {name: CHOICES[name][0](value) if name in CHOICES else value for name, value in task.arguments.items()}
    plan = log.sheet_class(factory=task.factory, **meaning)
    tables = read_sheet(BytesIO(task.content or b""), lambda row_count: progress(row_count, 0))
    plan.run(
        user,
        tables,
        dry_run=task.is_dry_run,
        progress=progress,
        stored=lambda result: task.finish(status_code=200, answer=log.result_class(result).data, content=None),
    )


def refuse(task: BackgroundTask, error: ApiError, state: TaskState = TaskState.DONE, **more: Any) -> None:
    answer = body(error.code, error.message, error.params, error.fields) | more
    task.finish(state, status_code=error.status_code, answer=answer, content=None)


def give_up(task: Any, *, is_too_large: bool) -> None:
    """The answer for a sheet over the limits of its process, or whose process died in every attempt."""
    with translation.override(task.language):
        limits = {
            "cpu_s": task.limits.cpu_s,
            "wall_min": task.limits.wall_s // 60,
            "memory_mb": task.limits.memory_bytes // 1_000_000,
        }
        words = _(
            "Reading the file took more than %(cpu_s)d s of processor time, %(wall_min)d minutes or %(memory_mb)d MB "
            "of memory, so nothing was stored: split it, or save the one sheet as CSV."
        )
        error = ApiError(413, "too_large", words % limits, params=limits)
        if not is_too_large:
            words = _(
                "The import failed and nothing was stored: whoever runs the server finds why in the worker's log."
            )
            error = ApiError(500, "import_failed", words)
        refuse(task, error, TaskState.FAILED)


def log_of(app: str) -> Any:
    """The API of a log, with its classes and rights: `energy`, `production`."""
    module = import_module(f"{app}.api")
    (log,) = (view for view in vars(module).values() if getattr(view, "sheet_app", "") == app)
    return log


def drop_old_imports() -> int:
    return SheetImport.objects.filter(finished_at__lt=timezone.now() - KEPT_FOR).delete()[0]
