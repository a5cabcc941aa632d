"""The figures of HQ's morning: three success figures and the masses, each with its inputs by factory.

Turns rows of `compliance` into words. Every figure is in the API too.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance.explain.targets import of_verdict
from compliance.schedule import SCHEDULE_DAYS
from compliance.targets import Verdict
from factories.days import day_label
from factories.models import Factory
from lib.templatetags.figures import figure
from lib.templatetags.units import percent
from portal.morning.inputs import (
    Figure,
    Inputs,
    counter,
    day_count,
    gwp_sets,
    interval_of,
    largest_first,
    lines_of,
    per_tonne,
    scope_notes,
    sites,
    state_of_goal,
    sum_of,
    tonnes,
)
from portal.words import lower_bound_notes

PERIOD_DAYS = 28
OPERATING_GOAL_PCT = 50
ON_TARGET_GOAL_PCT = 20


# --- Success figures --------------------------------------------------------------------------
def operating_time(inputs: Inputs) -> Figure:
    shares = {f.pk: inputs.of(f).operating_pct for f in inputs.factories}
    known = [share for share in shares.values() if share is not None]
    reached = sum(share >= OPERATING_GOAL_PCT for share in known)
    form, verdict = state_of_goal(reached == len(known) if known else None)
    without = len(shares) - len(known)
    of = counter()

    def cells(factory: Factory) -> tuple[str, ...]:
        sums, share = inputs.of(factory), shares[factory.pk]
        return (_("no sensor"), "") if share is None else (_operating(inputs, factory), of(sums.good_h, sums.stack_h))

    def order(factory: Factory) -> tuple[bool, float]:
        share = shares[factory.pk]
        return share is None, share or 0.0

    return Figure(
        key="operating-time",
        label=_("Operating time"),
        value=sites(inputs, reached, len(known)) if known else _("no sensor yet"),
        goal=_("Goal: every site measures at least 50 % of the time."),
        form=form,
        verdict=verdict,
        coverage=_("%(sites)s with a sensor") % {"sites": sites(inputs, len(known), len(shares))},
        period=inputs.period,
        notes=(_without_a_sensor(without),) if without else (),
        definition=_(
            "Operating time is the share of a site's chimney hours that were measured for at least 80 % of the hour, "
            "or proved idle. Hours without readings lower it."
        ),
        heads=(_("operating time"), _("chimney hours")),
        lines=lines_of(inputs, cells, order),
    )


def _operating(inputs: Inputs, factory: Factory) -> str:
    return figure(percent(inputs.of(factory).operating_pct), inputs.identity("operating_share", factory.pk))


def _without_a_sensor(count: int) -> str:
    sentence = ngettext("%d without a sensor is not counted.", "%d without a sensor are not counted.", count)
    return sentence % count


def on_schedule(inputs: Inputs) -> Figure:
    logs = inputs.logs
    reached = sum(logs[f.pk].is_on_schedule for f in inputs.factories)
    total = len(inputs.factories)
    days = [day.day for log in logs.values() for day in log.due]
    form, verdict = state_of_goal(reached == total if total else None)
    of = counter()

    def cells(factory: Factory) -> tuple[str, ...]:
        log = logs[factory.pk]
        late = [day_label(day.day) for day in log.due if not day.is_complete]
        return of(log.days_on_schedule, len(log.due)), ", ".join(late)

    return Figure(
        key="on-schedule",
        label=_("Submitted on schedule"),
        value=sites(inputs, reached, total),
        goal=_("Goal: all sites, every day."),
        form=form,
        verdict=verdict,
        coverage=_("all sites, with or without a sensor"),
        period=_("%(first)s to %(last)s, %(count)d factory days whose deadline has passed")
        % {"first": day_label(min(days)), "last": day_label(max(days)), "count": SCHEDULE_DAYS}
        if days
        else "",
        definition=_(
            "A factory day is on schedule when its energy and production were entered before the end of the next "
            "factory day. A site counts when all seven days were on schedule. A monthly electricity bill may come up "
            "to 35 days after the end of the last bill."
        ),
        heads=(_("days on schedule"), _("late or missing")),
        lines=lines_of(inputs, cells, lambda f: logs[f.pk].days_on_schedule),
    )


def on_target(inputs: Inputs) -> Figure:
    verdicts = [inputs.verdicts[f.pk] for f in inputs.factories if f.pk in inputs.verdicts]
    met = sum(v.met is True for v in verdicts)
    missed = sum(v.met is False for v in verdicts)
    total = len(inputs.factories)
    unknown = total - met - missed
    form, verdict = state_of_goal(met * 100 >= ON_TARGET_GOAL_PCT * total if met + missed else None)

    def cells(factory: Factory) -> tuple[str, ...]:
        site_verdict = inputs.verdicts.get(factory.pk)
        if site_verdict is None:
            return _("no target set"), ""
        words = {True: _("on target"), False: _("above target"), None: _("not enough data")}
        return words[site_verdict.met], figure(site_verdict.sentence, of_verdict(site_verdict))

    def order(factory: Factory) -> int:
        site_verdict = inputs.verdicts.get(factory.pk)
        return 3 if site_verdict is None else {False: 0, True: 1, None: 2}[site_verdict.met]

    return Figure(
        key="on-target",
        label=_("On target"),
        value=sites(inputs, met, total) if verdicts else _("no target set yet"),
        goal=_("Goal: at least 20 % of the sites."),
        form=form,
        verdict=verdict,
        coverage=_("%(met)d on target, %(missed)d above, %(unknown)d not enough data")
        % {"met": met, "missed": missed, "unknown": unknown},
        period=_period_of_targets(verdicts),
        definition=_(
            "A site is on target when its emissions are at or below the line from its base year to its target "
            "year. A site without a target, or with too many missing days, is not counted."
        ),
        heads=(_("target"), _("figure and limit")),
        lines=lines_of(inputs, cells, order),
    )


def _period_of_targets(verdicts: Sequence[Verdict]) -> str:
    periods = sorted({verdict.period for verdict in verdicts})
    return "; ".join(periods) or _("over 12 months, once there are targets")


# --- Masses -------------------------------------------------------------------------------------
Masses = Mapping[int, Decimal | None]


def _mass(
    inputs: Inputs, masses: Masses, column: tuple[str, str], second: Callable[[Factory], str] | None, **words: Any
) -> Figure:
    """The sum of the known masses, and a line for each site: its mass, largest first, and the words of `second`."""
    name, unit = column
    known = {pk: kg for pk, kg in masses.items() if kg is not None}

    def cells(factory: Factory) -> tuple[str, ...]:
        is_known = factory.pk in known
        mass = figure(tonnes(masses[factory.pk], unit), inputs.identity(name, factory.pk) if is_known else "")
        return (mass, second(factory)) if second else (mass,)

    words["coverage"] %= {"sites": sites(inputs, len(known), len(masses))}
    return Figure(
        value=tonnes(sum_of(list(known.values())), unit),
        identity=inputs.identity(name, *known),
        period=inputs.period,
        lines=lines_of(inputs, cells, largest_first(masses)),
        **words,
    )


def scope_1_and_2(inputs: Inputs) -> Figure:
    masses = {f.pk: inputs.of(f).scope_1_2_kg for f in inputs.factories}
    days = sum(inputs.of(f).energy_days for f in inputs.factories)
    possible = sum(kg is not None for kg in masses.values()) * day_count(inputs)
    sentence, logged = _("Energy is logged for %(share)s of their days."), _("days with energy")
    definition = _(
        "Each entry of fuel or electricity is multiplied by its emission factors and spread over the days it covers. "
        "CO2 of wood is biogenic and outside the scopes; its CH4 and N2O are included. Days without entries are "
        "missing here, not zero."
    )
    if not inputs.sector.burns_for_heat:
        sentence, logged = _("Electricity is logged for %(share)s of their days."), _("days with electricity")
        definition = _(
            "Each entry of fuel, explosives or electricity is multiplied by its emission factors and spread over the "
            "days it covers; the methane of the coal is added. Days without entries are missing here, not zero."
        )
    of = counter()
    return _mass(
        inputs,
        masses,
        ("co2e_kg", "t_co2e"),
        lambda f: figure(
            of(inputs.of(f).energy_days, day_count(inputs)),
            inputs.identity("energy_days" if inputs.sector.burns_for_heat else "electricity_days", f.pk)
            if inputs.of(f).energy_days
            else "",
        ),
        interval=interval_of([inputs.of(f).scope_1_2 for f in inputs.factories if masses[f.pk] is not None], "t_co2e"),
        key="scope-1-2",
        label=_("Scope 1 and 2"),
        coverage=_("%(sites)s with energy entries"),
        notes=(*((sentence % {"share": percent(100 * days / possible)},) if possible else ()), *scope_notes(inputs)),
        definition=definition,
        heads=(_("scope 1 and 2"), logged),
    )


def biogenic(inputs: Inputs) -> Figure:
    masses = {f.pk: inputs.of(f).biogenic_kg for f in inputs.factories}
    good = sum(inputs.of(f).good_h for f in inputs.factories)
    hours = sum(inputs.of(f).stack_h for f in inputs.factories)
    notes = (
        [_("%(share)s of the chimney hours are measured.") % {"share": percent(100 * good / hours)}] if hours else []
    )
    if inputs.settling_sentence and any(kg is not None for kg in masses.values()):
        notes.append(inputs.settling_sentence)
    notes += lower_bound_notes(any(inputs.of(f).is_lower_bound for f in inputs.factories))

    def measured(factory: Factory) -> str:
        return _operating(inputs, factory) if inputs.of(factory).stack_h else _("no sensor")

    return _mass(
        inputs,
        masses,
        ("biogenic_co2_kg", "t_co2"),
        measured,
        interval=interval_of([inputs.of(f).biogenic for f in inputs.factories if masses[f.pk] is not None], "t_co2"),
        key="biogenic",
        label=_("Biogenic"),
        coverage=_("%(sites)s with readings or entries"),
        notes=tuple(notes),
        definition=_(
            "On days with 80 % of the hours measured it is the CO2 from the chimneys, times the biogenic share of the "
            "carbon in the logged fuels; on other days it is the CO2 of the logged fuels. It is outside the scopes and "
            "reported beside them."
        ),
        heads=(_("biogenic"), _("measured")),
    )


# --- Mines --------------------------------------------------------------------------------------
def methane(inputs: Inputs) -> Figure:
    return _mass(
        inputs,
        {f.pk: inputs.of(f).methane_kg for f in inputs.factories},
        ("methane_co2e_kg", "t_co2e"),
        None,
        key="methane",
        label=_("Methane, part of scope 1"),
        coverage=_("%(sites)s with coal production and a class"),
        notes=gwp_sets(inputs),
        definition=_(
            "The coal produced is multiplied by the methane factor of the mine's class and shown as CO2e. It is part "
            "of scope 1. A mine whose class is not registered is missing here, not zero."
        ),
        heads=(_("methane"),),
    )


def per_tonne_of_product(inputs: Inputs) -> Figure:
    """Sum divided by sum, never a mean of ratios, over the days with both logged. The API does the same."""
    product = {"product": inputs.sector.product_word}
    ratios = {f.pk: (inputs.of(f).pair_kg, inputs.of(f).pair_made_kg) for f in inputs.factories}
    both = {pk: (kg, made_kg) for pk, (kg, made_kg) in ratios.items() if kg is not None and made_kg}
    sums = (sum(column, Decimal(0)) for column in zip(*both.values(), strict=True))
    emitted, made = sums if both else (Decimal(0), None)

    def cells(factory: Factory) -> tuple[str, ...]:
        kg, made_kg = ratios[factory.pk]
        ratio = kg / made_kg if kg is not None and made_kg else None
        made_kg = inputs.of(factory).made_kg
        return (
            figure(per_tonne(ratio), inputs.identity("co2e_kg_per_t", factory.pk) if ratio is not None else ""),
            figure(tonnes(made_kg, "t"), inputs.identity("made_kg", factory.pk) if made_kg is not None else ""),
        )

    return Figure(
        key="per-tonne",
        label=_("Per tonne of %(product)s") % product,
        value=per_tonne(emitted / made if made else None),
        identity=inputs.identity("co2e_kg_per_t", *both),
        coverage=_("%(sites)s with emissions and %(product)s")
        % (product | {"sites": sites(inputs, len(both), len(ratios))}),
        period=inputs.period,
        notes=scope_notes(inputs),
        definition=_(
            "Emissions of scope 1 and 2 are divided by the %(product)s of the same days. Only days with both logged "
            "count."
        )
        % product,
        heads=(_("scope 1 and 2 per tonne"), str(inputs.sector.product_word)),
        lines=lines_of(inputs, cells, largest_first({f.pk: inputs.of(f).made_kg for f in inputs.factories})),
    )


def success_figures(inputs: Inputs) -> tuple[Figure, ...]:
    return operating_time(inputs), on_schedule(inputs), on_target(inputs)


def mass_figures(inputs: Inputs) -> tuple[Figure, ...]:
    """There is never a single network total: scope 1 and 2 are shown, and beside them what is reported apart."""
    if inputs.sector.has_methane:
        return scope_1_and_2(inputs), methane(inputs), per_tonne_of_product(inputs)
    return scope_1_and_2(inputs), biogenic(inputs)
