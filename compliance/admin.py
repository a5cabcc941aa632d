"""Targets in the admin site, read only: they are set through `services.py`."""

from typing import Any

from django.contrib import admin

from compliance.models import Target


@admin.register(Target)
class TargetAdmin(admin.ModelAdmin):
    list_display = [
        "organisation",
        "factory",
        "metric",
        "scope",
        "base_year",
        "base_value",
        "target_year",
        "target_value",
        "unit",
        "status",
    ]
    list_filter = ["metric", "status", "organisation"]
    search_fields = ["name", "factory__name"]

    def has_add_permission(self, *args: Any) -> bool:
        return False

    def has_change_permission(self, *args: Any) -> bool:
        return False

    def has_delete_permission(self, *args: Any) -> bool:
        return False
