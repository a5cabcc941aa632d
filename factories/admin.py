"""Places in the admin site. After a change of geometry or altitude the worker recomputes roll-ups within seconds."""

from django.contrib import admin

from factories.forms import ChimneyAdminForm, FactoryAdminForm
from factories.models import Chimney, EmissionSource, Factory, Organisation, SiteEvent


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ["name", "substitution_method", "gwp_set", "factor_set", "electricity_basis"]
    search_fields = ["name"]


class ChimneyInline(admin.TabularInline):
    model = Chimney
    form = ChimneyAdminForm
    extra = 0
    show_change_link = True


@admin.register(Factory)
class FactoryAdmin(admin.ModelAdmin):
    form = FactoryAdminForm
    list_display = ["name", "organisation", "county", "sector", "altitude_m", "altitude_is_estimated"]
    list_filter = ["organisation", "sector", "county"]
    search_fields = ["name", "location", "county"]
    inlines = [ChimneyInline]


@admin.register(Chimney)
class ChimneyAdmin(admin.ModelAdmin):
    form = ChimneyAdminForm
    list_display = ["name", "factory", "shape", "diameter_m", "width_m", "height_m", "velocity_profile_factor"]
    search_fields = ["name", "factory__name"]


@admin.register(EmissionSource)
class EmissionSourceAdmin(admin.ModelAdmin):
    list_display = ["name", "factory", "kind", "chimney"]
    list_filter = ["kind"]
    search_fields = ["name", "factory__name"]


@admin.register(SiteEvent)
class SiteEventAdmin(admin.ModelAdmin):
    list_display = ["factory", "happened_at", "text"]
