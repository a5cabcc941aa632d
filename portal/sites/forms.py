"""Forms of the portal's own pages."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from factories.choices import MineClass
from factories.countries import COUNTRIES
from factories.forms import SITE_NUMBERS
from factories.models import MOST_KW, Factory, Organisation
from factories.sectors import SECTORS, Sector
from factories.services import check_boiler, check_mine_class, create_organisation, set_up_factory
from lib.forms import NumberField

_CAPACITIES: dict[str, Callable[[Sector], float]] = {
    "boiler_capacity_kw": lambda sector: sector.large_site.fuel_kw,
    "electricity_capacity_kw": lambda sector: sector.large_site.electricity_kw,
    "product_capacity_kg_per_day": lambda sector: sector.large_site.product_kg_per_day,
}


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = ["name", "country", "currency"]

    def save_for(self, user: User) -> Organisation:
        return create_organisation(user, **{name: self.cleaned_data[name] for name in self.Meta.fields})


class FactoryForm(forms.ModelForm):
    """The form asks for the altitude, because without a barometer it decides the pressure and so every mass."""

    mine_class = forms.ChoiceField(
        label=gettext_lazy("Class of the mine"),
        choices=[("", "---------"), *MineClass.choices],
        required=False,
        help_text=gettext_lazy("Only for a mine: its methane follows from it."),
    )

    boiler_capacity_kw = NumberField(
        label=gettext_lazy("Fuel input of the boiler at full load (kW)"),
        decimals=1,
        unit="kW",
        low=1,
        high=MOST_KW,
        required=False,
    )

    def __init__(self, data: Any = None, *, organisation: Organisation) -> None:
        time_zone = COUNTRIES[organisation.country].time_zone
        super().__init__(data, initial={"country": organisation.country, "time_zone": time_zone})
        self.instance.organisation = organisation
        for name, of_large_site in _CAPACITIES.items():
            sizes = "; ".join(f"{sector.label} {of_large_site(sector):,.0f}" for sector in SECTORS.values())
            words = _("More than this is refused in the log. Empty: that of a large site (%(sizes)s).")
            self.fields[name].help_text = words % {"sizes": sizes}

    class Meta:
        model = Factory
        fields = (
            "name location county country sector altitude_m altitude_is_estimated latitude longitude time_zone "
            "day_starts_at electricity_capacity_kw product_capacity_kg_per_day"
        ).split()
        field_classes = SITE_NUMBERS

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        check_mine_class(data.get("sector", ""), data.get("mine_class", ""))
        check_boiler(data.get("sector", ""), data.get("boiler_capacity_kw"))
        return data

    def save(self, commit: bool = True) -> Factory:
        asked = {name: self.cleaned_data[name] for name in ("mine_class", "boiler_capacity_kw")}
        return set_up_factory(self.instance, **asked)
