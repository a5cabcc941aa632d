"""A passkey in a real browser: Chromium with a virtual authenticator, on a phone's screen."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from accounts.roles import Role
from tests import make
from tests.end_to_end.browser import chromium, web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("chromium")]
LOGIN = "hq@test.example"


@pytest.fixture
def hq() -> User:
    factory = make.make_factory(name="Litein Tea Factory")
    user = make.make_user(email=LOGIN)
    make.make_membership(user=user, role=Role.HQ_MANAGER, organisation=factory.organisation)
    factory.organisation.second_factor_required = True
    factory.organisation.save()
    return user


@contextmanager
def phone_with_a_finger(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A phone whose authenticator keeps passkeys and knows its owner. Also what the browser complained about."""
    problems: list[str] = []
    with browser.new_context(viewport={"width": 360, "height": 640}) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        session = context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        yield page, problems


def has_no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_passkey_is_made_where_it_is_required_and_then_signs_in_alone(hq: User) -> None:
    with web_server() as server, chromium() as browser, phone_with_a_finger(browser) as (page, problems):
        url = server.url.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, never to a number
        page.goto(f"{url}/accounts/login/")
        page.get_by_label("Phone number or e-mail").fill(LOGIN)
        page.get_by_label("Password").fill(make.PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()

        # Nothing else is open until it is there.
        expect(page).to_have_url(f"{url}/account/")
        expect(page.get_by_role("alert")).to_contain_text("requires a second step at sign-in")
        assert has_no_sideways_scroll(page)
        page.get_by_role("link", name="Add a passkey").click()
        if "reauthenticate" in page.url:
            page.get_by_label("Password").fill(make.PASSWORD)
            page.get_by_role("button", name="Confirm").click()
        page.get_by_label("Name").fill("my phone")
        page.get_by_role("button", name="Create the passkey").click()
        expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
        page.goto(f"{url}/account/")
        expect(page.get_by_text("my phone").first).to_be_visible()
        expect(page.get_by_text("10 codes are left.")).to_be_visible()
        assert has_no_sideways_scroll(page)

        # And then the finger alone.
        page.goto(f"{url}/accounts/logout/")
        page.locator("main").get_by_role("button", name="Sign Out").click()
        page.goto(f"{url}/accounts/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page).to_have_url(f"{url}/morning/")

    assert problems == []
    key = Authenticator.objects.get(user=hq, type=Authenticator.Type.WEBAUTHN)
    assert key.last_used_at is not None
    assert key.wrap().is_passwordless is True
