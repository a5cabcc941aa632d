"""Places in the admin site. After a change of geometry or altitude the worker recomputes roll-ups within seconds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from factories.forms import ChimneyForm, EmissionSourceForm, FactoryForm
from factories.models import Chimney, EmissionSource, Factory, Organisation, SiteEvent
from factories.services import set_up_factory, store_new_chimney
from lib.admin import ReadOnlyAdmin


class AsksFirstAdmin(admin.ModelAdmin):
    """Of a `CorrectionForm`: who changes the past confirms it."""

    stays: tuple[str, ...] = ()  # what a row belongs to; another one would change figures without asking

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.stays if obj is not None else ()

    def get_form(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        form: Any = super().get_form(request, *args, **options)  # a class of this request
        form.user_id = request.user.pk
        return form


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    """Its page in the portal shows what other settings make of the past."""

    list_display = ["name", "country", "currency", "substitution_method", "gwp_set", "factor_set", "electricity_basis"]
    search_fields = ["name"]


class ChimneyInline(admin.TabularInline):
    """Shown only: the page of a chimney asks before a change corrects the past."""

    model = Chimney
    fields = readonly_fields = ("name", "shape", "diameter_m", "width_m", "height_m", "velocity_profile_factor")
    max_num = 0
    can_delete = False
    show_change_link = True


@admin.register(Factory)
class FactoryAdmin(AsksFirstAdmin):
    form = FactoryForm
    stays = ("organisation",)
    list_display = ["name", "organisation", "county", "sector", "altitude_m", "altitude_is_estimated"]
    list_filter = ["organisation", "sector", "county"]
    search_fields = ["name", "location", "county"]
    inlines = [ChimneyInline]

    def save_model(self, request: HttpRequest, obj: Factory, form: Any, change: bool) -> None:
        if change:
            obj.save()
        else:
            set_up_factory(obj, mine_class=form.cleaned_data["mine_class"])


@admin.register(Chimney)
class ChimneyAdmin(AsksFirstAdmin):
    form = ChimneyForm
    stays = ("factory",)
    list_display = ["name", "factory", "shape", "diameter_m", "width_m", "height_m", "velocity_profile_factor"]
    search_fields = ["name", "factory__name"]

    def save_model(self, request: HttpRequest, obj: Chimney, form: Any, change: bool) -> None:
        if change:
            obj.save()
        else:
            store_new_chimney(obj)


@admin.register(EmissionSource)
class EmissionSourceAdmin(AsksFirstAdmin):
    form = EmissionSourceForm
    stays = ("factory",)
    list_display = ["name", "factory", "kind", "chimney", "first_day", "last_day"]
    list_filter = ["kind"]
    search_fields = ["name", "factory__name"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SiteEvent)
class SiteEventAdmin(admin.ModelAdmin):
    list_display = ["factory", "happened_at", "text"]
