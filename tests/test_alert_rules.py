"""The alert rules for Prometheus: every rule rests on a metric that is there, and names a runbook that is there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_docs import metric_names

BASE_DIR = Path(__file__).resolve().parent.parent
RULES_FILE = BASE_DIR / "docs" / "prometheus" / "alerts.yml"
OF_PROMETHEUS = {"up"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_rule_says_how_urgent_it_is_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert re.fullmatch(r"Carbontrack[A-Za-z]+", rule["alert"])
        assert re.fullmatch(r"\d+[smhd]", rule["for"])
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        runbook = BASE_DIR / rule["annotations"]["runbook"]
        assert runbook.parent == BASE_DIR / "docs" / "runbooks"
        assert runbook.is_file(), runbook
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_every_rule_rests_on_metrics_that_are_there() -> None:
    used = {name for rule in rules() for name in re.findall(r"carbontrack_\w+", rule["expr"])}

    assert used
    assert sorted(used - metric_names()) == []


def test_the_roll_up_lag_has_an_alert() -> None:
    assert any("carbontrack_rollup_lag_seconds" in rule["expr"] for rule in rules())
