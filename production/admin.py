"""Production in the admin site, read only."""

from django.contrib import admin

from lib.admin import ReadOnlyAdmin
from production.models import ProductionEntry


@admin.register(ProductionEntry)
class ProductionEntryAdmin(ReadOnlyAdmin):
    list_display = ["factory", "product", "amount_kg", "period_start", "period_end", "deleted_at"]
    list_filter = ["product"]
    raw_id_fields = ["factory", "recorded_by"]
