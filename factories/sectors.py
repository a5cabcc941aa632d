"""The differences between sectors, one row each: products, log, words, and inputs of their figures. Code reads the row.

How a figure is computed is in `science/` and `compliance/`; a row only lists what a site of the sector needs.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from factories.choices import Item, Product, SourceKind
from science.intensity import ELECTRICITY_CEILING_KWH_PER_KG, WOOD_CEILING_KG_PER_KG


@dataclass(frozen=True, slots=True)
class Required:
    """A required item of a day's log, and its row in the log form."""

    item: Item
    log_row: str
    word: Promise

    @property
    def label(self) -> str:
        return capfirst(str(self.word))


@dataclass(frozen=True, slots=True)
class UsualSource:
    """An emission source that a new site of the sector gets. A site's manager may rename it."""

    kind: SourceKind
    name: Promise
    fuels: str = ""


@dataclass(frozen=True, slots=True)
class UseCeilings:
    """The most that a kg made can take: what a missing day counts as on the leaderboard, and what a day is held at."""

    fuel: str  # energy type whose default factor values the heat
    fuel_kg_per_kg: float
    electricity_kwh_per_kg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeSite:
    """What a large site of the sector can use and make: the limits of a site that has not stated its own.

    Our choice; `docs/energy.md` says how it was made.
    """

    fuel_kw: float  # fuel input of all boilers and engines
    electricity_kw: float
    product_kg_per_day: float  # of the first product
    material_kg_per_day: float  # explosives, refrigerants


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    code: str
    label: Promise
    name_suffix: str = ""  # lower case; people may leave it out of a site's name
    # --- What it makes.
    products: tuple[Product, ...]  # intensities divide by the first
    product_word: Promise
    product_name: Promise  # the same in a sentence: "tea was made"
    product_unit: str  # intensities are shown a kg or a t of product
    # --- What it logs. Rows of the log form are defined in `portal/log_form/rows.py`.
    required: tuple[Required, ...]
    log_rows: tuple[str, ...]
    month_rows: tuple[str, ...]  # energy that Month shows before anything of it was logged
    first_log: Promise  # what an empty Today asks for
    # --- What its figures take in.
    burns_for_heat: bool  # has chimneys, and a day without heat fuel is not complete
    large_site: LargeSite
    drives_off_road: bool = False  # its vehicles are machines: haul trucks, loaders, drills
    sources: tuple[UsualSource, ...] = ()
    has_methane: bool = False  # scope 1 is unknown until the methane of its product is
    leads_with_co2e: bool = False  # Today's first figure is CO2e per unit of product; else what is burned per unit
    # --- How it is spoken of among others.
    sites_of: Promise  # with `count` and `total`
    emitted_title: Promise
    is_on_leaderboard: bool = True
    ceilings: UseCeilings | None = None  # without them a gap cannot be filled, so its sites get figures and no places
    why_no_places: Promise | None = None

    def word_of(self, item: Item) -> str:
        """What the sector calls the thing that its log must hold."""
        return next(str(required.word) for required in self.required if required.item is item)

    @property
    def required_words(self) -> str:
        return ", ".join(str(required.word) for required in self.required)

    @property
    def kg_per_unit(self) -> int:
        return KG_PER_UNIT[self.product_unit]

    @property
    def has_places(self) -> bool:
        return self.ceilings is not None


#: Of the units of product in which intensities are shown.
KG_PER_UNIT = {"kg": 1, "t": 1000}

_GRID = UsualSource(SourceKind.GRID, _("Grid"), "electricity")
_TEA_SOURCES = (
    UsualSource(SourceKind.BOILER, _("Boiler"), "firewood"),
    UsualSource(SourceKind.GENSET, _("Generator"), "diesel"),
    _GRID,
)
_ELECTRICITY = Required(Item.ELECTRICITY, "electricity", _("electricity"))

SECTORS: dict[str, Sector] = {
    sector.code: sector
    for sector in (
        Sector(
            code="tea",
            label=_("Tea factory"),
            name_suffix=" tea factory",
            products=(Product.MADE_TEA, Product.GREEN_LEAF),
            product_word=_("made tea"),
            product_name=_("tea"),
            product_unit="kg",
            required=(
                Required(Item.HEAT, "firewood", _("firewood")),
                _ELECTRICITY,
                Required(Item.PRODUCTION, "made_tea", _("made tea")),
            ),
            log_rows=("firewood", "electricity", "diesel", "made_tea", "green_leaf"),
            month_rows=("firewood", "electricity", "diesel"),
            first_log=_("Log last night's firewood. It takes 20 seconds."),
            burns_for_heat=True,
            sources=_TEA_SOURCES,
            large_site=LargeSite(
                fuel_kw=8_000, electricity_kw=1_000, product_kg_per_day=60_000, material_kg_per_day=500
            ),
            sites_of=_("%(count)d of %(total)d factories"),
            emitted_title=_("What the factories emitted"),
            ceilings=UseCeilings("firewood", WOOD_CEILING_KG_PER_KG, ELECTRICITY_CEILING_KWH_PER_KG),
        ),
        Sector(
            code="coal_mine",
            label=_("Coal mine"),
            products=(Product.COAL,),
            product_word=_("coal"),
            product_name=_("coal"),
            product_unit="t",
            required=(
                Required(Item.OTHER, "diesel", _("diesel")),
                _ELECTRICITY,
                Required(Item.PRODUCTION, "coal", _("coal")),
            ),
            log_rows=("coal", "diesel", "electricity", "explosives"),
            month_rows=("diesel", "electricity"),
            first_log=_("Log yesterday's coal, diesel and electricity. It takes 20 seconds."),
            burns_for_heat=False,
            has_methane=True,
            drives_off_road=True,
            sources=(
                UsualSource(SourceKind.HAUL_TRUCK, _("Trucks and loaders"), "diesel"),
                _GRID,
                UsualSource(SourceKind.EXPLOSIVES, _("Explosives"), "explosive_emulsion"),
                UsualSource(SourceKind.MINE_METHANE, _("Methane of the seams")),
            ),
            leads_with_co2e=True,
            large_site=LargeSite(
                fuel_kw=50_000, electricity_kw=10_000, product_kg_per_day=50_000_000, material_kg_per_day=50_000
            ),
            sites_of=_("%(count)d of %(total)d mines"),
            emitted_title=_("What the mines emitted"),
            why_no_places=_(
                "Mines have figures but no places, because the use of a mine on a missing day cannot be estimated."
            ),
        ),
        Sector(
            code="other",
            label=_("Other"),
            products=tuple(Product),
            product_word=_("product"),
            product_name=_("product"),
            product_unit="kg",
            required=(_ELECTRICITY,),
            log_rows=("electricity", "diesel", "firewood"),
            month_rows=("electricity", "diesel"),
            first_log=_("Log last night's firewood. It takes 20 seconds."),
            burns_for_heat=True,
            sources=(UsualSource(SourceKind.BOILER, _("Boiler")), _GRID),
            large_site=LargeSite(
                fuel_kw=50_000, electricity_kw=10_000, product_kg_per_day=1_000_000, material_kg_per_day=1_000
            ),
            sites_of=_("%(count)d of %(total)d factories"),
            emitted_title=_("What the factories emitted"),
            is_on_leaderboard=False,
        ),
    )
}


def sector_choices() -> list[tuple[str, Promise]]:
    """For the model's field: a new row needs no migration."""
    return [(sector.code, sector.label) for sector in SECTORS.values()]


def shared_sector(codes: Iterable[str]) -> Sector:
    """The common sector of all sites; the general sector for a mixture or no sites."""
    distinct = set(codes)
    return SECTORS[distinct.pop() if len(distinct) == 1 else "other"]


def codes_where(attribute: str) -> list[str]:
    """The codes of the sectors for which a boolean attribute is true, as a parameter of SQL."""
    return [sector.code for sector in SECTORS.values() if getattr(sector, attribute)]
