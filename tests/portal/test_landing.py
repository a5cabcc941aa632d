"""Where each role lands: on work, never on an empty page or a refusal."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import queries_of

pytestmark = pytest.mark.django_db
PRIMARY = re.compile(r'<(?:a|button)[^>]*class="button(?: [^"]*)?"[^>]*>')


@pytest.mark.parametrize(
    ("who", "lands"),
    [
        ("hq", "/morning/"),
        ("auditor", "/morning/"),
        ("litein_manager", "/factories/{litein}/today/"),
        ("installer", "/factories/"),
        ("integrator", "/integrate/"),
    ],
)
def test_every_role_lands_on_useful_work(cast: Cast, as_user: AsUser, who: str, lands: str) -> None:
    browser = as_user(getattr(cast, who))

    response = browser.get("/")
    page = browser.get(response["Location"])

    assert response["Location"] == lands.format(litein=cast.litein.pk)
    assert page.status_code == 200
    main = page.content.decode().partition("<main")[2]
    assert PRIMARY.search(main), "nothing to do first"


def test_a_manager_of_a_mine_lands_on_its_today(cast: Cast, as_user: AsUser) -> None:
    mine = make.make_factory(sector="coal_mine", country="IN", time_zone="Asia/Kolkata", altitude_m=300.0)
    user = make.make_user()
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, factory=mine)

    response = as_user(user).get("/", follow=True)

    assert response.redirect_chain[-1][0] == f"/factories/{mine.pk}/today/"
    assert response.status_code == 200


def test_a_manager_of_the_organisation_and_of_a_factory_lands_on_the_organisation(cast: Cast, as_user: AsUser) -> None:
    make.make_membership(user=cast.litein_manager, role=Role.HQ_MANAGER, organisation=cast.organisation)

    assert as_user(cast.litein_manager).get("/")["Location"] == "/morning/"


def test_an_integrator_who_also_manages_a_factory_lands_there(cast: Cast, as_user: AsUser) -> None:
    make.make_membership(user=cast.integrator, role=Role.FACTORY_MANAGER, factory=cast.litein)

    assert as_user(cast.integrator).get("/")["Location"] == f"/factories/{cast.litein.pk}/today/"


# --- Several factories ---------------------------------------------------------------------------
def test_a_manager_of_two_factories_chooses_by_their_state(cast: Cast, as_user: AsUser) -> None:
    make.make_membership(user=cast.litein_manager, role=Role.FACTORY_MANAGER, factory=cast.momul)
    make.make_assignment(device=make.make_device(factory=cast.momul, last_heartbeat=timezone.now()))
    start = timezone.now() - timedelta(days=3)
    period: dict[str, Any] = {"timestamp": start, "period_start": start, "period_end": start + timedelta(days=3)}
    make.make_energy_entry(cast.litein, **period)

    response = as_user(cast.litein_manager).get("/")

    assert response.status_code == 200
    choices = {choice.name: choice for choice in response.context["choices"]}
    assert choices["Litein Tea Factory"].log_sentence == "missing yesterday: electricity, made tea"
    assert choices["Momul Tea Factory"].log_sentence == "missing yesterday: firewood, electricity, made tea"
    assert choices["Momul Tea Factory"].state == "online"
    assert choices["Litein Tea Factory"].state == "no_device"
    assert f'href="/factories/{cast.momul.pk}/today/"' in response.content.decode()


def test_a_manager_of_a_county_chooses_among_its_factories(cast: Cast, as_user: AsUser) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, organisation=cast.organisation, county="Kericho")

    response = as_user(user).get("/")

    assert len(response.context["choices"]) == 2


def test_choosing_asks_no_more_queries_for_more_factories(cast: Cast, as_user: AsUser) -> None:
    make.make_membership(user=cast.litein_manager, role=Role.FACTORY_MANAGER, factory=cast.momul)
    browser = as_user(cast.litein_manager)

    few = queries_of(browser, "/")
    for _ in range(3):
        more = make.make_factory(organisation=cast.organisation)
        make.make_membership(user=cast.litein_manager, role=Role.FACTORY_MANAGER, factory=more)

    assert queries_of(browser, "/") == few


# --- Nobody yet ----------------------------------------------------------------------------------
def test_a_user_without_a_role_reads_what_happens_next(cast: Cast, as_user: AsUser) -> None:
    response = as_user(cast.nobody).get("/")

    assert response.status_code == 200
    assert response.templates[0].name == "portal/not_approved.html"
    page = response.content.decode()
    assert "nobody@test.example" in page
    assert PRIMARY.search(page.partition("<main")[2])


def test_a_county_without_factories_is_no_dead_end(cast: Cast, as_user: AsUser) -> None:
    user = make.make_user()
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, organisation=cast.organisation, county="Nowhere")

    response = as_user(user).get("/")

    assert response.status_code == 200
    assert response.templates[0].name == "portal/not_approved.html"


def test_a_superuser_without_organisation_makes_one(as_user: AsUser) -> None:
    root = make.make_user(is_superuser=True, is_staff=True)

    assert as_user(root).get("/")["Location"] == "/organisations/"


def test_a_changed_password_leads_back_to_work(cast: Cast, as_user: AsUser) -> None:
    browser = as_user(cast.litein_manager)
    fields = {"oldpassword": make.PASSWORD, "password1": "another horse battery", "password2": "another horse battery"}

    response = browser.post("/accounts/password/change/", fields, follow=True)

    assert response.redirect_chain == [("/", 302), (f"/factories/{cast.litein.pk}/today/", 302)]
    assert "Password successfully changed" in response.content.decode()


def test_a_reset_password_leads_to_the_sign_in(client: Client) -> None:
    page = client.get("/accounts/password/reset/key/done/").content.decode()

    assert 'class="button button--wide" href="/accounts/login/"' in page
