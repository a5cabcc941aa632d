"""The choices of a request besides the metric: the period, the comparison and the peer group. No figures."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from factories.choices import DryerType, SourceKind
from factories.fuels import DRYERS, fuel_codes
from factories.models import EmissionSource, Factory
from lib.errors import invalid

ROLLING = "12m"
_SHORT_DAYS = 30
_MIN_SHORT_DAYS = 20  # enough days for a comparison if there are fewer than thirty
_FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Window:
    """Days from the first to the last, both included; for each site only days that are over."""

    first_day: date
    last_day: date

    @property
    def day_count(self) -> int:
        return (self.last_day - self.first_day).days + 1

    def year_before(self) -> Window:
        return Window(_year_before(self.first_day), _year_before(self.last_day))


@dataclass(frozen=True, slots=True)
class RankedPeriod:
    """Twelve months to the last complete day, a calendar year or a month."""

    code: str
    window: Window

    @property
    def label(self) -> str:
        if self.code == ROLLING:
            return _("12 months to %(day)s") % {"day": dateformat.format(self.window.last_day, "j M Y")}
        return dateformat.format(self.window.first_day, "F Y" if "-" in self.code else "Y")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two windows of equal length, a year apart."""

    now: Window
    before: Window

    @property
    def days(self) -> int:
        return self.now.day_count


def parse_period(text: str, last_day: date) -> RankedPeriod:
    """`12m`, `2026` or `2026-10`; `last_day` is the last complete one. Raises ApiError 400."""
    if not text or text == ROLLING:
        return RankedPeriod(ROLLING, Window(_year_before(last_day) + timedelta(days=1), last_day))
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?", text, re.ASCII)
    year, month = (int(match[1]), int(match[2] or 1)) if match else (0, 0)
    if match is None or not (_FIRST_YEAR <= year <= last_day.year and 1 <= month <= 12):
        raise invalid(
            "period",
            "invalid_period",
            _("period=%(value)r is not a period that has begun; write 12m, a year like 2026 or a month like 2026-10.")
            % {"value": text[:20]},
            value=text[:20],
        )
    first = date(year, month, 1)
    if first > last_day:
        raise invalid(
            "period",
            "not_begun",
            _("period=%(value)r has no complete day yet; the last one is %(day)s.")
            % {"value": text, "day": last_day.isoformat()},
            value=text,
        )
    end = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1) if match[2] else date(year, 12, 31)
    return RankedPeriod(text, Window(first, min(end, last_day)))


def comparison(now: Window, first_known: date) -> Comparison | None:
    """The window and the same window a year before; its last 30 days if that reaches back too far."""
    before = now.year_before()
    if before.first_day >= first_known:
        return Comparison(now, before)
    days = min(_SHORT_DAYS, (before.last_day - first_known).days + 1, now.day_count)
    if days < _MIN_SHORT_DAYS:
        return None
    back = timedelta(days=days - 1)
    return Comparison(Window(now.last_day - back, now.last_day), Window(before.last_day - back, before.last_day))


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


# --- Peer groups ---------------------------------------------------------------------------------
# KTDA's regions by county (`docs/sources.md`) [K]. Murang'a is in two of them and is kept with Nyeri. A county that
# is not listed is a region of its own.
_COUNTIES = {
    "Kiambu": ("Kiambu",),
    "Murang'a-Nyeri": ("Murang'a", "Nyeri"),
    "Kirinyaga-Embu": ("Kirinyaga", "Embu"),
    "Meru": ("Meru", "Tharaka-Nithi"),
    "Kericho-Bomet": ("Kericho", "Bomet"),
    "Kisii-Nyamira": ("Kisii", "Nyamira"),
    "Nandi-Western": ("Nandi", "Vihiga", "Kakamega", "Trans Nzoia"),
}
_REGIONS = {county: region for region, counties in _COUNTIES.items() for county in counties}
# Made tea a year [kg]; KTDA's mean is about 4.2 million (`docs/sources.md`). The bounds are ours [A].
_SIZES = (
    ("small", 3_000_000, gettext_lazy("below 3 million kg a year")),
    ("medium", 5_000_000, gettext_lazy("3 to 5 million kg a year")),
    ("large", float("inf"), gettext_lazy("5 million kg a year and more")),
)
_SIZE_CODES = [code for code, _limit, _words in _SIZES]
_HEAT_SOURCES = (SourceKind.BOILER, SourceKind.DIRECT_FIRED_DRYER)


class GroupKind(StrEnum):
    ALL = "all"
    REGION = "region"
    FUEL = "fuel"
    DRYER = "dryer"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class Group:
    """A peer group: all sites, or those with the same region, fuel, dryer (its type and fuel) or size."""

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
        if self.kind == GroupKind.DRYER and "/" in self.value:
            dryer_type, fuel = self.value.split("/")
            return ", ".join(filter(None, (str(DryerType(dryer_type).label), fuel)))
        return self.value

    @property
    def order(self) -> tuple[int, int, str]:
        size = _SIZE_CODES.index(self.value) if self.kind == GroupKind.SIZE else 0
        return list(GroupKind).index(self.kind), size, self.value


ALL = Group(GroupKind.ALL)


class PeerBook:
    """The groups of each site, if the kg it makes in a year are known."""

    def __init__(self, factories: Sequence[Factory], made_kg_per_year: Mapping[int, float]) -> None:
        fuels = _fuels_of(factories)
        dryers = _dryers_of(factories, fuels)
        self._groups = {
            factory.pk: {
                ALL,
                Group(GroupKind.REGION, _REGIONS.get(factory.county, factory.county)),
                Group(GroupKind.FUEL, fuels.get(factory.pk, "")),
                *(Group(GroupKind.DRYER, value) for value in dryers.get(factory.pk, {""})),
                Group(GroupKind.SIZE, _size_of(made_kg_per_year.get(factory.pk))),
            }
            for factory in factories
        }

    def members(self, group: Group) -> set[int]:
        return {pk for pk, groups in self._groups.items() if group in groups}

    def options(self, of_sites: Collection[int] | None) -> list[Group]:
        """The groups of these sites, or all groups."""
        options = {
            group for pk, groups in self._groups.items() if of_sites is None or pk in of_sites for group in groups
        }
        return [ALL, *sorted((group for group in options if group.value), key=lambda group: group.order)]

    def parse_group(self, text: str, options: Sequence[Group], own_id: int | None) -> Group:
        """`all`, `region:Meru`, or just `region` for the region of the user's own site. Raises ApiError 400 that
        lists the choices."""
        by_code = {option.code: option for option in options}
        if text in list(GroupKind) and own_id is not None:
            # A site with two kinds of dryers is in two groups: always the same one.
            own = [group for group in self._groups[own_id] if group.kind == text]
            text = min(own, key=lambda group: group.order).code
        if (text or ALL.code) not in by_code:
            raise invalid(
                "group",
                "invalid_choice",
                _("group=%(value)r is unknown; use one of %(choices)s.")
                % {"value": text[:60], "choices": ", ".join(by_code)},
                value=text[:60],
            )
        return by_code[text or ALL.code]


def _size_of(made_kg_per_year: float | None) -> str:
    if made_kg_per_year is None:
        return ""
    return next(code for code, limit, _words in _SIZES if made_kg_per_year < limit)


def _fuels_of(factories: Sequence[Factory]) -> dict[int, str]:
    """The registered fuel of each site's boiler in use, else of its direct-fired dryer."""
    in_use = EmissionSource.objects.filter(factory__in=factories, kind__in=_HEAT_SOURCES, last_day=None)
    rows = in_use.exclude(fuels="").order_by("kind", "pk")  # boilers before dryers
    fuels: dict[int, str] = {}
    for factory_id, names in rows.values_list("factory_id", "fuels"):
        fuels.setdefault(factory_id, names.split(",")[0].strip().lower())
    return fuels


def _dryers_of(factories: Sequence[Factory], fuels: Mapping[int, str]) -> dict[int, set[str]]:
    """Type and fuel of the dryers in use, such as `fluid_bed/firewood`; a steam dryer's fuel is the boiler's."""
    rows = EmissionSource.objects.filter(factory__in=factories, kind__in=DRYERS, last_day=None).exclude(dryer_type="")
    dryers: dict[int, set[str]] = {}
    for factory_id, dryer_type, names in rows.values_list("factory_id", "dryer_type", "fuels"):
        fuel = next(iter(fuel_codes(names)), fuels.get(factory_id, ""))
        dryers.setdefault(factory_id, set()).add(f"{dryer_type}/{fuel}")
    return dryers
