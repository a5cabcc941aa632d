"""The form that locks the basis of a source. The rules are in `compliance/inventory/locks.py`."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compliance.choices import InventoryBasis
from factories.models import EmissionSource


class BasisLockForm(forms.Form):
    source = forms.ModelChoiceField(label=_("Source"), queryset=EmissionSource.objects.none())
    basis = forms.ChoiceField(label=_("Its CO2 is"), choices=InventoryBasis.choices)
    from_month = forms.CharField(
        label=_("From the month"),
        max_length=7,
        widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-11"}),
        help_text=_("until the next change of the same source"),
    )
    reason = forms.CharField(label=_("Why"), max_length=300, help_text=_("It is kept in the history."))

    def __init__(self, *args: Any, sources: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["source"]
        field.queryset = sources

    def clean_from_month(self) -> date:
        try:
            return date.fromisoformat(f"{self.cleaned_data['from_month']}-01")
        except ValueError:
            raise forms.ValidationError(_("Give a month like 2026-11."), code="invalid") from None
