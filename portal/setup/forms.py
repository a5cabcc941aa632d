"""Forms of a site's set-up. What they change of the past is asked about by `factories.forms.CorrectionForm`."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.models import EnergyType
from factories.choices import DryerType, SourceKind
from factories.forms import SITE_NUMBERS, ChimneyForm, CorrectionForm, EmissionSourceForm, FactoryForm
from factories.fuels import DRYERS, FUELS, fuel_codes
from factories.models import Chimney, Factory, SiteEvent
from factories.sectors import SECTORS
from factories.services import dimensions_not_of, set_up_factory, store_new_chimney
from lib.forms import ExactNumberField
from lib.numbers import NumberError, parse_number


class PlaceForm(FactoryForm):
    """Where a site is and when its day begins. Of a new mine also its class."""

    class Meta(FactoryForm.Meta):
        fields = (
            "name location county country altitude_m altitude_is_estimated latitude longitude time_zone day_starts_at"
        ).split()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not (self.instance._state.adding and SECTORS[self.instance.sector].has_methane):
            del self.fields["mine_class"]

    def save(self, commit: bool = True) -> Factory:
        if self.instance._state.adding:
            return set_up_factory(self.instance, mine_class=self.cleaned_data.get("mine_class", ""))
        saved: Factory = super().save()
        return saved


class LimitsForm(CorrectionForm):
    """What the site makes and uses at most: the log refuses more."""

    wood_moisture_fraction = ExactNumberField(
        label=gettext_lazy("Moisture of the firewood (kg of water per kg of wet wood)"),
        decimals=3,
        low=0,
        high=0.65,
        required=False,
        help_text=gettext_lazy("0.3 is 30 %. Empty: 0.3 with each entry."),
    )

    class Meta:
        model = Factory
        fields = ("product_capacity_kg_per_day", "electricity_capacity_kw", "wood_moisture_fraction")
        field_classes = SITE_NUMBERS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        sector = SECTORS[self.instance.sector]
        large = {
            "product_capacity_kg_per_day": sector.large_site.product_kg_per_day,
            "electricity_capacity_kw": sector.large_site.electricity_kw,
        }
        for name, most in large.items():
            words = _("More than this is refused in the log. Empty: that of a large site (%(most)s).")
            self.fields[name].help_text = words % {"most": f"{most:,.0f}"}
        if not any("firewood" in fuel_codes(s.fuels) for s in self.instance.emission_sources.all()):
            del self.fields["wood_moisture_fraction"]


def _fuel_choices(codes: Sequence[str]) -> list[tuple[str, str]]:
    names = dict(EnergyType.objects.filter(code__in=codes).values_list("code", "name"))
    return [(code, _(names.get(code, code))) for code in codes if code in names]


# --- Sources ---------------------------------------------------------------------------------------
_ASKED: dict[str, tuple[str, ...]] = {
    "fuels": tuple(kind for kind, codes in FUELS.items() if codes),
    "capacity_kw": (SourceKind.BOILER, SourceKind.DIRECT_FIRED_DRYER, SourceKind.GENSET, SourceKind.OTHER),
    "chimney": (SourceKind.BOILER, *sorted(DRYERS), SourceKind.GENSET, SourceKind.OTHER),
    "dryer_type": tuple(sorted(DRYERS)),
    **dict.fromkeys(("mine_class", "methane_per_t", "methane_unit", "methane_reference"), (SourceKind.MINE_METHANE,)),
}


class SourceForm(EmissionSourceForm):
    """A source of one kind: it asks only what such a source has."""

    fuels = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)
    methane_per_t = ExactNumberField(
        label=gettext_lazy("Its own methane per t of coal"),
        decimals=4,
        required=False,
        help_text=gettext_lazy("Mining and post-mining together, if it was measured. Empty: that of the class."),
    )

    class Meta(EmissionSourceForm.Meta):
        fields = (
            "name fuels dryer_type capacity_kw chimney mine_class methane_per_t methane_unit methane_reference "
            "first_day last_day"
        ).split()
        widgets = {
            name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d") for name in ("first_day", "last_day")
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kind, factory = self.instance.kind, self.instance.factory
        if self.instance._state.adding:
            self.fields["first_day"].help_text = _("empty: today")
        for name, kinds in _ASKED.items():
            if kind not in kinds:
                del self.fields[name]
        if "chimney" in self.fields:
            own = factory.chimneys.in_use() | factory.chimneys.filter(pk=self.instance.chimney_id)
            chimney: Any = self.fields["chimney"]
            chimney.queryset, chimney.label_from_instance = own, lambda row: row.name
        if "fuels" in self.fields:
            words = _("Kinds of explosives") if kind == SourceKind.EXPLOSIVES else _("Fuels")
            self.fields["fuels"].label = words
            self.fields["fuels"].choices = _fuel_choices(FUELS[kind])  # type: ignore[attr-defined]
            self.initial["fuels"] = fuel_codes(self.instance.fuels)
        if "dryer_type" in self.fields:
            self.fields["dryer_type"].choices = [("", "---------"), *DryerType.choices]  # type: ignore[attr-defined]

    def clean_fuels(self) -> str:
        return ", ".join(self.cleaned_data["fuels"])


# --- Chimneys --------------------------------------------------------------------------------------
class ShownChimneyForm(ChimneyForm):
    """Inner dimensions, probe and moisture. Dimensions of another shape than the chosen one are emptied."""

    traverse_ms = forms.CharField(
        label=gettext_lazy("Velocities of the traverse (m/s)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "inputmode": "decimal"}),
        help_text=gettext_lazy(
            "At the centres of parts of equal area, one on a line or with spaces between. Empty: not measured."
        ),
    )

    class Meta(ChimneyForm.Meta):
        fields = (
            "name shape diameter_m width_m height_m probe_height_m probe_position traverse_ms traverse_probe_ms "
            "velocity_profile_factor profile_factor_reason moisture_method moisture_fraction"
        ).split()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        points = self.instance.traverse_ms or []
        self.initial["traverse_ms"] = " ".join(f"{value:g}" for value in points)
        if points:
            self.initial["velocity_profile_factor"] = None  # it follows from the traverse

    def clean_traverse_ms(self) -> list[float] | None:
        found = []
        for text in re.split(r"[\s;]+", self.cleaned_data["traverse_ms"].strip()):
            try:
                found += [float(parse_number(text, decimals=2))] if text else []
            except NumberError as error:
                raise ValidationError(str(error), code=error.code) from None
        return found or None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "shape" in data:
            data |= dict.fromkeys(dimensions_not_of(data["shape"]))
        if not data.get("traverse_ms"):
            data["traverse_probe_ms"] = None
        return data

    def save(self, commit: bool = True) -> Chimney:
        if self.instance._state.adding:
            return store_new_chimney(self.instance)
        saved: Chimney = super().save()
        return saved


# --- Units and events ------------------------------------------------------------------------------
class UnitForm(forms.Form):
    """1 lorry of firewood is 12 m3 stacked."""

    energy_type = forms.ChoiceField(label=gettext_lazy("Of what"))
    name = forms.CharField(
        label=gettext_lazy("Name of the unit"), max_length=40, help_text=gettext_lazy("such as lorry")
    )
    amount = ExactNumberField(label=gettext_lazy("One of it is"), decimals=6, low=0.000001, high=1e9)
    unit = forms.CharField(
        label=gettext_lazy("In the unit"), max_length=40, help_text=gettext_lazy("stere (1 m3 stacked), kg, t, L, kWh")
    )

    def __init__(self, data: Any = None, *, factory: Factory) -> None:
        super().__init__(data)
        codes = dict.fromkeys(code for s in factory.emission_sources.all() for code in fuel_codes(s.fuels))
        self.fields["energy_type"].choices = _fuel_choices(list(codes))  # type: ignore[attr-defined]


class EventForm(forms.ModelForm):
    happened_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    class Meta:
        model = SiteEvent
        fields = ("happened_at", "text")
