"""Pages that set a site up and change it: a wizard whose every step is also the page of its edit.

The site is stored with its second step, so that a closed browser loses nothing; until then the session keeps what was
typed. Nothing here needs a script.
"""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import may, organisations_of, page, user_of
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
from portal.setup.forms import ChimneyForm, EventForm, LimitsForm, PlaceForm, SourceForm, UnitForm
from portal.setup.picture import picture
from portal.setup.summary import factor_sentence, setup_lines, setup_steps, source_facts, waiting_count

_DRAFT = "new_site"  # key of the session
_LONGEST = 200  # of a text that it keeps


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
        site = form.save()
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
    if request.method != "POST" or "draw" in request.POST:
        return False
    form.user_id = request.user.pk
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


@require_GET
@page(Action.EDIT_FACTORY)
def summary(request: HttpRequest, pk: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_FACTORY)
    lines = setup_lines(factory)
    return _shown(request, factory, "summary", "setup", lines=lines, waiting=waiting_count(lines))


@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def place(request: HttpRequest, pk: int) -> HttpResponse:
    return _site_form(request, pk, PlaceForm, "setup-place", _("Place and day"), "setup-sources")


@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def limits(request: HttpRequest, pk: int) -> HttpResponse:
    return _site_form(request, pk, LimitsForm, "setup-limits", _("Products and limits"), "setup")


def _site_form(
    request: HttpRequest, pk: int, form_class: type[CorrectionForm], step: str, title: str, following: str
) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_FACTORY)
    form = form_class(request.POST or None, instance=factory_of(request, pk, Action.EDIT_FACTORY))
    if _edited(request, form):
        return redirect(following, pk=pk)
    products = [product.label for product in SECTORS[factory.sector].products] if step == "setup-limits" else []
    return _shown(request, factory, "form", step, form=form, title=title, products=products)


# --- Sources ---------------------------------------------------------------------------------------
@require_GET
@page(Action.EDIT_FACTORY)
def sources(request: HttpRequest, pk: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_FACTORY)
    found = factory.emission_sources.select_related("chimney").order_by(F("last_day").desc(nulls_first=True), "name")
    rows = [(source, source_facts(source)) for source in found]
    return _shown(request, factory, "sources", "setup-sources", rows=rows, kinds=SourceKind.choices)


@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def source_new(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_FACTORY)
    if kind not in SourceKind.values:
        raise Http404
    source = EmissionSource(factory=factory, kind=kind, name=str(SourceKind(kind).label))
    return _source(request, factory, source, _("Add a source: %(kind)s") % {"kind": SourceKind(kind).label})


@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def source_edit(request: HttpRequest, pk: int, source_id: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_FACTORY)
    return _source(request, factory, get_object_or_404(factory.emission_sources, pk=source_id), "")


def _source(request: HttpRequest, factory: Factory, source: EmissionSource, title: str) -> HttpResponse:
    form = SourceForm(request.POST or None, instance=source)
    if _edited(request, form):
        return redirect("setup-sources", pk=factory.pk)
    back_url = reverse("setup-sources", args=[factory.pk])
    title = title or source.get_kind_display()
    return _shown(request, factory, "form", "setup-sources", form=form, title=title, back_url=back_url)


@require_POST
@page(Action.EDIT_FACTORY)
def source_end(request: HttpRequest, pk: int, source_id: int) -> HttpResponse:
    """The same button takes the end back."""
    factory = factory_of(request, pk, Action.EDIT_FACTORY)
    source = get_object_or_404(factory.emission_sources, pk=source_id)
    services.end_source(source)
    messages.success(request, _("%(name)s ends today. To take it back, empty its last day.") % {"name": source.name})
    return redirect("setup-sources", pk=pk)


# --- Chimneys --------------------------------------------------------------------------------------
@require_GET
@page(Action.EDIT_GEOMETRY)
def chimneys(request: HttpRequest, pk: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_GEOMETRY)
    rows = [  # those in use first
        (chimney, picture(chimney), factor_sentence(chimney) if chimney.shape else "")
        for chimney in factory.chimneys.order_by(F("archived_at").desc(nulls_first=True), "name")
    ]
    return _shown(request, factory, "chimneys", "setup-chimneys", rows=rows)


@require_http_methods(["GET", "POST"])
@page(Action.EDIT_GEOMETRY)
def chimney_new(request: HttpRequest, pk: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_GEOMETRY)
    return _chimney(request, factory, Chimney(factory=factory, name=services.next_chimney_name(factory)))


@require_http_methods(["GET", "POST"])
@page(Action.EDIT_GEOMETRY)
def chimney_edit(request: HttpRequest, pk: int, chimney_id: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_GEOMETRY)
    return _chimney(request, factory, get_object_or_404(factory.chimneys, pk=chimney_id))


def _chimney(request: HttpRequest, factory: Factory, chimney: Chimney) -> HttpResponse:
    form = ChimneyForm(request.POST or None, instance=chimney)
    if _edited(request, form):
        return redirect("setup-chimneys", pk=factory.pk)
    if request.method == "POST":
        form.is_valid()  # draw what was typed
    title = chimney.name if chimney.pk else _("Add a chimney")
    drawn = picture(form.instance)
    back_url = reverse("setup-chimneys", args=[factory.pk])
    return _shown(
        request, factory, "form", "setup-chimneys", form=form, title=title, picture=drawn, back_url=back_url, draws=True
    )


@require_POST
@page(Action.EDIT_GEOMETRY)
def chimney_archive(request: HttpRequest, pk: int, chimney_id: int) -> HttpResponse:
    """The same button brings it back."""
    factory = factory_of(request, pk, Action.EDIT_GEOMETRY)
    _toggle(request, get_object_or_404(factory.chimneys, pk=chimney_id))
    return redirect("setup-chimneys", pk=pk)


def _toggle(request: HttpRequest, row: Factory | Chimney | SiteEvent) -> None:
    """Archive what is in use, restore what is archived."""
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
@require_http_methods(["GET", "POST"])
@page(Action.EDIT_FACTORY)
def units(request: HttpRequest, pk: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.EDIT_FACTORY)
    form = UnitForm(request.POST or None, factory=factory)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data | {"amount": Decimal(repr(form.cleaned_data["amount"]))}
        try:
            set_local_unit(factory, given.pop("energy_type"), given.pop("name"), **given)
        except ApiError as error:
            for name, errors in error.fields.items():
                form.add_error(name if name in form.fields else None, [one["message"] for one in errors])
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Saved."))
            return redirect("setup-units", pk=pk)
    rows = LocalUnit.objects.filter(factory=factory).select_related("energy_type").order_by("energy_type__code", "name")
    return _shown(request, factory, "units", "setup-units", rows=rows, form=form)


# --- Events, and the archive -----------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def events(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened at the site and explains its figures. Whoever sees the site reads it; managers and HQ write."""
    factory = factory_of(request, pk, Action.VIEW_FACTORY)
    may_write = may(request.user, Action.WRITE_SITE_EVENTS, factory)
    if request.method == "POST" and not may_write:
        raise PermissionDenied(str(Action.WRITE_SITE_EVENTS))
    with timezone.override(factory.zone):
        event = SiteEvent(factory=factory, recorded_by=user_of(request))
        form = EventForm(request.POST or None, instance=event, initial={"happened_at": timezone.now()})
        if request.method == "POST" and form.is_valid() and _may_store(form, factory):
            form.save()
            messages.success(request, _("Saved."))
            return redirect("site-events", pk=pk)
        rows = factory.site_events.select_related("recorded_by").order_by(
            F("archived_at").desc(nulls_first=True), "-happened_at"
        )[:200]
        return _shown(request, factory, "events", "", rows=rows, form=form, may_write=may_write)


@require_POST
@page(Action.WRITE_SITE_EVENTS)
def event_archive(request: HttpRequest, pk: int, event_id: int) -> HttpResponse:
    factory = factory_of(request, pk, Action.WRITE_SITE_EVENTS)
    _toggle(request, get_object_or_404(factory.site_events, pk=event_id))
    return redirect("site-events", pk=pk)


@require_POST
@page(Action.EDIT_FACTORY)
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """The same button brings the site back."""
    _toggle(request, factory_of(request, pk, Action.EDIT_FACTORY))
    return redirect("setup", pk=pk)
