"""An upload becomes a task of the worker: its answer, its state, one at a time, cancelled, dropped."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts.models import ApiToken, Membership
from accounts.roles import Role, Scope
from factories.models import Factory
from lib.background import TaskLostError, TaskState, claim
from lib.errors import ApiError
from logbook.jobs import JOBS
from logbook.models import SheetImport
from logbook.sheets import tasks
from logbook.sheets.read import read_sheet
from tests import background, make
from tests.cast import AsUser, Cast
from tests.logbook.doors import Door, both_doors

pytestmark = [pytest.mark.django_db, both_doors]
SHEET = b"time,amount\n2025-11-20 01:00,5\n2025-11-20 02:00,6\n"


def upload(door: Door, client: Client, cast: Cast, sheet: bytes = SHEET, **headers: str) -> Any:
    data = {"file": SimpleUploadedFile("sheet.csv", sheet), "factory": cast.litein.pk, "time_column": "time"}
    return client.post(
        f"{door.url}import/", data | {"value_column": "amount", **door.of, **door.sheet}, headers=headers
    )


def state(door: Door, client: Client, pk: int) -> Any:
    return client.get(f"{door.url}imports/{pk}/")


@pytest.fixture
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody works while a request waits, and it does not wait long."""
    monkeypatch.setattr("lib.background.sleep", lambda _seconds: None)
    monkeypatch.setattr("logbook.sheets.api.LONGEST_WAIT_S", 0.3)


def test_the_upload_answers_with_the_outcome_and_keeps_no_file(door: Door, cast: Cast, manager: Client) -> None:
    response = upload(door, manager, cast)

    task = SheetImport.objects.get()
    assert (response.status_code, response.json()["stored"]) == (200, 2)
    assert (task.state, task.user, task.content) == (TaskState.DONE, cast.litein_manager, None)
    assert state(door, manager, task.pk).json()["answer"] == response.json()
    assert door.model.objects.first().recorded_by == cast.litein_manager


def test_who_does_not_want_to_wait_is_told_where_the_outcome_will_be(door: Door, cast: Cast, manager: Client) -> None:
    response = upload(door, manager, cast, Prefer="respond-async")
    before = manager.get(response.headers["Location"]).json()
    background.run_next()
    after = manager.get(response.headers["Location"]).json()

    assert (response.status_code, response.headers["Preference-Applied"]) == (202, "respond-async")
    assert (before["state"], before["progress"]["step"], before["answer"]) == ("waiting", "waiting", None)
    assert (after["state"], after["status_code"], after["answer"]["stored"]) == ("done", 200, 2)


@pytest.mark.usefixtures("_no_worker")
def test_without_a_worker_the_upload_waits_and_its_state_says_so(door: Door, cast: Cast, manager: Client) -> None:
    response = upload(door, manager, cast)
    SheetImport.objects.update(created_at=timezone.now() - timedelta(seconds=95))

    said = state(door, manager, response.json()["id"]).json()

    assert response.status_code == 202
    assert (said["state"], "run_worker" in said["message"]) == ("waiting", True)
    assert background.run_next()
    assert door.model.objects.count() == 2


@pytest.mark.usefixtures("_no_worker")
def test_a_second_import_of_a_user_is_told_of_the_first(door: Door, cast: Cast, manager: Client) -> None:
    first = upload(door, manager, cast).json()["id"]
    second = upload(door, manager, cast)
    manager.post(f"{door.url}imports/{first}/cancel/")
    third = upload(door, manager, cast)

    assert (second.status_code, second.json()["code"]) == (409, "import_running")
    assert second.json()["params"] == {"import": first, "log": door.model._meta.app_label}
    assert third.status_code == 202
    assert SheetImport.objects.count() == 2


def test_a_cancelled_import_stores_nothing_even_when_its_process_still_runs(
    door: Door, cast: Cast, manager: Client
) -> None:
    pk = upload(door, manager, cast, Prefer="respond-async").json()["id"]
    running: Any = claim()

    cancelled = manager.post(f"{door.url}imports/{pk}/cancel/")
    with pytest.raises(TaskLostError):
        running.perform(lambda _done, _total: None)

    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert cancelled.json()["answer"]["code"] == "import_cancelled"
    assert not door.model.objects.exists()
    again = manager.post(f"{door.url}imports/{pk}/cancel/")
    assert (again.status_code, again.json()["code"]) == (409, "import_over")


def test_an_import_that_is_over_cannot_be_cancelled(door: Door, cast: Cast, manager: Client) -> None:
    upload(door, manager, cast)

    response = manager.post(f"{door.url}imports/{SheetImport.objects.get().pk}/cancel/")

    assert (response.status_code, response.json()["code"]) == (409, "import_over")
    assert door.model.objects.count() == 2


def test_the_uploader_and_headquarters_see_it_and_no_other(door: Door, cast: Cast, as_user: AsUser) -> None:
    pk = make.make_import(cast.litein_manager, cast.litein, door.model._meta.app_label).pk
    colleague = make.make_user()
    make.make_membership(user=colleague, role=Role.FACTORY_MANAGER, factory=cast.litein)
    writer = make.make_token(cast.litein_manager, door.scope)
    by_token = Client(headers={"Authorization": f"Token {writer}"})
    reader = Client(headers={"Authorization": f"Token {make.make_token(cast.litein_manager, Scope.READ)}"})

    users = (cast.litein_manager, cast.hq, colleague, cast.momul_manager, cast.outsider, cast.auditor)
    found = [state(door, as_user(user), pk).status_code for user in users]

    assert found == [200, 200, 404, 404, 404, 403]
    assert [state(door, client, pk).status_code for client in (by_token, reader)] == [200, 403]


def test_a_right_that_ends_while_the_import_waits_ends_the_import(door: Door, cast: Cast, manager: Client) -> None:
    pk = upload(door, manager, cast, Prefer="respond-async").json()["id"]
    Membership.objects.filter(user=cast.litein_manager).delete()

    background.run_next()

    task = SheetImport.objects.get(pk=pk)
    assert (task.status_code, task.answer["code"]) == (403, "forbidden")
    assert not door.model.objects.exists()


@pytest.mark.django_db(transaction=True)  # as in a worker: a savepoint would carry the context too
def test_the_history_says_who_uploaded_it_where_and_with_which_token(door: Door, cast: Cast) -> None:
    token = make.make_token(cast.integrator, door.scope, name="Gateway")

    response = upload(door, Client(headers={"Authorization": f"Token {token}"}), cast)

    assert response.status_code == 200
    said = door.model.objects.first().events.get().pgh_context.metadata
    assert said == {"user": cast.integrator.pk, "url": f"{door.url}import/", "token": "Gateway"}


def test_what_an_integrator_uploads_ends_with_its_token(door: Door, cast: Cast) -> None:
    token = make.make_token(cast.integrator, door.scope)
    upload(door, Client(headers={"Authorization": f"Token {token}"}), cast, Prefer="respond-async")
    ApiToken.objects.all().delete()

    background.run_next()

    assert SheetImport.objects.get().status_code == 403
    assert not door.model.objects.exists()


def test_questions_are_the_answer_and_in_the_language_of_the_upload(door: Door, cast: Cast, manager: Client) -> None:
    sheet = b"time;amount\n2025-11-20 01:00;2,070\n2025-11-20 02:00;5\n"

    english = upload(door, manager, cast, sheet)
    swahili = upload(door, manager, cast, sheet, **{"Accept-Language": "sw"})

    assert [answer.status_code for answer in (english, swahili)] == [400, 400]
    assert [answer.json()["code"] for answer in (english, swahili)] == ["undecided", "undecided"]
    with translation.override("sw"):
        said = gettext("The sheet can be read in more than one way and nothing was stored: answer the named questions.")
    assert swahili.json()["message"] == said != english.json()["message"]
    assert not door.model.objects.exists()


def test_old_imports_are_dropped_and_open_ones_are_not(door: Door, cast: Cast) -> None:
    old, app = timezone.now() - timedelta(days=31), door.model._meta.app_label
    make.make_import(cast.litein_manager, cast.litein, app, state=TaskState.DONE, finished_at=old)
    make.make_import(cast.litein_manager, cast.litein, app, state=TaskState.DONE, finished_at=timezone.now())
    make.make_import(cast.hq, cast.litein, app, created_at=old)

    JOBS[0].run()

    assert set(SheetImport.objects.values_list("state", "user")) == {
        ("done", cast.litein_manager.pk),
        ("waiting", cast.hq.pk),
    }


@pytest.mark.django_db(transaction=True)
def test_of_uploads_at_once_the_database_takes_one(door: Door, cast: Cast) -> None:
    taken: list[str] = []
    begin = threading.Barrier(4)

    def submit() -> None:
        begin.wait()
        try:
            tasks.submit(cast.litein_manager, cast.litein, door.name, {}, content=SHEET, dry_run=False, path="/")
            taken.append("stored")
        except ApiError as error:
            taken.append(error.code)
        connection.close()

    threads = [threading.Thread(target=submit) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(taken) == ["import_running"] * 3 + ["stored"]


@pytest.mark.django_db(transaction=True)
def test_while_an_import_writes_its_site_can_be_changed(door: Door, cast: Cast) -> None:
    plan = door.sheet_class(factory=cast.litein, time_column="time", value_column="amount", **door.sheet)
    locked: list[int] = []

    def lock() -> None:
        with transaction.atomic():
            locked.append(Factory.objects.select_for_update(nowait=True, no_key=True).get(pk=cast.litein.pk).pk)
        connection.close()

    def in_another_thread(_result: object) -> None:
        other = threading.Thread(target=lock)
        other.start()
        other.join(timeout=30)

    plan.run(cast.litein_manager, read_sheet(io.BytesIO(SHEET)), stored=in_another_thread)

    assert locked == [cast.litein.pk]
    assert door.model.objects.count() == 2
