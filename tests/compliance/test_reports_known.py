"""What is changed after a report was made changes nothing of it: it is computed again as things were known then."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from compliance.formats.json import read
from compliance.reports import life
from compliance.reports.build import rebuilt
from emissions import rollups
from energy.services import energy_log
from factories.models import Chimney, Factory, Organisation
from logbook import evidence
from tests import make
from tests.cast import make_cast
from tests.compliance.report_world import log_october

MEASURED = datetime(2026, 10, 20, 6, tzinfo=UTC)
YEAR = date(2026, 1, 1), date(2026, 12, 31)
TEA = [
    *("cbam_style", "energy_management_kenya", "ghg_protocol", "iso_14064_1"),
    *("nema_kenya", "product_footprint", "rainforest_energy"),
]


@pytest.mark.django_db(transaction=True)  # what one transaction writes is known at one moment
@pytest.mark.parametrize("code", TEA)
def test_a_report_is_found_again_whatever_was_changed_after_it(code: str) -> None:
    cast = make_cast()
    site, hq = cast.litein, cast.hq
    device = make.make_device(factory=site, device_id="litein-1")
    make.make_assignment(device=device, chimney=make.make_chimney(factory=site, name="Boiler 1"))
    make.make_readings(device, MEASURED, 2 * 720)
    rollups.touch_period(device.pk, MEASURED, None)
    rollups.roll_up_touched()
    log_october(site)
    entry = site.energy_entries.filter(energy_type__code="firewood").get()  # type: ignore[attr-defined]
    file = make.make_evidence(hq, entry)
    report = life.draft(hq, code, site.organisation, site, YEAR, language="en")
    before = bytes(report.content)

    evidence.remove(hq, file, "another stack")
    energy_log.correct(hq, entry.pk, {"amount": Decimal(2000)}, "counted again")
    Factory.objects.filter(pk=site.pk).update(name="Renamed", altitude_m=900)
    Organisation.objects.filter(pk=site.organisation_id).update(name="Another", gwp_set="AR4")
    Chimney.objects.filter(factory=site).update(name="Boiler 9", probe_height_m=9)
    make.make_chimney(factory=site, name="Boiler 2")
    fields: dict[str, Any] = {"calibrated_at": MEASURED - timedelta(days=1), "kind": "factory", "pressure_pa": 79_000}
    device.calibrations.create(**fields)  # as the page does after it was confirmed
    make.make_readings(device, MEASURED + timedelta(hours=3), 720, first_seq=5000)
    rollups.touch_period(device.pk, MEASURED, None)
    rollups.touch_changed_setups([device.pk])
    rollups.roll_up_touched()

    again = rebuilt(report)
    assert asdict(read(again)) == asdict(read(before))
    assert again == before
    assert [row["name"] for row in read(before).evidence] == ["stack.png"]
    assert bytes(life.check(report.pk).content) != before
