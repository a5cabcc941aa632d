"""What a device wrote is shown to people as text."""

from django.contrib import admin

from mqtt_ingest.admin import RejectedMessageAdmin
from mqtt_ingest.models import RejectedMessage


def test_a_refused_payload_is_escaped_and_its_control_characters_are_spelt_out() -> None:
    page = RejectedMessageAdmin(RejectedMessage, admin.site)

    shown = page.payload_text(RejectedMessage(payload=b"<script>\x00\x1b[31m\xff"))

    assert shown == r"<pre>&lt;script&gt;\x00\x1b[31m\xff</pre>"
