"""Devices in the admin site: registry, assignments, calibrations, and the holds that wait for a decision."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.access import revoke_device
from devices.broker import broker_state
from devices.models import Assignment, AssignmentHold, Calibration, MCUDevice
from factories.admin import AsksFirstAdmin
from factories.forms import CorrectionForm


class AssignmentForm(CorrectionForm):
    def clean_valid_from(self) -> Any:
        """A stated hour holds: it no longer moves with the first reading."""
        if "valid_from" in self.changed_data and self.cleaned_data["valid_from"] is not None:
            self.instance.waits_since = None
        return self.cleaned_data["valid_from"]


class AssignmentInline(admin.TabularInline):
    model = Assignment
    form = AssignmentForm
    extra = 0

    def get_formset(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        formset: Any = super().get_formset(request, *args, **options)  # a class of this request
        formset.form.user_id = request.user.pk
        return formset


@admin.register(MCUDevice)
class MCUDeviceAdmin(admin.ModelAdmin):
    """Secrets are made by `provision_device` and the API; they are not here."""

    list_display = ["device_id", "factory", "last_heartbeat", "firmware", "revoked_at", "broker"]
    actions = ["revoke"]
    search_fields = ["device_id", "factory__name"]
    readonly_fields = [
        "last_heartbeat",
        "reported_online",
        "last_will_at",
        "status",
        "firmware",
        "created_at",
        "revoked_at",
        "retired_on",
        "broker",
    ]
    inlines = [AssignmentInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MCUDevice]:
        return super().get_queryset(request).prefetch_related("secrets")

    def get_readonly_fields(self, request: HttpRequest, obj: MCUDevice | None = None) -> list[str]:
        """The broker knows a device by its id: another id would leave the old login in force."""
        return [*self.readonly_fields, *(["device_id"] if obj else [])]

    def has_delete_permission(self, request: HttpRequest, obj: MCUDevice | None = None) -> bool:
        """Deleted, its login would stay at the broker: revoke it."""
        return False

    @admin.display(description=gettext_lazy("login at the broker"))
    def broker(self, device: MCUDevice) -> str:
        return str(broker_state(device).label)

    @admin.action(description=gettext_lazy("Revoke: end the login for good"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[MCUDevice]) -> None:
        for device in queryset:
            revoke_device(device)
            text = _("%(device)s: %(state)s") % {"device": device, "state": broker_state(device).label}
            self.message_user(request, text)


@admin.register(Assignment)
class AssignmentAdmin(AsksFirstAdmin):
    form = AssignmentForm
    list_display = ["device", "chimney", "valid_from", "valid_to", "is_of_record", "co2_basis"]
    autocomplete_fields = ["device", "chimney", "factory"]


@admin.register(Calibration)
class CalibrationAdmin(AsksFirstAdmin):
    """One that is wrong is corrected, which asks about the past; deleting or moving it would not."""

    form = CorrectionForm
    stays = ("device",)
    list_display = ["device", "calibrated_at", "kind", "pressure_pa", "valid_until"]
    autocomplete_fields = ["device"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AssignmentHold)
class AssignmentHoldAdmin(admin.ModelAdmin):
    """Read only: a hold is closed on the page of its device, which shows first what that makes of stored figures."""

    list_display = ["assignment", "kind", "field", "registered", "reported", "starts_at", "resolution"]
    list_filter = ["resolution", "kind", "field"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in AssignmentHold._meta.fields]
