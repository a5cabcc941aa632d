"""Targets in the admin site, read only: they are set through `services.py`."""

from django.contrib import admin

from compliance.models import Target
from lib.admin import ReadOnlyAdmin


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin):
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
