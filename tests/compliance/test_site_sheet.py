"""One sheet of sites: previewed, created in one transaction, idempotent, and hostile ones refused row by row."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, User
from accounts.roles import Role
from compliance.models import SiteSheet, Target
from compliance.site_sheet.columns import COLUMNS, find_table, rows_of, template_csv
from compliance.site_sheet.store import store_rows
from compliance.site_sheet.tasks import drop_old_sheets
from demo import cast as demo_cast
from factories.models import Chimney, EmissionSource, Factory, Organisation
from lib.background import TaskState
from logbook.sheets.read import read_sheet
from tests import background, make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
TARGET = {"target_metric": "intensity", "base_year": "2025", "base_value": "0.12", "target_year": "2030"}
TARGET["target_value"] = "0.09"


def row(site: str, **cells: Any) -> dict[str, Any]:
    return {"site": site, "sector": "tea", "altitude_m": "1900", **cells}


def sheet(*rows: dict[str, Any]) -> bytes:
    names = list(dict.fromkeys(name for one in rows for name in one))
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def workbook(*rows: dict[str, Any]) -> bytes:
    book = openpyxl.Workbook()
    names = list(dict.fromkeys(name for one in rows for name in one))
    for cells in (names, *([one.get(name) for name in names] for one in rows)):
        book.active.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def of_67() -> list[dict[str, Any]]:
    return [
        row(f.name, county=f.county, chimney="Chimney 1", diameter_m="0.9", manager_phone=f"0712 345 {n:03}", **TARGET)
        for n, f in enumerate(demo_cast.factories())
    ]


def stored(user: User, organisation: Organisation, content: bytes, *, dry_run: bool = False) -> dict[str, Any]:
    table, header = find_table(read_sheet(io.BytesIO(content)))
    return store_rows(user, organisation, list(rows_of(table, header)), dry_run=dry_run).body()


def counts(body: dict[str, Any]) -> tuple[int, int, int]:
    return body["created"], body["already_there"], body["rejected"]


@pytest.fixture
def group(cast: Cast) -> Organisation:
    """An organisation without any site, which cast.hq manages, too."""
    found = make.make_organisation()
    make.make_membership(user=cast.hq, role=Role.HQ_MANAGER, organisation=found)
    return found


# --- 67 sites ------------------------------------------------------------------------------------
def test_67_rows_become_sites_chimneys_targets_and_invitations_once(cast: Cast, group: Organisation) -> None:
    content = sheet(*of_67())

    preview = stored(cast.hq, group, content, dry_run=True)
    untouched = Factory.objects.filter(organisation=group).count()
    first = stored(cast.hq, group, content)
    again = stored(cast.hq, group, content)

    assert untouched == 0
    assert counts(preview) == counts(first) == (67, 0, 0)
    assert {first[part] for part in ("sites", "chimneys", "targets", "invitations")} == {67}
    assert counts(again) == (0, 67, 0)
    assert Factory.objects.filter(organisation=group).count() == Chimney.objects.count() == Target.objects.count() == 67
    assert Invitation.objects.filter(organisation=group, role=Role.FACTORY_MANAGER).count() == 67
    boiler = EmissionSource.objects.get(factory__name="Litein Tea Factory", factory__organisation=group, kind="boiler")
    assert boiler.chimney is not None  # a one-boiler site's boiler leads into its chimney


def test_one_bad_row_of_67_is_named_with_its_cell_and_the_others_are_created(cast: Cast, group: Organisation) -> None:
    rows = of_67()
    rows[40]["diameter_m"] = "9"

    body = stored(cast.hq, group, sheet(*rows))

    (bad,) = [one for one in body["rows"] if one["outcome"] == "rejected"]
    assert counts(body) == (66, 0, 1)
    assert body["received"] == 67
    assert (bad["row"], bad["site"]) == (42, rows[40]["site"])
    assert "0.01 to 5 m" in bad["errors"][0]["message"]
    assert not Factory.objects.filter(organisation=group, name=rows[40]["site"]).exists()  # no half of it


def test_the_corrected_sheet_adds_only_the_row_that_was_bad(cast: Cast, group: Organisation) -> None:
    rows = of_67()[:3]
    stored(cast.hq, group, sheet(*[*rows[:2], rows[2] | {"diameter_m": "9"}]))

    assert counts(stored(cast.hq, group, sheet(*rows))) == (1, 2, 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_sheet_twice_at_once_creates_everything_once() -> None:
    organisation, user = make.make_organisation(), make.make_user()
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=organisation)
    content, gate, bodies = sheet(*of_67()[:5]), Barrier(2), []

    def upload() -> None:
        gate.wait()
        bodies.append(stored(user, organisation, content))
        connection.close()

    threads = [Thread(target=upload) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(counts, bodies)) == [(0, 5, 0), (5, 0, 0)]
    assert {model.objects.count() for model in (Factory, Chimney, Target, Invitation)} == {5}


# --- Cells ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "phone", ["0712 345 678", "+254712345678", "254712345678", "00254-712-345678", "712345678", "(0712) 345.678"]
)
def test_a_phone_number_in_any_spelling_is_one_number(cast: Cast, group: Organisation, phone: str) -> None:
    assert stored(cast.hq, group, sheet(row("A", manager_phone=phone)))["invitations"] == 1
    assert Invitation.objects.get(organisation=group).phone == "+254712345678"


@pytest.mark.parametrize("phone", [712345678, 712345678.0])
def test_a_phone_number_that_excel_made_a_number_is_read(cast: Cast, group: Organisation, phone: float) -> None:
    stored(cast.hq, group, workbook(row("A", manager_phone=phone)))

    assert Invitation.objects.get(organisation=group).phone == "+254712345678"


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"site": "=1+1"}, "site"),
        ({"site": '=HYPERLINK("http://x")'}, "site"),
        ({"county": "@SUM(A1)"}, "county"),
        ({"manager_phone": "call me"}, "manager_phone"),
        ({"manager_phone": "12"}, "manager_phone"),
        ({"altitude_m": "high"}, "altitude_m"),
        ({"altitude_m": "1960.5"}, "altitude_m"),
        ({"altitude_m": "NaN"}, "altitude_m"),
        ({"altitude_m": "99999"}, "altitude_m"),
        ({"sector": "steel"}, "sector"),
        ({"sector": ""}, "sector"),
        ({"sector": "coal_mine"}, "mine_class"),
        ({"time_zone": "Kericho"}, "time_zone"),
        ({"day_starts_at": "25"}, "day_starts_at"),
        ({"site": ""}, "site"),
        ({"site": "x" * 200}, "site"),
        ({"diameter_m": "0.9"}, "chimney"),
        ({"target_metric": "intensity"}, "base_year"),
        (TARGET | {"target_metric": "less"}, "target_metric"),
        (TARGET | {"target_year": "2020"}, "target_year"),
        ({"altitude_is_estimated": "maybe"}, "altitude_is_estimated"),
    ],
)
def test_a_cell_that_cannot_be_is_named(cast: Cast, group: Organisation, cells: dict[str, Any], column: str) -> None:
    body = stored(cast.hq, group, sheet(row("Fine"), row("Bad") | cells))

    assert counts(body) == (1, 0, 1)
    error = body["rows"][1]["errors"][0]
    assert error["column"] == column
    assert error["message"]
    assert list(Factory.objects.filter(organisation=group).values_list("name", flat=True)) == ["Fine"]


def test_a_formula_without_a_value_is_an_empty_cell_of_a_workbook(cast: Cast, group: Organisation) -> None:
    body = stored(cast.hq, group, workbook(row("A"), row("B", county="=1+1")))

    assert counts(body) == (2, 0, 0)
    assert Factory.objects.get(organisation=group, name="B").county == ""


def test_the_altitude_of_the_table_is_used_marked_and_said(cast: Cast, group: Organisation) -> None:
    body = stored(cast.hq, group, sheet(row("Litein Tea Factory", altitude_m=""), row("Nowhere at all", altitude_m="")))

    litein = Factory.objects.get(organisation=group)
    assert (litein.altitude_m, litein.altitude_is_estimated, litein.latitude) == (1940.0, True, -0.58249)
    assert "GeoNames 189367" in body["rows"][0]["notes"][0]
    assert body["rows"][1]["errors"][0]["column"] == "altitude_m"


@pytest.mark.parametrize("cells", [{}, {"altitude_is_estimated": "no"}])
def test_a_site_with_the_altitude_of_the_table_is_found_again(
    cast: Cast, group: Organisation, cells: dict[str, str]
) -> None:
    content = sheet(row("Litein Tea Factory") | {"altitude_m": ""} | cells)

    assert counts(stored(cast.hq, group, content)) == (1, 0, 0)
    assert Factory.objects.get(organisation=group).altitude_is_estimated
    assert counts(stored(cast.hq, group, content)) == (0, 1, 0)


def test_a_place_of_another_county_gives_no_altitude(cast: Cast, group: Organisation) -> None:
    body = stored(cast.hq, group, sheet(row("Litein Tea Factory", altitude_m="", county="Embu")))

    assert body["rows"][0]["errors"][0]["column"] == "altitude_m"


def test_a_truth_value_is_no_number(cast: Cast, group: Organisation) -> None:
    body = stored(cast.hq, group, workbook(row("Fine"), row("Bad") | {"altitude_m": True}))

    assert counts(body) == (1, 0, 1)
    assert body["rows"][1]["errors"][0]["column"] == "altitude_m"


def test_a_mine_is_found_again_by_its_class_and_not_by_another(cast: Cast, group: Organisation) -> None:
    mine = row("Mine", sector="coal_mine", mine_class="opencast")

    assert counts(stored(cast.hq, group, sheet(mine))) == (1, 0, 0)
    assert counts(stored(cast.hq, group, sheet(mine))) == (0, 1, 0)
    other = stored(cast.hq, group, sheet(mine | {"mine_class": "underground_degree_i"}))
    assert other["rows"][0]["errors"][0]["column"] == "mine_class"


def test_a_phone_number_is_of_the_country_of_its_site(cast: Cast, group: Organisation) -> None:
    stored(cast.hq, group, sheet(row("A", country="IN", manager_phone="98765 43210")))

    assert Invitation.objects.get(organisation=group).phone == "+919876543210"


def test_an_invitation_that_ended_with_its_sender_is_made_again(cast: Cast, group: Organisation) -> None:
    content = sheet(row("A", manager_phone="0712 345 678"))
    gone = make.make_user()
    stored(gone, group, content)

    assert stored(cast.hq, group, content)["invitations"] == 1
    assert stored(cast.hq, group, content)["invitations"] == 0


def test_nothing_is_added_to_an_archived_site(cast: Cast, group: Organisation) -> None:
    stored(cast.hq, group, sheet(row("A")))
    Factory.objects.filter(organisation=group).update(archived_at=timezone.now())

    body = stored(cast.hq, group, sheet(row("A", chimney="North", diameter_m="0.9")))

    assert "Restore it" in body["rows"][0]["errors"][0]["message"]
    assert not Chimney.objects.filter(factory__organisation=group).exists()


def test_what_is_stored_otherwise_is_not_changed_by_a_sheet(cast: Cast, group: Organisation) -> None:
    first = row("A", chimney="C", diameter_m="0.9", boiler_capacity_kw="6000", **TARGET)
    stored(cast.hq, group, sheet(first))

    for change in (
        {"altitude_m": "2000"},
        {"boiler_capacity_kw": "5000"},
        {"diameter_m": "1.1"},
        {"target_value": "0.05"},
    ):
        body = stored(cast.hq, group, sheet(first | change))
        assert counts(body) == (0, 0, 1)
        assert body["rows"][0]["errors"][0]["column"] == next(iter(change))
    assert Target.objects.get().target_value == Decimal("0.09")


def test_a_second_chimney_is_a_row_of_its_own_and_names_differ_in_more_than_capitals(
    cast: Cast, group: Organisation
) -> None:
    rows = [row("A", chimney="North", diameter_m="0.9"), row("a", chimney="South", width_m="1", height_m="0.8")]
    rows[1]["velocity_profile_factor"] = "0.9"

    body = stored(cast.hq, group, sheet(*rows))

    assert (body["sites"], body["chimneys"]) == (1, 2)


def test_a_name_of_another_organisation_is_free_here(cast: Cast, group: Organisation) -> None:
    assert counts(stored(cast.hq, group, sheet(row(cast.litein.name)))) == (1, 0, 0)
    assert Factory.objects.filter(name=cast.litein.name).count() == 2


@pytest.mark.parametrize(
    "content",
    [b"name,place\nA,B\n", b"site,site\nA,B\n", b"site,colour\nA,red\n", b"", b"PK\x03\x04broken", b"\x00\x01\x02"],
)
def test_a_file_that_is_no_sheet_of_sites_is_refused_whole(hq: Client, content: bytes) -> None:
    answer = hq.post("/api/site-sheets/", {"file": SimpleUploadedFile("sites.csv", content or b"\n")})
    if answer.status_code == 202:
        background.run_next()
        answer = hq.get(answer["Location"])

    assert SiteSheet.objects.get().status_code == 400
    assert not Factory.objects.filter(name="A").exists()


# --- Over HTTP -----------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def _worker_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's part is done where a request would wait for it."""

    def wait(task: SiteSheet, _limit_s: float) -> bool:
        background.run_next()
        task.refresh_from_db()
        return task.is_over

    monkeypatch.setattr(SiteSheet, "wait", wait)


def test_the_api_previews_confirms_and_gives_new_links(hq: Client, cast: Cast, client: Client) -> None:
    file = SimpleUploadedFile("sites.csv", sheet(row("New One", manager_phone="0712 345 678")))

    preview = hq.post("/api/site-sheets/", {"file": file, "dry_run": "true"})
    created = hq.post(f"/api/site-sheets/{preview.json()['id']}/confirm/", content_type="application/json")
    links = hq.post(f"/api/site-sheets/{created.json()['id']}/links/", content_type="application/json")
    again = hq.post(f"/api/site-sheets/{created.json()['id']}/links/", content_type="application/json")

    assert (preview.status_code, created.status_code, links.status_code) == (200, 200, 200)
    assert preview.json()["answer"]["sites"] == created.json()["answer"]["sites"] == 1
    (link,) = links.json()["results"]
    assert link["phone"] == "+254712345678"
    assert b"not complete" in client.get(link["link"]).content  # it ended
    assert client.get(again.json()["results"][0]["link"]).status_code == 200
    assert "token" not in str(SiteSheet.objects.get(pk=created.json()["id"]).answer)


def test_another_organisation_does_not_see_the_sheet(hq: Client, cast: Cast, as_user: AsUser) -> None:
    answer = hq.post("/api/site-sheets/", {"file": SimpleUploadedFile("sites.csv", sheet(row("New One")))})
    elsewhere = as_user(cast.outsider).post(
        "/api/site-sheets/",
        {"file": SimpleUploadedFile("s.csv", sheet(row("X"))), "organisation": cast.organisation.pk},
    )

    assert as_user(cast.outsider).get(f"/api/site-sheets/{answer.json()['id']}/").status_code == 404
    assert elsewhere.status_code == 400
    assert "unknown_organisation" in elsewhere.content.decode()


def test_the_template_names_every_column_and_its_example_is_a_good_row(cast: Cast, group: Organisation) -> None:
    body = stored(cast.hq, group, template_csv().encode())

    assert template_csv().splitlines()[0].removeprefix("\ufeff").split(",") == list(COLUMNS)
    assert counts(body) == (1, 0, 0)
    assert body["invitations"] == body["targets"] == body["chimneys"] == 1


def test_the_page_shows_the_bad_row_first_creates_the_rest_and_makes_the_links(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.hq)
    content = sheet(row("New One", manager_phone="0712 345 678"), row("Bad", altitude_m="high"))

    preview = browser.post("/organisation/sites/", {"file": SimpleUploadedFile("sites.csv", content)}, follow=True)
    nothing = Factory.objects.filter(name="New One").exists()
    created = browser.post(preview.redirect_chain[-1][0], {"act": "create"}, follow=True)
    links = browser.post(created.redirect_chain[-1][0], {"act": "links"})

    page = preview.content.decode()
    assert "nothing is stored yet" in page
    assert page.index("is not a plain number") < page.index("New One")
    assert not nothing
    assert Factory.objects.filter(name="New One").exists()
    assert "https://wa.me/254712345678?text=" in links.content.decode()
    assert browser.post("/organisation/sites/", {}).context["form"].errors["file"]


def test_files_are_dropped_after_a_day_and_answers_after_thirty(hq: Client) -> None:
    for _ in range(2):
        hq.post("/api/site-sheets/", {"file": SimpleUploadedFile("s.csv", sheet(row("A"))), "dry_run": "true"})
    old, new = SiteSheet.objects.order_by("pk")
    SiteSheet.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=2))

    drop_old_sheets()
    refused = hq.post(f"/api/site-sheets/{old.pk}/confirm/", content_type="application/json")
    SiteSheet.objects.filter(pk=new.pk).update(finished_at=timezone.now() - timedelta(days=31))

    assert refused.json()["code"] == "preview_over"
    assert drop_old_sheets() == 1
    assert SiteSheet.objects.get().state == TaskState.DONE
