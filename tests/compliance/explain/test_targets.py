"""Cards of targets: the figure of twelve months and the line, on the pages of targets too."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from compliance.explain.explain import explain
from compliance.explain.sites import Book
from compliance.explain.targets import of_verdict
from tests.cast import Cast, signed_in
from tests.compliance.explain.crawling import Page
from tests.compliance.explain.test_pages import check
from tests.compliance.explain.walking import walk
from tests.compliance.test_targets import ABSOLUTE, INTENSITY, NOW, judged, log_year, set_for

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("data", [INTENSITY, INTENSITY | {"scope": "1"}, ABSOLUTE, ABSOLUTE | {"scope": "2"}])
def test_figure_of_a_target_is_recomputed_and_printed(cast: Cast, clock: SimpleNamespace, data: dict[str, Any]) -> None:
    clock.now, litein = NOW, cast.litein
    log_year(litein)
    target, found = set_for(litein, data), judged(litein)
    figure = of_verdict(found)

    seen = walk(figure, cast.litein_manager, Book(NOW), most=1)
    line = explain(figure.replace("actual", "expected"), cast.litein_manager, book=Book(NOW))

    assert seen[figure].value == found.actual
    assert line.is_identical
    assert line.value == found.expected > Decimal(0)
    for url in (reverse("targets"), reverse("target", args=[target.pk])):
        page = Page(url)
        page.feed(signed_in(cast.litein_manager).get(url).content.decode())
        ((printed, text),) = page.figures
        assert printed == figure
        check(text, seen[figure])
