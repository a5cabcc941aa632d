"""Forms of the portal's own pages."""

from django import forms

from accounts.models import User
from factories.models import Organisation
from factories.services import create_organisation


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = ["name", "country", "currency"]

    def save_for(self, user: User) -> Organisation:
        return create_organisation(user, **{name: self.cleaned_data[name] for name in self.Meta.fields})
