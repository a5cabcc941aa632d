"""Forms of the portal's own pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from factories.forms import SITE_NUMBERS
from factories.models import Factory, Organisation
from factories.services import create_factory, create_organisation


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = ["name"]

    def save_for(self, user: User) -> Organisation:
        return create_organisation(user, self.cleaned_data["name"])


class FactoryForm(forms.ModelForm):
    """The form asks for the altitude, because without a barometer it decides the pressure and so every mass."""

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.organisation = organisation

    class Meta:
        model = Factory
        fields = (
            "name location county sector altitude_m altitude_is_estimated latitude longitude time_zone day_starts_at"
        ).split()
        field_classes = SITE_NUMBERS

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.instance.organisation.factories.filter(name__iexact=name).exists():
            raise ValidationError(_("A factory %(name)s exists already; choose another name.") % {"name": name})
        return name

    def save(self, commit: bool = True) -> Factory:
        fields = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return create_factory(self.instance.organisation, **fields)
