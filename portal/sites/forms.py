"""Forms of the portal's own pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from factories.choices import MineClass
from factories.countries import COUNTRIES
from factories.forms import SITE_NUMBERS
from factories.models import Factory, Organisation
from factories.services import check_mine_class, create_organisation, set_up_factory


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = ["name", "country", "currency"]

    def save_for(self, user: User) -> Organisation:
        return create_organisation(user, **{name: self.cleaned_data[name] for name in self.Meta.fields})


class FactoryForm(forms.ModelForm):
    """The form asks for the altitude, because without a barometer it decides the pressure and so every mass."""

    mine_class = forms.ChoiceField(
        label=gettext_lazy("class of the mine"),
        choices=[("", "---------"), *MineClass.choices],
        required=False,
        help_text=gettext_lazy("only of a mine: its methane follows from it"),
    )

    def __init__(self, data: Any = None, *, organisation: Organisation) -> None:
        time_zone = COUNTRIES[organisation.country].time_zone
        super().__init__(data, initial={"country": organisation.country, "time_zone": time_zone})
        self.instance.organisation = organisation

    class Meta:
        model = Factory
        fields = (
            "name location county country sector altitude_m altitude_is_estimated latitude longitude time_zone "
            "day_starts_at electricity_capacity_kw product_capacity_kg_per_day"
        ).split()
        field_classes = SITE_NUMBERS

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.instance.organisation.factories.filter(name__iexact=name).exists():
            raise ValidationError(_("A factory %(name)s exists already; choose another name.") % {"name": name})
        return name

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        check_mine_class(data.get("sector", ""), data.get("mine_class", ""))
        return data

    def save(self, commit: bool = True) -> Factory:
        return set_up_factory(self.instance, mine_class=self.cleaned_data["mine_class"])
