"""The fire of a site on Today, on its own page and in the API: sentences, empty states, who sees it, what it costs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from emissions.channels import ChannelValue, store_channels
from emissions.models import EmissionHour, MeasuredAs
from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from tests import make
from tests.cast import AsUser, Cast
from tests.compliance.build import HOUR, hour_of
from tests.measuring import queries_of
from tests.portal.logged_site import NOW, TODAY, YESTERDAY, day_start
from tests.portal.test_today import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def site(cast: Cast) -> Factory:
    assignment = make.make_assignment(chimney=make.make_chimney(factory=cast.litein))
    sources = EmissionSource.objects.filter(factory=cast.litein, kind=SourceKind.BOILER)
    sources.update(chimney=assignment.chimney, fuels="firewood")
    return cast.litein


def burn(site: Factory, start: Any, hours: int = 1, *, co2_dry: float = 0.08, celsius: float = 230.0) -> None:
    rows = []
    for number in range(hours):
        row = hour_of(site.devices.get().assignments.get(), start + HOUR * number, kg=500.0)
        row.fire_ug, row.fire_co2_dry, row.fire_temperature_c = round(500e9), co2_dry, celsius
        rows.append(row)
    EmissionHour.objects.bulk_create(rows)


def seen(browser: Client, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return text_of(response)


def test_today_says_what_leaves_what_it_costs_and_what_to_change(site: Factory, cast: Cast, as_user: AsUser) -> None:
    # 1,000 kg CO2 of wood of 30 %: 779.2 kg, 1.616 m3; 15.4 % of it is 0.249 m3. Paid 3,000 a m3: 748 shillings.
    make.make_energy_entry(
        site, amount=Decimal(10), cost=Decimal(30_000), currency="KES", timestamp=day_start(YESTERDAY)
    )
    burn(site, day_start(TODAY), 2)

    page = seen(as_user(cast.litein_manager), f"/factories/{site.pk}/today/")

    assert (
        "31 % of the wood's heat leaves by the chimney; a good fire loses 18. That is 0.249 m3 of wood, KES 748, today."
        in page
    )
    assert "Close the damper a little: the gas has 8.0 % CO2, that of a good fire 13 %." in page
    assert "The loss lies between 28 and 35 %." in page
    assert "The site has not stated the moisture of its wood: 30 % is assumed." in page


@pytest.mark.parametrize(
    ("co2_dry", "celsius", "moisture", "words"),
    [
        (0.13, 170.0, "0.450", "Burn drier wood: at 45 % moisture"),
        (0.13, 320.0, "0.200", "The gas leaves at 320 °C, that of a good fire at 170 °C"),
        (0.14, 165.0, "0.150", "Nothing needs to change: the fire is close to a good one."),
    ],
)
def test_the_one_thing_to_change(
    site: Factory, cast: Cast, as_user: AsUser, co2_dry: float, celsius: float, moisture: str, words: str
) -> None:
    site.wood_moisture_fraction = Decimal(moisture)
    site.save()
    burn(site, day_start(TODAY), co2_dry=co2_dry, celsius=celsius)

    assert words in seen(as_user(cast.litein_manager), f"/factories/{site.pk}/today/")


def test_the_page_shows_days_and_says_when_there_is_nothing(site: Factory, cast: Cast, as_user: AsUser) -> None:
    path = f"/factories/{site.pk}/fire/"
    manager = as_user(cast.litein_manager)
    assert "No wood fire was measured in the last 30 days." in seen(manager, path)
    burn(site, day_start(YESTERDAY), 3)
    burn(site, day_start(YESTERDAY - timedelta(days=2)), 3, co2_dry=0.05)

    page = seen(manager, path)

    assert "On 2 of 30 days a wood fire was measured; it lost 31.0 to 41.0 % of the heat." in page
    assert "No wood fire was measured today yet." in page
    EmissionSource.objects.filter(factory=site, kind=SourceKind.BOILER).update(fuels="firewood, heavy_fuel_oil")
    assert "No chimney of this site burns firewood alone." in seen(manager, path)


def test_the_api_gives_the_days(site: Factory, cast: Cast, as_user: AsUser) -> None:
    burn(site, day_start(YESTERDAY), 3)
    browser = as_user(cast.litein_manager)

    answer = browser.get(f"/api/factories/{site.pk}/fire/").json()

    (row,) = answer["results"]
    assert row["period_start"] == f"{YESTERDAY:%Y-%m-%d}"
    assert row["loss_share"] == pytest.approx(0.3102, abs=1e-4)
    assert row["good_share"] == pytest.approx(0.1845, abs=1e-4)
    assert (row["change_first"], row["currency"], row["avoidable_cost"]) == ("damper", "", None)
    csv = browser.get(f"/api/factories/{site.pk}/fire/?as=csv")
    assert b"".join(csv.streaming_content if csv.streaming else [csv.content]).count(b"damper") == 1
    wrong = browser.get(f"/api/factories/{site.pk}/fire/?from=2026-11-20&to=2026-11-01")
    assert wrong.status_code == 400


def test_steam_stands_beside_the_fire_on_today_the_page_and_in_the_api(
    site: Factory, cast: Cast, as_user: AsUser
) -> None:
    # 1,000 kg of wood of 30 % and 4,000 kg of steam, as in docs/method.md 13: 4.0 kg a kg, 70.4 % of the heat.
    manager, path = as_user(cast.litein_manager), f"/factories/{site.pk}/fire/"
    assert "No device measures steam here." in seen(manager, path)
    measure_steam(site, 4000 / 24)
    today = f"/factories/{site.pk}/today/"
    assert "4,000 kg of steam on 21 Nov. Log the firewood of that day" in seen(manager, today)
    make.make_energy_entry(
        site, amount=Decimal(1000), unit="kg", moisture_fraction=Decimal("0.300"), timestamp=day_start(YESTERDAY)
    )

    assert "On 21 Nov a kg of wood made 4.0 kg of steam: 70 % of its heat (direct method)." in seen(manager, today)
    page = seen(manager, path)
    assert "On 1 of 30 days a kg of wood made 4.0 to 4.0 kg of steam." in page
    assert "Pressure and feed water are assumed: 10 bar, 80 °C." in page
    (row,) = manager.get(f"/api/factories/{site.pk}/fire/").json()["results"]
    assert (row["loss_share"], row["change_first"], row["steam_is_feed_water"]) == (None, None, False)
    assert (row["steam_kg_per_kg_wood"], row["steam_covered_share"]) == (pytest.approx(4.0), pytest.approx(1.0))
    assert row["steam_efficiency_share"] == pytest.approx(0.7044, abs=2e-4)
    assert row["steam_missing"] == ["steam_pressure", "feed_water_temperature"]
    burn(site, day_start(YESTERDAY), 3)
    (row,) = manager.get(f"/api/factories/{site.pk}/fire/").json()["results"]
    assert row["loss_share"] == pytest.approx(0.3102, abs=1e-4)


def measure_steam(site: Factory, kg_per_h: float) -> None:
    """All of yesterday, every five minutes."""
    device, start = site.devices.get(), day_start(YESTERDAY)
    moments = [start + timedelta(minutes=5 * n) for n in range(289)]
    values = [ChannelValue(device.pk, "steam", "kg/h", MeasuredAs.RATE, at, kg_per_h) for at in moments]
    with connection.cursor() as cursor:
        store_channels(cursor, values)


def test_queries_do_not_grow_with_days(site: Factory, cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.litein_manager)
    burn(site, day_start(YESTERDAY))
    browser.get(f"/factories/{site.pk}/fire/")  # the first visit writes until when the site's hours are recorded
    burn(site, day_start(YESTERDAY - timedelta(days=2)))
    few = queries_of(browser, f"/factories/{site.pk}/fire/")
    for back in range(3, 20):
        burn(site, day_start(YESTERDAY - timedelta(days=back)))

    assert queries_of(browser, f"/factories/{site.pk}/fire/") == few
    assert day_start(YESTERDAY) < NOW
