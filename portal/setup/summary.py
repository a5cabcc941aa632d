"""The last page of a set-up: what is stated, what waits, and what to do next. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership
from accounts.roles import Role
from devices.models import Assignment
from energy.models import LocalUnit
from factories.choices import SourceKind
from factories.fuels import DRYERS, FUELS
from factories.models import Chimney, EmissionSource, Factory
from factories.sectors import SECTORS
from lib.decimals import plain

_OF_CHIMNEYS = {SourceKind.BOILER.value, *DRYERS}


@dataclass(frozen=True, slots=True)
class SetupLine:
    """One fact: `form` is fine (stated) or look (it waits)."""

    form: str
    label: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class SetupStep:
    name: str
    label: str
    url: str
    is_current: bool


def setup_steps(factory: Factory, current: str) -> list[SetupStep]:
    """The steps of a set-up in their order; each can be opened at any time."""
    labels = {
        "setup-place": _("Place"),
        "setup-sources": _("Sources"),
        "setup-chimneys": _("Chimneys"),
        "setup-units": _("Own units"),
        "setup-limits": _("Products and limits"),
        "setup": _("Summary"),
    }
    return [SetupStep(name, label, reverse(name, args=[factory.pk]), name == current) for name, label in labels.items()]


def setup_lines(factory: Factory) -> list[SetupLine]:
    """In a number of queries that does not grow with the site."""
    chimneys = list(factory.chimneys.in_use())
    sources = list(factory.emission_sources.filter(last_day=None).select_related("chimney"))
    lines = [*_place(factory), *_sources(factory, sources), *_chimneys(factory, chimneys, sources)]
    return [*lines, *_limits(factory), *_next(factory, chimneys)]


def waiting_count(lines: list[SetupLine]) -> int:
    return sum(line.form == "look" for line in lines)


def _line(waits: bool, label: str, text: str, url: str = "") -> SetupLine:
    return SetupLine("look" if waits else "fine", label, text, url)


def _place(factory: Factory) -> Iterator[SetupLine]:
    url = reverse("setup-place", args=[factory.pk])
    altitude = _("%(m)s m, estimated. 100 m too low or high are 1.2 %% of each mass without a barometer: measure it.")
    entered = _("%(m)s m")
    is_estimated = factory.altitude_is_estimated
    text = (altitude if is_estimated else entered) % {"m": f"{factory.altitude_m:,.0f}"}
    yield _line(is_estimated, _("Altitude"), text, url)
    has_place = factory.latitude is not None and factory.longitude is not None
    where = f"{factory.latitude:.5f}, {factory.longitude:.5f}" if has_place else _("Not stated. No figure needs them.")
    yield _line(False, _("Coordinates"), where, url)
    text = _("%(zone)s, the day begins at %(hour)02d:00") % {"zone": factory.time_zone, "hour": factory.day_starts_at}
    yield _line(False, _("Factory day"), text, url)


def _sources(factory: Factory, sources: list[EmissionSource]) -> Iterator[SetupLine]:
    url = reverse("setup-sources", args=[factory.pk])
    if not sources:
        yield _line(True, _("Sources"), _("None. State what burns, runs or is blasted here."), url)
    for source in sources:
        waits = []
        if FUELS.get(source.kind) and not source.listed_fuels:
            waits.append(_("State its fuels: the log then knows what belongs to it."))
        if source.kind == SourceKind.MINE_METHANE and not source.mine_class and source.methane_per_t is None:
            waits.append(_("State the class of the mine or its own factor: without one its methane is not known."))
        if source.kind in _OF_CHIMNEYS and source.chimney is None:
            waits.append(_("It has no chimney: its CO2 is computed from the fuel."))
        yield _line(bool(waits), source.name, " ".join(waits) or source_facts(source), url)


def source_facts(source: EmissionSource) -> str:
    """What is stated of a source, in one line."""
    facts = [source.get_kind_display(), source.fuels, source.get_dryer_type_display()]
    facts += [f"{source.capacity_kw:,g} kW"] if source.capacity_kw is not None else []
    facts += [source.chimney.name] if source.chimney is not None else []
    if source.methane_per_t is not None:
        facts.append(f"{plain(source.methane_per_t)} {source.get_methane_unit_display()}")
    elif source.mine_class:
        facts.append(source.get_mine_class_display())
    return " · ".join(filter(None, facts))


def _chimneys(factory: Factory, chimneys: list[Chimney], sources: list[EmissionSource]) -> Iterator[SetupLine]:
    url = reverse("setup-chimneys", args=[factory.pk])
    if not chimneys and any(source.kind in _OF_CHIMNEYS for source in sources):
        words = _("None. Sensors need one; energy and production count fully without.")
        yield _line(True, _("Chimneys"), words, url)
    for chimney in chimneys:
        text = _("Inner dimensions are not stated: readings are stored and have no mass until they are.")
        if chimney.shape:
            text = factor_sentence(chimney)
        yield _line(not chimney.shape, chimney.name, text, reverse("setup-chimney", args=[factory.pk, chimney.pk]))


def factor_sentence(chimney: Chimney) -> str:
    """The profile factor and where it comes from."""
    shown = {"k": f"{chimney.velocity_profile_factor:.3f}", "reason": chimney.profile_factor_reason}
    if chimney.traverse_ms:
        words = ngettext(
            "Profile factor %(k)s, measured by a traverse of %(n)d point.",
            "Profile factor %(k)s, measured by a traverse of %(n)d points.",
            len(chimney.traverse_ms),
        )
        return words % (shown | {"n": len(chimney.traverse_ms)})
    if chimney.profile_factor_reason:
        return _("Profile factor %(k)s, stated: %(reason)s") % shown
    if chimney.has_usual_factor:
        return _("Profile factor %(k)s: the usual one of a point on the axis, not measured here.") % shown
    return _("Profile factor %(k)s, stated without a reason.") % shown


def _limits(factory: Factory) -> Iterator[SetupLine]:
    units = [str(unit) for unit in LocalUnit.objects.filter(factory=factory).select_related("energy_type")]
    url = reverse("setup-units", args=[factory.pk])
    yield _line(False, _("Own units"), "; ".join(units) or _("None: the log is kept in m3, kg, L and kWh."), url)
    products = ", ".join(str(product.label) for product in SECTORS[factory.sector].products)
    yield _line(False, _("Products"), products, reverse("setup-limits", args=[factory.pk]))


def _next(factory: Factory, chimneys: list[Chimney]) -> Iterator[SetupLine]:
    if chimneys:
        served = Assignment.objects.filter(chimney__in=chimneys, valid_to=None).values("chimney").distinct().count()
        words = _("%(served)d of %(total)d chimneys have a sensor.")
        text = words % {"served": served, "total": len(chimneys)}
        yield _line(served < len(chimneys), _("Next: sensors"), text, reverse("devices"))
    managers = Membership.objects.filter(role=Role.FACTORY_MANAGER, organisation=factory.organisation_id)
    of_site = managers.filter(Q(factory=factory) | Q(factory=None, county__in=["", factory.county])).count()
    words = ngettext("%(n)d manager keeps its log.", "%(n)d managers keep its log.", of_site) % {"n": of_site}
    text = words if of_site else _("Nobody keeps its log yet: invite its manager.")
    yield _line(not of_site, _("Next: people"), text, reverse("members"))
