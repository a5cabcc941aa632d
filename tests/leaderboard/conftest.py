"""A network of factories whose site days are made by hand."""

from types import SimpleNamespace

import pytest

from tests import make
from tests.cast import Cast
from tests.leaderboard.build_days import fill_days


@pytest.fixture
def network(cast: Cast) -> SimpleNamespace:
    """Seven tea factories a month long, each with a tenth more wood than the one before; Litein is the third."""
    cast.litein.county = "Kericho"
    names = ["Able", "Busy", "Dull", "Even", "Fine"]
    others = [make.make_factory(organisation=cast.organisation, name=name, county="Meru") for name in names]
    cast.sites = [others[0], others[1], cast.litein, cast.momul, *others[2:]]
    for index, site in enumerate(cast.sites):
        fill_days(site, 21, wood=1.0 + index / 10)
    return cast
