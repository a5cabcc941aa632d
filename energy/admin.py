"""Energy in the admin site. Factors come from the table of the release and entries from their services: read only."""

from django.contrib import admin

from energy.models import EmissionFactor, EnergyEntry, EnergyType, LocalUnit
from lib.admin import ReadOnlyAdmin


@admin.register(EnergyType)
class EnergyTypeAdmin(ReadOnlyAdmin):
    list_display = ["code", "name", "default_unit", "scope", "is_biogenic"]
    search_fields = ["code", "name"]


@admin.register(EmissionFactor)
class EmissionFactorAdmin(ReadOnlyAdmin):
    list_display = [
        "energy_type",
        "gas",
        "value",
        "unit",
        "country",
        "set_name",
        "valid_from",
        "version",
        "organisation",
    ]
    list_filter = ["set_name", "country", "gas", "is_default"]
    search_fields = ["energy_type__code", "set_name", "source"]


@admin.register(EnergyEntry)
class EnergyEntryAdmin(ReadOnlyAdmin):
    list_display = ["factory", "energy_type", "amount", "unit", "period_start", "co2e_kg", "deleted_at"]
    list_filter = ["kind", "energy_type"]
    raw_id_fields = ["factory", "source", "recorded_by"]


@admin.register(LocalUnit)
class LocalUnitAdmin(admin.ModelAdmin):
    list_display = ["factory", "energy_type", "name", "amount", "unit"]
    raw_id_fields = ["factory"]
