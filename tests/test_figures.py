"""The comparison of two dumps (tests/figures.py): nothing that changed is overlooked, and nothing else is named."""

import copy
import json
from io import StringIO
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from demo import history, world
from tests import figures, make


@pytest.mark.django_db
def test_two_dumps_of_one_world_are_equal_and_a_changed_number_is_found(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR, settings.DEMO_FLEET, settings.DEMO_HISTORY_MONTHS = tmp_path, 1, 1
    monkeypatch.setattr(timezone, "now", lambda: figures.NOW)
    world.seed(StringIO(), make.PASSWORD)
    history.prepare()
    figures.fill(0, of=70)

    before = json.loads(json.dumps(figures.answers(["co2e_intensity"], ["2026-11"], site_limit=1)))
    after = json.loads(json.dumps(figures.answers(["co2e_intensity"], ["2026-11"], site_limit=1)))

    assert {answer[0] for name, answer in before.items() if "/api/" in name} == {200}
    assert len(before["site days"]) > 25
    assert len(before["emission days"]) > 20
    same = figures.compare(before, after)
    assert (same.figures, same.texts) == ([], [])
    assert same.value_count > 2_000
    after["site days"][7]["made_kg"] = "12"
    found = figures.compare(before, after)
    assert found.figures == [f"site days > 7 > made_kg: {before['site days'][7]['made_kg']} -> 12"]
    assert figures.report(found) == 1


BEFORE = {"/api/": [200, {"rows": [{"name": "Litein", "kg": "1.50", "why": "No record of 3 days."}], "next": None}]}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"kg": "1.5"}, "/api/ > 1 > rows > 0 > kg: 1.50 -> 1.5"),
        ({"name": "Momul"}, "/api/ > 1 > rows > 0 > name: Litein -> Momul"),
        ({"why": None}, "/api/ > 1 > rows > 0 > why: No record of 3 days. -> None"),
        ({"rank": 1}, "/api/ > 1 > rows > 0 > rank: nothing -> 1"),
    ],
)
def test_what_is_no_sentence_is_a_figure(change: dict[str, object], line: str) -> None:
    after = copy.deepcopy(BEFORE)
    after["/api/"][1]["rows"][0] |= change

    result = figures.compare(BEFORE, after)

    assert result.figures == [line]
    assert result.texts == []


def test_a_changed_sentence_is_named_and_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    after = copy.deepcopy(BEFORE)
    after["/api/"][1]["rows"][0]["why"] = "3 days have no record."

    result = figures.compare(BEFORE, after)

    assert figures.report(result) == 0
    assert "why: No record of 3 days. -> 3 days have no record." in capsys.readouterr().out
