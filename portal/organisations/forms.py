"""Forms of organisations: the operator founds one, HQ changes its settings."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import ContactField
from compliance.organisation_settings import FIELDS
from compliance.schemes import schemes
from energy.revaluing import factor_sets_of
from factories.models import Organisation


class FirstManagerForm(forms.Form):
    """Whom the operator invites."""

    contact = ContactField(label=gettext_lazy("Phone number or e-mail of its first HQ manager"))


class NewOrganisationForm(forms.ModelForm):
    """A new organisation and who manages it first."""

    contact = ContactField(
        label=gettext_lazy("Phone number or e-mail of its first HQ manager"),
        help_text=gettext_lazy("You get a link to send. Whoever opens it manages the organisation."),
        required=False,
    )
    manages_it = forms.BooleanField(label=gettext_lazy("I manage it myself"), required=False)

    class Meta:
        model = Organisation
        fields = ("name", "country", "currency")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(data.get("contact")) == bool(data.get("manages_it")) and "contact" not in self.errors:
            self.add_error("contact", _("Say whom to invite, or that you manage it yourself; not both."))
        return data

    def choices_of_organisation(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class OrganisationSettingsForm(forms.ModelForm):
    """The accounting choices; what a change means for the past is in `compliance/organisation_settings.py`."""

    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"), choices=settings.LANGUAGES, widget=forms.CheckboxSelectMultiple
    )
    first_language = forms.ChoiceField(
        label=gettext_lazy("First language"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("It is used where a person has not chosen."),
    )
    factor_set = forms.ChoiceField(
        label=gettext_lazy("Emission factors preferred"),
        required=False,
        help_text=gettext_lazy("Used where the set has a factor; elsewhere the default."),
    )

    report_schemes = forms.MultipleChoiceField(
        label=gettext_lazy("Voluntary reports that you follow"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Reports shows when each is due; those that a law asks stand there anyway."),
    )

    class Meta:
        model = Organisation
        fields = FIELDS

    field_order = ("name", "country", "currency", "languages", "first_language")

    def __init__(self, data: Any = None, *, instance: Organisation) -> None:
        super().__init__(data, instance=instance, initial={"first_language": next(iter(instance.languages), "")})
        names = sorted({*factor_sets_of(instance), instance.factor_set} - {""})
        followed: Any = self.fields["report_schemes"]
        followed.choices = [(one.code, one.title) for one in schemes().values() if one.due and not one.is_binding]
        factor_set: Any = self.fields["factor_set"]
        factor_set.choices = [("", _("the default of each country")), *((name, name) for name in names)]

    def changes(self) -> dict[str, Any]:
        first, languages = self.cleaned_data["first_language"], self.cleaned_data["languages"]
        in_order = [first, *(code for code in languages if code != first)]
        return {name: self.cleaned_data[name] for name in FIELDS} | {"languages": in_order}
