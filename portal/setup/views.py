"""Pages that set a site up and change it: a wizard whose every step is also the page of its edit.

The site is stored with its second step, so that a closed browser loses nothing; until then the session keeps what was
typed. Nothing here needs a script.
"""

from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import show_errors
from accounts.permissions import View, may, organisations_of, page, require, user_of
from accounts.roles import Action
from energy.models import LocalUnit
from energy.services import set_local_unit
from factories import services
from factories.choices import SourceKind
from factories.corrections import lock_site
from factories.countries import COUNTRIES
from factories.forms import CorrectionForm
from factories.models import Chimney, EmissionSource, Factory, Organisation, SiteEvent
from factories.places import find_places
from factories.sectors import SECTORS
from lib.errors import ApiError
from portal.requests import factory_of
from portal.setup.forms import EventForm, LimitsForm, PlaceForm, ShownChimneyForm, SourceForm, UnitForm
from portal.setup.picture import picture
from portal.setup.summary import factor_sentence, setup_lines, setup_steps, source_facts, waiting_count

_DRAFT = "new_site"  # key of the session
_LONGEST = 200  # of a text that it keeps


def _of_site(action: Action, *methods: str) -> Callable[[View], View]:
    """A page of one site, which the view is given: 404 out of scope, 403 without the right."""

    def decorate(view: View) -> View:
        @require_http_methods(methods or ["GET", "POST"])
        @page(action)
        @wraps(view)
        def of_site(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponseBase:
            return view(request, factory_of(request, pk, action), **kwargs)

        return of_site

    return decorate


# --- A new site ------------------------------------------------------------------------------------
@require_GET
@page(Action.EDIT_FACTORY)
def sector(request: HttpRequest) -> HttpResponse:
    """The first step: what kind of site it is."""
    _organisations(request)
    draft = request.session.get(_DRAFT, {}).get("sector", "")
    return render(request, "portal/setup/sector.html", {"sectors": SECTORS.values(), "draft": draft})


def _organisations(request: HttpRequest) -> list[Organisation]:
    found = list(Organisation.objects.filter(pk__in=organisations_of(request.user, Action.EDIT_FACTORY)))
    if not found:
        raise PermissionDenied
    return found


@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def new_place(request: HttpRequest, code: str) -> HttpResponse:
    """The second step stores the site with the sources of its sector."""
    organisations = _organisations(request)
    if code not in SECTORS:
        raise Http404
    asked = request.POST.get("organisation") or request.GET.get("organisation", "")
    organisation = next((one for one in organisations if str(one.pk) == asked), organisations[0])
    draft = request.session.get(_DRAFT, {})
    if request.method == "POST":
        request.session[_DRAFT] = {"sector": code} | {
            name: request.POST.get(name, "")[:_LONGEST] for name in PlaceForm.Meta.fields
        }
    initial = {"country": organisation.country, "time_zone": COUNTRIES[organisation.country].time_zone}
    initial |= {name: value for name, value in draft.items() if value}
    form = PlaceForm(_looked_up(request), instance=Factory(organisation=organisation, sector=code), initial=initial)
    if request.method == "POST" and "look" not in request.POST and form.is_valid():
        try:
            site = form.save()
        except ValidationError as error:  # of two who add one name at once, the second is told that it is there
            form.add_error(None, error)
        else:
            request.session.pop(_DRAFT, None)
            messages.success(request, _("%(name)s is added. Now its sources.") % {"name": site.name})
            return redirect("setup-sources", pk=site.pk)
    shown = {"form": form, "sector": SECTORS[code], "organisations": organisations, "organisation": organisation}
    looked = {"found": _places(request), "has_looked": "look" in request.POST}
    return render(request, "portal/setup/new_place.html", shown | looked)


def _looked_up(request: HttpRequest) -> Any:
    """What was typed; a place that was chosen from the table fills in what it knows, marked as an estimate."""
    if request.method != "POST":
        return None
    typed = request.POST.copy()
    chosen = typed.get("look", "")
    found = _places(request)
    if chosen.isdecimal() and int(chosen) < len(found):
        place = found[int(chosen)]
        known = {"county": place.region, "latitude": place.latitude, "longitude": place.longitude}
        known |= {"altitude_m": place.altitude_m and round(place.altitude_m)}
        typed.update({name: str(value) for name, value in known.items() if value not in (None, "")})
        if place.altitude_m is not None:
            typed["altitude_is_estimated"] = "on" if place.altitude_is_estimated else ""
    return typed


def _places(request: HttpRequest) -> list[Any]:
    if "look" not in request.POST:
        return []
    country = request.POST.get("country", "")
    name, place = (request.POST.get(field, "")[:80] for field in ("name", "location"))
    return find_places(place, country=country) or find_places(name, country=country)


# --- Steps of a site -------------------------------------------------------------------------------
def _shown(request: HttpRequest, factory: Factory, template: str, step: str, **context: Any) -> HttpResponse:
    may_edit = may(request.user, Action.EDIT_FACTORY, factory)
    steps = setup_steps(factory, step) if may_edit else []
    shown = {"factory": factory, "steps": steps, "may_edit": may_edit}
    return render(request, f"portal/setup/{template}.html", shown | context)


def _edited(request: HttpRequest, form: CorrectionForm) -> bool:
    """Whether a POST was stored. Two changes of one site wait for each other, and neither undoes the other's fields."""
    form.user_id = request.user.pk  # also of what is only drawn: the effect that it shows can be confirmed
    if request.method != "POST" or "draw" in request.POST:
        return False
    site = form.instance if isinstance(form.instance, Factory) else form.instance.factory
    with transaction.atomic():
        lock_site(site)
        if form.instance.pk is not None:
            form.instance.refresh_from_db()
        if not form.is_valid() or not _may_store(form, site):
            return False
        form.save()
    messages.success(request, _("Saved."))
    return True


def _may_store(form: ModelForm, site: Factory) -> bool:
    """Nothing new is written about an archived site; what is there can be corrected."""
    try:
        if form.instance._state.adding:
            services.require_in_use(site)
    except ApiError as error:
        form.add_error(None, error.message)
        return False
    return True


@_of_site(Action.EDIT_FACTORY, "GET")
def summary(request: HttpRequest, factory: Factory) -> HttpResponse:
    lines = setup_lines(factory)
    return _shown(request, factory, "summary", "setup", lines=lines, waiting=waiting_count(lines))


@_of_site(Action.EDIT_FACTORY)
def place(request: HttpRequest, factory: Factory) -> HttpResponse:
    form = PlaceForm(request.POST or None, instance=copy(factory))
    if _edited(request, form):
        return redirect("setup-sources", pk=factory.pk)
    return _shown(request, factory, "form", "setup-place", form=form, title=_("Place and day"))


@_of_site(Action.EDIT_FACTORY)
def limits(request: HttpRequest, factory: Factory) -> HttpResponse:
    form = LimitsForm(request.POST or None, instance=copy(factory))
    if _edited(request, form):
        return redirect("setup", pk=factory.pk)
    products = [product.label for product in SECTORS[factory.sector].products]
    title = _("Products and limits")
    return _shown(request, factory, "form", "setup-limits", form=form, title=title, products=products)


# --- Sources ---------------------------------------------------------------------------------------
@_of_site(Action.EDIT_FACTORY, "GET")
def sources(request: HttpRequest, factory: Factory) -> HttpResponse:
    found = factory.emission_sources.select_related("chimney").order_by(F("last_day").desc(nulls_first=True), "name")
    rows = [(source, source_facts(source)) for source in found]
    return _shown(request, factory, "sources", "setup-sources", rows=rows, kinds=SourceKind.choices)


@_of_site(Action.EDIT_FACTORY)
def source(request: HttpRequest, factory: Factory, kind: str = "", source_id: int | None = None) -> HttpResponse:
    """One that is there, or a new one of a kind."""
    if source_id is not None:
        row = get_object_or_404(factory.emission_sources, pk=source_id)
        title = row.get_kind_display()
    elif kind in SourceKind.values:
        row = EmissionSource(factory=factory, kind=kind, name=str(SourceKind(kind).label))
        title = _("Add a source: %(kind)s") % {"kind": row.name}
    else:
        raise Http404
    form = SourceForm(request.POST or None, instance=row)
    if _edited(request, form):
        return redirect("setup-sources", pk=factory.pk)
    back_url = reverse("setup-sources", args=[factory.pk])
    return _shown(request, factory, "form", "setup-sources", form=form, title=title, back_url=back_url)


@_of_site(Action.EDIT_FACTORY, "POST")
def source_end(request: HttpRequest, factory: Factory, source_id: int) -> HttpResponse:
    row = get_object_or_404(factory.emission_sources, pk=source_id)
    services.end_source(row)
    messages.success(request, _("%(name)s ends today. To take it back, empty its last day.") % {"name": row.name})
    return redirect("setup-sources", pk=factory.pk)


# --- Chimneys --------------------------------------------------------------------------------------
@_of_site(Action.EDIT_GEOMETRY, "GET")
def chimneys(request: HttpRequest, factory: Factory) -> HttpResponse:
    rows = [  # those in use first
        (chimney, picture(chimney), factor_sentence(chimney) if chimney.shape else "")
        for chimney in factory.chimneys.order_by(F("archived_at").desc(nulls_first=True), "name")
    ]
    return _shown(request, factory, "chimneys", "setup-chimneys", rows=rows)


@_of_site(Action.EDIT_GEOMETRY)
def chimney(request: HttpRequest, factory: Factory, chimney_id: int | None = None) -> HttpResponse:
    """One that is there, or a new one."""
    row = Chimney(factory=factory, name=services.next_chimney_name(factory))
    title = _("Add a chimney")
    if chimney_id is not None:
        row = get_object_or_404(factory.chimneys, pk=chimney_id)
        title = row.name
    form = ShownChimneyForm(request.POST or None, instance=row)
    if _edited(request, form):
        return redirect("setup-chimneys", pk=factory.pk)
    if request.method == "POST":
        form.is_valid()  # draw what was typed
    back_url = reverse("setup-chimneys", args=[factory.pk])
    shown = {"form": form, "title": title, "picture": picture(form.instance), "back_url": back_url, "draws": True}
    return _shown(request, factory, "form", "setup-chimneys", **shown)


@_of_site(Action.EDIT_GEOMETRY, "POST")
def chimney_archive(request: HttpRequest, factory: Factory, chimney_id: int) -> HttpResponse:
    _toggle(request, get_object_or_404(factory.chimneys, pk=chimney_id))
    return redirect("setup-chimneys", pk=factory.pk)


def _toggle(request: HttpRequest, row: Factory | Chimney | SiteEvent) -> None:
    """Archive what is in use, restore what is archived: one button does both."""
    if row.archived_at is not None:
        services.restore(row)
        messages.success(request, _("Restored."))
        return
    try:
        services.archive(row)
    except ApiError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Archived. It can be restored here; nothing is lost."))


# --- Own units -------------------------------------------------------------------------------------
@_of_site(Action.EDIT_FACTORY)
def units(request: HttpRequest, factory: Factory) -> HttpResponse:
    form = UnitForm(request.POST or None, factory=factory)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            set_local_unit(factory, given.pop("energy_type"), given.pop("name"), **given)
        except ApiError as error:
            show_errors(form, error)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Saved."))
            return redirect("setup-units", pk=factory.pk)
    rows = LocalUnit.objects.filter(factory=factory).select_related("energy_type").order_by("energy_type__code", "name")
    return _shown(request, factory, "units", "setup-units", rows=rows, form=form)


# --- Events, and the archive -----------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def events(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened at the site and explains its figures. Whoever sees the site reads it; managers and HQ write."""
    factory = factory_of(request, pk, Action.VIEW_FACTORY)
    if request.method == "POST":
        require(request.user, Action.WRITE_SITE_EVENTS, factory)
    with timezone.override(factory.zone):
        event = SiteEvent(factory=factory, recorded_by=user_of(request))
        form = EventForm(request.POST or None, instance=event, initial={"happened_at": timezone.now()})
        if request.method == "POST" and form.is_valid() and _may_store(form, factory):
            form.save()
            messages.success(request, _("Saved."))
            return redirect("site-events", pk=pk)
        of_site = factory.site_events.select_related("recorded_by")
        rows = of_site.order_by(F("archived_at").desc(nulls_first=True), "-happened_at")[:200]
        may_write = may(request.user, Action.WRITE_SITE_EVENTS, factory)
        return _shown(request, factory, "events", "", rows=rows, form=form, may_write=may_write)


@_of_site(Action.WRITE_SITE_EVENTS, "POST")
def event_archive(request: HttpRequest, factory: Factory, event_id: int) -> HttpResponse:
    _toggle(request, get_object_or_404(factory.site_events, pk=event_id))
    return redirect("site-events", pk=factory.pk)


@_of_site(Action.EDIT_FACTORY, "POST")
def archive(request: HttpRequest, factory: Factory) -> HttpResponse:
    _toggle(request, factory)
    return redirect("setup", pk=factory.pk)
