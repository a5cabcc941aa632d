"""Read-only admin pages of ingest: refused messages with their reason, messages of devices, the counters."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from lib.admin import ReadOnlyAdmin
from mqtt_ingest.models import DeviceMessage, RejectedGroup, RejectedMessage


@admin.register(RejectedMessage)
class RejectedMessageAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "topic_device_id", "reason", "detail", "payload_bytes"]
    list_filter = ["reason"]
    search_fields = ["=topic_device_id"]
    date_hierarchy = "received_at"
    exclude = ["payload"]
    readonly_fields = ["payload_text"]
    show_full_result_count = False

    @admin.display(description=_("payload, whole up to 8 KiB"))
    def payload_text(self, rejected: RejectedMessage) -> str:
        # A device wrote this: shown as text, with everything unprintable spelt out.
        text = bytes(rejected.payload).decode("utf-8", "backslashreplace")
        printable = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
        return format_html("<pre>{}</pre>", printable)


@admin.register(RejectedGroup)
class RejectedGroupAdmin(ReadOnlyAdmin):
    """All of them: those of ids that nobody registered are shown nowhere else."""

    list_display = ["topic_device_id", "reason", "shape", "count", "first_at", "last_at"]
    list_filter = ["reason"]
    search_fields = ["=topic_device_id"]
    show_full_result_count = False


@admin.register(DeviceMessage)
class DeviceMessageAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "device", "kind", "payload"]
    list_filter = ["kind"]
    list_select_related = ["device"]
    search_fields = ["=device__device_id"]
    show_full_result_count = False
