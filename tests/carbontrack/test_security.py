"""security.txt, and the check that somebody is named in it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from carbontrack.checks import check_deployment
from lib import environment

URL = "/.well-known/security.txt"


@pytest.fixture
def named(settings: Any) -> Any:
    settings.SECURITY_CONTACT = ["mailto:security@example.com", "https://example.com/report"]
    settings.SECURITY_CONTACT_EXPIRES = date(2027, 6, 30)
    return settings


def test_it_names_contact_and_expiry_as_rfc_9116_asks(
    client: Client, named: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 6, 30, 12, tzinfo=UTC))

    answer = client.get(URL)

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().splitlines() == [
        "Contact: mailto:security@example.com",
        "Contact: https://example.com/report",
        "Expires: 2027-06-30T23:59:59Z",
        "Preferred-Languages: en, sw",
        "Canonical: http://testserver/.well-known/security.txt",
    ]


def test_after_its_last_day_it_is_gone(client: Client, named: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 7, 1, 0, 0, 1, tzinfo=UTC))

    assert client.get(URL).status_code == 404


@pytest.mark.parametrize("missing", ["SECURITY_CONTACT", "SECURITY_CONTACT_EXPIRES"])
def test_without_either_there_is_none(client: Client, named: Any, missing: str, db: None) -> None:
    setattr(named, missing, [] if missing == "SECURITY_CONTACT" else None)

    assert client.get(URL).status_code == 404


@pytest.mark.parametrize(
    ("contact", "days_left", "warns"),
    [([], 300, True), (["tel:+254"], None, True), (["tel:+254"], 29, True), (["tel:+254"], 31, False)],
)
def test_the_check_says_what_is_missing_and_a_month_before_it_ends(
    settings: Any, contact: list[str], days_left: int | None, warns: bool
) -> None:
    settings.IS_LOCAL = settings.IS_RUNSERVER = False
    settings.SECURITY_CONTACT = contact
    settings.SECURITY_CONTACT_EXPIRES = days_left and timezone.now().date() + timedelta(days=days_left)

    assert ("carbontrack.W004" in {message.id for message in check_deployment(None)}) is warns


@pytest.mark.parametrize("raw", ["security@example.com", "mailto:a@b.example, http://plain.example"])
def test_a_contact_that_is_no_address_stops_the_start(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setitem(environment.env.ENVIRON, "SECURITY_CONTACT", raw)

    with pytest.raises(ImproperlyConfigured, match="SECURITY_CONTACT="):
        environment.addresses("SECURITY_CONTACT", ("mailto:", "https://"))


@pytest.mark.parametrize(("raw", "found"), [("", None), ("2027-06-30", date(2027, 6, 30)), ("30.6.2027", "stops")])
def test_a_day_is_written_as_iso(monkeypatch: pytest.MonkeyPatch, raw: str, found: Any) -> None:
    monkeypatch.setitem(environment.env.ENVIRON, "SECURITY_CONTACT_EXPIRES", raw)

    if found == "stops":
        with pytest.raises(ImproperlyConfigured, match="write it as 2027-06-30"):
            environment.day("SECURITY_CONTACT_EXPIRES")
    else:
        assert environment.day("SECURITY_CONTACT_EXPIRES") == found
