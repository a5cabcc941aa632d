"""Peer groups by what burns at a site, and by its dryers."""

import pytest

from factories.services import add_source, end_source
from leaderboard.choices import GroupKind, PeerBook
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_dryers_type_and_fuel_make_a_peer_group(cast: Cast) -> None:
    one, other = cast.litein, cast.momul
    add_source(one, name="Dryer", kind="direct_fired_dryer", dryer_type="fluid_bed", fuels="firewood, lpg")
    add_source(other, name="Dryer", kind="steam_dryer_exhaust", dryer_type="fluid_bed")  # its boiler burns firewood
    old = add_source(other, name="Old dryer", kind="direct_fired_dryer", dryer_type="endless_chain", fuels="diesel")
    end_source(old)

    book = PeerBook([one, other], {})
    dryers = [option for option in book.options(None) if option.kind == GroupKind.DRYER]

    assert [(option.code, option.label) for option in dryers] == [("dryer:fluid_bed/firewood", "fluid bed, firewood")]
    assert book.members(dryers[0]) == {one.pk, other.pk}
    assert book.parse_group("dryer", book.options({one.pk}), one.pk) == dryers[0]


def test_a_site_with_two_dryers_and_a_new_boiler_is_grouped_by_what_is_in_use(cast: Cast) -> None:
    site = cast.litein
    add_source(site, name="Dryer", kind="steam_dryer_exhaust", dryer_type="fluid_bed")
    add_source(site, name="Dryer 2", kind="direct_fired_dryer", dryer_type="endless_chain", fuels="diesel")
    end_source(site.emission_sources.get(name="Boiler"))
    add_source(site, name="Boiler 2", kind="boiler", fuels="wood_pellets")

    book = PeerBook([site], {})

    codes = {option.code for option in book.options(None)}
    assert {"fuel:wood_pellets", "dryer:fluid_bed/wood_pellets", "dryer:endless_chain/diesel"} <= codes
    assert "fuel:firewood" not in codes
    assert book.parse_group("dryer", book.options(None), site.pk).code == "dryer:endless_chain/diesel"
