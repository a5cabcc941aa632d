"""Go / no-go on a phone: the lines follow the device by themselves, and a press without network is kept."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.roles import Role
from devices.choices import GoVerdict
from devices.models import GoNoGoRun
from mqtt_ingest.choices import MessageKind
from mqtt_ingest.models import DeviceMessage
from tests import make
from tests.end_to_end.browser import chromium, web_server
from tests.end_to_end.test_live_page import sign_in
from tests.waiting import TIMEOUT_S

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("chromium")]


def line(title: str) -> str:
    return f".check:has(h2:text-is('{title}'))"


def test_the_lines_follow_the_device_and_a_press_waits_for_the_network() -> None:
    device = make.make_device(device_id="litein-1")
    make.make_assignment(device=device)
    make.make_membership(
        user=make.make_user(email="installer@test.example"), role=Role.INSTALLER, factory=device.factory
    )
    problems: list[str] = []
    with web_server() as server, chromium() as browser:
        context = browser.new_context(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        sign_in(page, server.url, "installer@test.example")
        page.goto(f"{server.url}/devices/litein-1/go-no-go/")
        page.get_by_role("button", name="Start the ten checks").tap()
        signal = page.locator(line("2 Signal"))
        expect(signal).to_contain_text("No status came yet.")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

        status = {"v": 1, "online": True, "stream": 7, "rssi_dbm": -61}
        DeviceMessage.objects.create(device=device, kind=MessageKind.STATUS, received_at=timezone.now(), payload=status)
        expect(signal).to_contain_text("-61 dBm", timeout=1000 * TIMEOUT_S)

        context.set_offline(True)
        expect(page.locator("[data-refresh-waits]")).to_be_visible(timeout=10_000)
        page.locator(line("9 Leak test")).get_by_role("button").tap()
        page.wait_for_timeout(1_000)
        assert GoNoGoRun.objects.get().leak_started_at is None
        context.set_offline(False)
        expect(page.locator(line("9 Leak test"))).not_to_contain_text("Not started.", timeout=1000 * TIMEOUT_S)
        assert GoNoGoRun.objects.get().leak_started_at is not None

        page.route("**/*part=1*", lambda route: route.abort())  # it does not see that somebody finishes the run
        GoNoGoRun.objects.update(ended_at=timezone.now(), verdict=GoVerdict.NO_GO)
        page.locator(line("9 Leak test")).get_by_role("button").tap()
        expect(page.locator(".notice--error")).to_contain_text("start one", timeout=1000 * TIMEOUT_S)
        context.close()
    assert problems == []
