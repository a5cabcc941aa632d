"""Files as proof: who adds, reads and removes them, through API and page; what is stored stays."""

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client

from logbook.evidence import MOST_FILES
from logbook.models import EvidenceContent, EvidenceFile
from tests import make
from tests.cast import AsUser, Cast
from tests.lib.test_files import PDF
from tests.measuring import at_once

pytestmark = pytest.mark.django_db
URL = "/api/evidence/"


@pytest.fixture
def entry(cast: Cast) -> Any:
    return make.make_energy_entry(cast.litein)


def upload(client: Client, about: str, about_id: int, content: bytes = make.PNG, **fields: Any) -> Any:
    file = SimpleUploadedFile("stack.png", content)
    return client.post(URL, {"about": about, "about_id": about_id, "file": file, "note": "ten steres"} | fields)


def test_a_photo_of_the_stack_proves_an_entry(cast: Cast, entry: Any, manager: Client, as_user: AsUser) -> None:
    made = upload(manager, "energy_entry", entry.pk)

    row = made.json()
    assert made.status_code == 201
    assert (row["factory"], row["content_type"], row["note"]) == (cast.litein.pk, "image/png", "ten steres")
    assert row["sha256"] == hashlib.sha256(make.PNG).hexdigest()
    auditor = as_user(cast.auditor)
    assert auditor.get(URL, {"about": "energy_entry", "about_id": entry.pk}).json()["results"] == [row]
    file = auditor.get(f"{URL}{row['id']}/file/")
    assert (file.content, file["X-Content-Type-Options"]) == (make.PNG, "nosniff")
    assert file["Content-Disposition"].startswith("attachment")
    assert auditor.get(f"{URL}{row['id']}/thumbnail/")["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("about", "writer", "others"),
    [
        ("energy_entry", "litein_manager", {"auditor": 403, "installer": 403, "momul_manager": 404, "outsider": 404}),
        ("production_entry", "hq", {"auditor": 403, "installer": 403, "momul_manager": 404}),
        ("calibration", "installer", {"litein_manager": 403, "auditor": 403, "momul_manager": 404}),
    ],
)
def test_whoever_writes_the_row_adds_its_files(
    cast: Cast, entry: Any, as_user: AsUser, about: str, writer: str, others: dict[str, int]
) -> None:
    device = make.make_device(factory=cast.litein)
    rows = {"energy_entry": entry, "production_entry": make.make_production(cast.litein)}
    rows["calibration"] = device.calibrations.create(kind="factory", calibrated_at=make.LONG_AGO, pressure_pa=79_500)
    pk = rows[about].pk

    refused = {who: upload(as_user(getattr(cast, who)), about, pk).status_code for who in others}

    assert refused == others
    assert upload(as_user(getattr(cast, writer)), about, pk).status_code == 201
    assert EvidenceFile.objects.count() == 1


def test_an_installer_sees_calibrations_alone(cast: Cast, entry: Any, as_user: AsUser) -> None:
    of_entry = make.make_evidence(cast.hq, entry)
    installer = as_user(cast.installer)

    assert installer.get(URL).json()["count"] == 0
    assert installer.get(f"{URL}{of_entry.pk}/file/").status_code == 403
    assert as_user(cast.momul_manager).get(f"{URL}{of_entry.pk}/file/").status_code == 404


def test_the_same_file_twice_is_one_also_at_once(cast: Cast, entry: Any, manager: Client) -> None:
    first, second = (upload(manager, "energy_entry", entry.pk).json()["id"] for _time in range(2))

    assert first == second
    assert EvidenceContent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_one_moment_store_one_file(cast: Cast, entry: Any, as_user: AsUser) -> None:
    clients = [as_user(cast.litein_manager) for _tap in range(4)]

    answers = at_once(4, lambda tap: upload(clients[tap], "energy_entry", entry.pk).status_code)

    assert (answers, EvidenceFile.objects.count()) == ([201] * 4, 1)


def test_it_is_removed_with_a_reason_and_stays_stored(cast: Cast, entry: Any, manager: Client, hq: Client) -> None:
    pk = upload(manager, "energy_entry", entry.pk).json()["id"]

    unsaid = manager.post(f"{URL}{pk}/remove/", {"reason": " "}, "application/json")
    removed = manager.post(f"{URL}{pk}/remove/", {"reason": "another stack"}, "application/json").json()

    assert (unsaid.status_code, removed["removal_reason"]) == (400, "another stack")
    assert removed["removed_by"] == str(cast.litein_manager)
    assert hq.get(f"{URL}{pk}/file/").content == make.PNG
    assert hq.get(URL, {"removed": "false"}).json()["count"] == 0
    assert upload(manager, "energy_entry", entry.pk).json()["id"] != pk
    for change in (EvidenceContent.objects.filter(pk=pk).delete, lambda: EvidenceContent.objects.update(content=b"x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_what_cannot_be_stored_says_why(cast: Cast, entry: Any, manager: Client) -> None:
    for number in range(MOST_FILES):
        make.make_evidence(cast.hq, entry, PDF + str(number).encode() + b"\n%%EOF")

    too_many = upload(manager, "energy_entry", entry.pk).json()
    unknown = upload(manager, "wood", entry.pk).json()

    assert too_many["fields"]["file"][0]["code"] == "too_many"
    assert unknown["fields"]["about"][0]["code"] == "unknown"
    assert "calibration, dispute, energy_entry" in unknown["fields"]["about"][0]["message"]


def test_the_page_of_an_entry_shows_adds_and_removes(cast: Cast, entry: Any, manager: Client, as_user: AsUser) -> None:
    page = f"/factories/{cast.litein.pk}/entries/{entry.pk}/"
    empty = manager.get(page).content.decode()
    back = {"back": f"{page}#evidence"}

    nothing = manager.post(f"/evidence/energy_entry/{entry.pk}/add/", back)
    file = SimpleUploadedFile("stack.png", make.PNG)
    added = manager.post(f"/evidence/energy_entry/{entry.pk}/add/", back | {"file": file, "note": "<b>ten</b>"})
    elsewhere = manager.post(f"/evidence/energy_entry/{entry.pk}/add/", {"back": "//evil.example/"})
    pk = EvidenceFile.objects.get().pk

    assert "No file yet" in empty
    assert (nothing["Location"], added["Location"], elsewhere["Location"]) == (back["back"], back["back"], "/")
    shown = manager.get(page).content.decode()
    assert "Choose a photo or a PDF first." in shown
    assert "&lt;b&gt;ten&lt;/b&gt;" in shown
    assert f"/evidence/{pk}/thumbnail/" in shown
    assert "Add the file" not in as_user(cast.auditor).get(page).content.decode()
    manager.post(f"/evidence/{pk}/remove/", back | {"reason": "wrong day"})
    assert f"/evidence/{pk}/thumbnail/" not in manager.get(page).content.decode()
