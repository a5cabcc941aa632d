"""The figures of HQ's morning: the owner's three success figures and the masses, each with its inputs by factory.

Reads rows of `compliance` and words them; it computes nothing that the API does not say too.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compliance.schedule import SCHEDULE_DAYS
from compliance.targets import Verdict
from factories.days import day_label
from factories.models import Factory
from lib.templatetags.units import percent
from portal.morning.inputs import (
    Figure,
    Inputs,
    counter,
    day_count,
    gwp_sets,
    largest_first,
    lines_of,
    per_tonne,
    sites,
    state_of_goal,
    sum_of,
    tonnes,
)

PERIOD_DAYS = 28
OPERATING_GOAL_PCT = 50
ON_TARGET_GOAL_PCT = 20


# --- The owner's three --------------------------------------------------------------------------
def operating_time(inputs: Inputs) -> Figure:
    shares = {f.pk: inputs.of(f).operating_pct for f in inputs.factories}
    known = [share for share in shares.values() if share is not None]
    reached = sum(share >= OPERATING_GOAL_PCT for share in known)
    form, verdict = state_of_goal(reached == len(known) if known else None)
    without = len(shares) - len(known)
    of = counter()

    def cells(factory: Factory) -> tuple[str, ...]:
        own, share = inputs.of(factory), shares[factory.pk]
        if share is None:
            return (_("no sensor"), "")
        return percent(share), of(own.good_h, own.stack_h)

    def order(factory: Factory) -> tuple[bool, float]:
        share = shares[factory.pk]
        return share is None, share or 0.0

    return Figure(
        key="operating-time",
        label=_("Operating time"),
        value=sites(inputs, reached, len(known)) if known else _("no sensor yet"),
        goal=_("Goal: each measures at least 50 % of the time."),
        form=form,
        verdict=verdict,
        coverage=_("%(sites)s with a sensor") % {"sites": sites(inputs, len(known), len(shares))},
        period=inputs.period,
        notes=(_without_a_sensor(without),) if without else (),
        definition=_(
            "Operating time is the share of a site's chimney hours with a figure of record: measured over at "
            "least 80 % of the hour, or proved idle. Hours without readings count against it."
        ),
        heads=(_("operating time"), _("chimney hours")),
        lines=lines_of(inputs, cells, order),
    )


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
        goal=_("Goal: all of them, every day."),
        form=form,
        verdict=verdict,
        coverage=_("of all, with or without a sensor"),
        period=_("%(first)s to %(last)s, %(count)d factory days whose deadline has passed")
        % {"first": day_label(min(days)), "last": day_label(max(days)), "count": SCHEDULE_DAYS}
        if days
        else "",
        notes=(),
        definition=_(
            "A factory day is on schedule when its energy and production were entered before the end of the next "
            "factory day. A site counts when all seven days were. Electricity by monthly bill may come up to 35 "
            "days after the last bill's end."
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
        own = inputs.verdicts.get(factory.pk)
        if own is None:
            return _("no target set"), ""
        words = {True: _("on target"), False: _("above target"), None: _("not enough data")}
        return words[own.met], own.sentence

    def order(factory: Factory) -> int:
        own = inputs.verdicts.get(factory.pk)
        return 3 if own is None else {False: 0, True: 1, None: 2}[own.met]

    return Figure(
        key="on-target",
        label=_("On target"),
        value=sites(inputs, met, total) if verdicts else _("no target set yet"),
        goal=_("Goal: at least 20 % of them."),
        form=form,
        verdict=verdict,
        coverage=_("%(met)d on target, %(missed)d above, %(unknown)d not enough data")
        % {"met": met, "missed": missed, "unknown": unknown},
        period=_period_of_targets(verdicts),
        notes=(),
        definition=_(
            "A site is on target when its emissions are at or below the line from its base year to its target "
            "year. Without a target, or with too many days missing, that cannot be said: it counts as neither."
        ),
        heads=(_("target"), _("figure and limit")),
        lines=lines_of(inputs, cells, order),
    )


def _period_of_targets(verdicts: Sequence[Verdict]) -> str:
    periods = sorted({verdict.period for verdict in verdicts})
    return "; ".join(periods) or _("over 12 months, once there are targets")


# --- Masses -------------------------------------------------------------------------------------
def scope_1_and_2(inputs: Inputs) -> Figure:
    found = {f.pk: inputs.of(f).scope_1_2_kg for f in inputs.factories}
    known = [kg for kg in found.values() if kg is not None]
    days = sum(inputs.of(f).energy_days for f in inputs.factories)
    possible = len(known) * day_count(inputs)
    sentence, logged = _("Energy is logged for %(share)s of their days."), _("days with energy")
    definition = _(
        "Entries of fuel and electricity times their emission factors, spread over the days they cover. CO2 of "
        "wood is biogenic and stands outside the scopes; its CH4 and N2O are in. Days without entries are "
        "missing here, not zero."
    )
    if not inputs.sector.burns_for_heat:
        sentence, logged = _("Electricity is logged for %(share)s of their days."), _("days with electricity")
        definition = _(
            "Entries of fuel, explosives and electricity times their emission factors, spread over the days they "
            "cover, and the methane of the coal. Days without entries are missing here, not zero."
        )
    of = counter()

    def cells(factory: Factory) -> tuple[str, ...]:
        kg = found[factory.pk]
        return tonnes(kg, "t_co2e"), of(inputs.of(factory).energy_days, day_count(inputs))

    return Figure(
        key="scope-1-2",
        label=_("Scope 1 and 2"),
        value=tonnes(sum_of(known), "t_co2e"),
        goal="",
        form="",
        verdict="",
        coverage=_("%(sites)s with energy entries") % {"sites": sites(inputs, len(known), len(found))},
        period=inputs.period,
        notes=(*((sentence % {"share": percent(100 * days / possible)},) if known else ()), *gwp_sets(inputs)),
        definition=definition,
        heads=(_("scope 1 and 2"), logged),
        lines=lines_of(inputs, cells, largest_first(found)),
    )


def biogenic_from_stacks(inputs: Inputs) -> Figure:
    found = {f.pk: inputs.of(f).stack_biogenic_kg for f in inputs.factories}
    known = [kg for kg in found.values() if kg is not None]
    good = sum(inputs.of(f).good_h for f in inputs.factories)
    hours = sum(inputs.of(f).stack_h for f in inputs.factories)
    notes: tuple[str, ...] = ()
    if hours:
        notes = (_("%(share)s of the chimney hours are measured.") % {"share": percent(100 * good / hours)},)
    if known and inputs.settling_sentence:
        notes = (*notes, inputs.settling_sentence)

    def cells(factory: Factory) -> tuple[str, ...]:
        own = inputs.of(factory)
        return tonnes(found[factory.pk], "t_co2"), percent(own.operating_pct) if own.stack_h else _("no sensor")

    return Figure(
        key="biogenic",
        label=_("Biogenic, from stacks"),
        value=tonnes(sum_of(known), "t_co2"),
        goal="",
        form="",
        verdict="",
        coverage=_("%(sites)s with readings") % {"sites": sites(inputs, len(known), len(found))},
        period=inputs.period,
        notes=notes,
        definition=_(
            "CO2 measured in the chimneys, hours of record only, times the biogenic share of the fuels logged. It is "
            "outside the scopes and reported beside them. Hours without readings are missing here, not zero."
        ),
        heads=(_("from stacks"), _("measured")),
        lines=lines_of(inputs, cells, largest_first(found)),
    )


# --- Mines --------------------------------------------------------------------------------------
def methane(inputs: Inputs) -> Figure:
    found = {f.pk: inputs.of(f).methane_kg for f in inputs.factories}
    known = [kg for kg in found.values() if kg is not None]
    return Figure(
        key="methane",
        label=_("Methane, part of it"),
        value=tonnes(sum_of(known), "t_co2e"),
        goal="",
        form="",
        verdict="",
        coverage=_("%(sites)s with coal production and a class") % {"sites": sites(inputs, len(known), len(found))},
        period=inputs.period,
        notes=gwp_sets(inputs),
        definition=_(
            "Coal produced times the methane factor of the mine's class, as CO2e. It is part of scope 1. A mine "
            "whose class is not registered is missing here, not zero."
        ),
        heads=(_("methane"),),
        lines=lines_of(inputs, lambda f: (tonnes(found[f.pk], "t_co2e"),), largest_first(found)),
    )


def per_tonne_of_coal(inputs: Inputs) -> Figure:
    """Sums divided, never a mean of ratios; over the days on which both are logged, as the API does it."""
    both = [own for own in inputs.sums.values() if own.pair_kg is not None and own.pair_made_kg]
    emitted = sum((own.pair_kg or Decimal(0) for own in both), Decimal(0))
    made = sum((own.pair_made_kg or Decimal(0) for own in both), Decimal(0))

    def cells(factory: Factory) -> tuple[str, ...]:
        own = inputs.of(factory)
        own_ratio = own.pair_kg / own.pair_made_kg if own.pair_kg is not None and own.pair_made_kg else None
        return per_tonne(own_ratio), tonnes(own.made_kg, "t")

    return Figure(
        key="per-tonne",
        label=_("For each tonne of coal"),
        value=per_tonne(emitted / made if made else None),
        goal="",
        form="",
        verdict="",
        coverage=_("%(sites)s with emissions and coal") % {"sites": sites(inputs, len(both), len(inputs.factories))},
        period=inputs.period,
        notes=gwp_sets(inputs),
        definition=_("Scope 1 and 2 divided by the coal of the same days: those on which both are logged."),
        heads=(_("scope 1 and 2 by coal"), _("coal")),
        lines=lines_of(inputs, cells, largest_first({f.pk: inputs.of(f).made_kg for f in inputs.factories})),
    )


def success_figures(inputs: Inputs) -> list[Figure]:
    return [operating_time(inputs), on_schedule(inputs), on_target(inputs)]


def mass_figures(inputs: Inputs) -> list[Figure]:
    """Never one bare network total: what counts, and beside it what is reported apart."""
    if inputs.sector.has_methane:
        return [scope_1_and_2(inputs), methane(inputs), per_tonne_of_coal(inputs)]
    return [scope_1_and_2(inputs), biogenic_from_stacks(inputs)]
