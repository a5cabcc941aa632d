"""Peer groups of the rank: region, fuel, size. Which sites stand beside each other; no figures here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from factories.choices import SourceKind
from factories.models import EmissionSource, Factory
from lib.errors import invalid

# KTDA's regions by county (`docs/sources.md`) [K]. Murang'a lies in two of them and is kept with Nyeri. A county that
# is not here is a region of its own.
_REGIONS = {
    "Kiambu": "Kiambu",
    "Murang'a": "Murang'a-Nyeri",
    "Nyeri": "Murang'a-Nyeri",
    "Kirinyaga": "Kirinyaga-Embu",
    "Embu": "Kirinyaga-Embu",
    "Meru": "Meru",
    "Tharaka-Nithi": "Meru",
    "Kericho": "Kericho-Bomet",
    "Bomet": "Kericho-Bomet",
    "Kisii": "Kisii-Nyamira",
    "Nyamira": "Kisii-Nyamira",
    "Nandi": "Nandi-Western",
    "Vihiga": "Nandi-Western",
    "Kakamega": "Nandi-Western",
    "Trans Nzoia": "Nandi-Western",
}
# Made tea a year [kg]; KTDA's mean is about 4.2 million (`docs/sources.md`). The bounds are ours [A].
_SIZES = (
    ("small", 3_000_000, gettext_lazy("below 3 million kg a year")),
    ("medium", 5_000_000, gettext_lazy("3 to 5 million kg a year")),
    ("large", float("inf"), gettext_lazy("5 million kg a year and more")),
)
_HEAT_SOURCES = (SourceKind.BOILER, SourceKind.DIRECT_FIRED_DRYER)


class GroupKind(StrEnum):
    ALL = "all"
    REGION = "region"
    FUEL = "fuel"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class Group:
    """A peer group: of all, or of those with one region, fuel or size."""

    kind: GroupKind
    value: str = ""

    @property
    def code(self) -> str:
        return f"{self.kind.value}:{self.value}" if self.value else self.kind.value

    @property
    def label(self) -> str:
        if self.kind == GroupKind.ALL:
            return _("all factories")
        if self.kind == GroupKind.SIZE:
            return next((str(words) for code, _limit, words in _SIZES if code == self.value), self.value)
        return self.value


ALL = Group(GroupKind.ALL)


def region_of(factory: Factory) -> str:
    return _REGIONS.get(factory.county, factory.county)


def size_of(made_kg_per_year: float) -> str:
    return next(code for code, limit, _words in _SIZES if made_kg_per_year < limit)


def fuels_of(factories: Sequence[Factory]) -> dict[int, str]:
    """What the boiler of each site is registered to burn."""
    rows = EmissionSource.objects.filter(factory__in=factories, kind__in=_HEAT_SOURCES).order_by("pk")
    found: dict[int, str] = {}
    for factory_id, fuels in rows.values_list("factory_id", "fuels"):
        if fuels:
            found.setdefault(factory_id, fuels.split(",")[0].strip().lower())
    return found


@dataclass(frozen=True, slots=True)
class PeerBook:
    """Which groups each site belongs to."""

    values: Mapping[int, Mapping[GroupKind, str]]

    def members(self, group: Group) -> set[int]:
        return {
            pk for pk, own in self.values.items() if group.kind == GroupKind.ALL or own.get(group.kind) == group.value
        }

    def options(self, of_sites: Collection[int] | None) -> list[Group]:
        """The groups that these sites are in, or all there are."""
        found = {
            Group(kind, value)
            for pk, own in self.values.items()
            for kind, value in own.items()
            if value and (of_sites is None or pk in of_sites)
        }
        return [ALL, *sorted(found, key=_order)]

    def wanted(self, text: str, options: Sequence[Group], own_id: int | None) -> Group:
        """`all`, `region:Meru`, or of an own site just `region`. Raises ApiError 400 that lists what there is."""
        by_code = {option.code: option for option in options}
        code = text or ALL.code
        if own_id is not None and code in list(GroupKind) and code != ALL.code:
            code = Group(GroupKind(code), self.values.get(own_id, {}).get(GroupKind(code), "")).code
        if code not in by_code:
            raise invalid(
                "group",
                "invalid_choice",
                _("group=%(value)r is unknown; use one of %(choices)s.")
                % {"value": text[:60], "choices": ", ".join(by_code)},
                value=text[:60],
            )
        return by_code[code]


def _order(group: Group) -> tuple[int, int, str]:
    sizes = [code for code, _limit, _words in _SIZES]
    return (
        list(GroupKind).index(group.kind),
        sizes.index(group.value) if group.kind == GroupKind.SIZE else 0,
        group.value,
    )


def peers(factories: Sequence[Factory], fuels: Mapping[int, str], made_kg_per_year: Mapping[int, float]) -> PeerBook:
    return PeerBook(
        {
            factory.pk: {
                GroupKind.REGION: region_of(factory),
                GroupKind.FUEL: fuels.get(factory.pk, ""),
                GroupKind.SIZE: size_of(made_kg_per_year[factory.pk]) if factory.pk in made_kg_per_year else "",
            }
            for factory in factories
        }
    )
