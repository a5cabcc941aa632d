"""HQ's pages about people: members, access requests and invitations. The writes are in the services."""

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import invitations, registration
from accounts import members as services
from accounts.adapter import phones_at_sign_in
from accounts.forms import CONTACT_ERRORS, GRANT_ERRORS, GrantForm, InviteForm, place_of, show_errors, split_contact
from accounts.grants import managed_organisations, organisations
from accounts.models import Invitation, Membership, RequestState
from accounts.permissions import page, user_of
from accounts.roles import Action
from accounts.views import place_words
from lib.errors import ApiError

ROWS_PER_PAGE = 100


def organisation_of_page(request: HttpRequest) -> tuple[Any, list[Any]]:
    """The organisation of the page, and all organisations whose members the user manages."""
    managed = managed_organisations(request.user)
    if not managed:
        raise PermissionDenied
    managed_ones = {str(organisation.pk): organisation for organisation in organisations(managed)}
    chosen = managed_ones.get(request.GET.get("organisation", ""), managed_ones[str(managed[0])])
    return chosen, list(managed_ones.values())


@never_cache
@require_GET
@page(Action.MANAGE_MEMBERS)
def members(request: HttpRequest) -> HttpResponse:
    organisation, all_of_mine = organisation_of_page(request)
    now = timezone.now()
    rows = services.members_of(request.user).filter(organisation=organisation)
    if wanted := request.GET.get("q", "").replace("\x00", "").strip()[:80]:
        rows = _matching(rows, wanted)
    open_invitations = invitations.invitations_of(request.user).filter(
        organisation=organisation, accepted_at=None, revoked_at=None, expires_at__gt=now
    )
    context = {
        "organisation": organisation,
        "organisations": all_of_mine if len(all_of_mine) > 1 else [],
        "requests": registration.requests_of(request.user).filter(
            organisation=organisation, state=RequestState.PENDING
        ),
        "changes": services.recent_changes(request.user, organisation, now),
        "page_obj": Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "invitations": [(one, place_words(one), invitations.state_of(one).value) for one in open_invitations],
        "q": wanted,
    }
    return render(request, "accounts/members.html", context)


def _matching(rows: Any, wanted: str) -> Any:
    matching = rows.none()
    for name in ("user__first_name", "user__last_name", "user__email", "user__phone", "factory__name"):
        matching = matching | rows.filter(**{f"{name}__icontains": wanted})
    return matching | rows.filter(user__phone__in=phones_at_sign_in(wanted))


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_MEMBERS)
def invite(request: HttpRequest) -> HttpResponse:
    organisation, _others = organisation_of_page(request)
    form = InviteForm(request.POST or None, organisation_id=organisation.pk)
    if request.method == "POST" and form.is_valid():
        try:
            grant, contact = form.grant_of(user_of(request)), split_contact(form.cleaned_data["contact"])
            return show_invitation(request, *invitations.invite(user_of(request), grant, **contact))
        except ApiError as error:
            show_errors(form, error, **CONTACT_ERRORS, **GRANT_ERRORS)
    return render(request, "accounts/invite.html", {"form": form, "organisation": organisation})


def show_invitation(request: HttpRequest, invitation: Invitation, token: str, *, back: str = "members") -> HttpResponse:
    """The page with a new link to send; `back`: the name of the page after it."""
    words = _("%(organisation)s invites you to Carbon Track: %(link)s")
    context = {
        "link": _to_send(request, "join", token, words, invitation),
        "invitation": invitation,
        "place": place_words(invitation),
        "back_url": reverse(back),
    }
    return render(request, "accounts/invited.html", context)


def _to_send(request: HttpRequest, name: str, token: str, words: str, invitation: Invitation) -> dict[str, Any]:
    """A link that is shown once, with the ways to send it."""
    url = request.build_absolute_uri(reverse(name, args=[token]))
    text = quote(words % {"organisation": invitation.organisation, "link": url})
    return {
        "url": url,
        "whatsapp_url": f"https://wa.me/{invitation.phone.removeprefix('+')}?text={text}",
        "mail_url": f"mailto:{quote(invitation.email)}?subject=Carbon%20Track&body={text}",
        "ends_at": invitation.expires_at,
    }


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_MEMBERS)
def request_for_access(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One request: approve it with a role and a place, or decline."""
    asked = get_object_or_404(registration.requests_of(request.user), pk=pk)
    assert asked.organisation is not None
    form = GrantForm(request.POST or None, organisation_id=asked.organisation.pk)
    if request.method == "POST":
        try:
            if request.POST.get("act") == "decline":
                registration.decline(user_of(request), pk)
                messages.success(request, _("Declined. Nothing was sent."))
                return redirect("members")
            if form.is_valid():
                grant = form.grant_of(user_of(request))
                return show_invitation(request, *registration.approve(user_of(request), pk, grant))
        except ApiError as error:
            show_errors(form, error, **GRANT_ERRORS)
    return render(request, "accounts/request.html", {"form": form, "asked": asked})


@never_cache
@require_http_methods(["GET", "POST"])
@page(Action.MANAGE_MEMBERS)
def member(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One membership: change role or place, end it, give a link for a new password."""
    membership = get_object_or_404(services.members_of(request.user), pk=pk)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    form = GrantForm(
        request.POST if act == "change" else None,
        organisation_id=membership.organisation_id,
        initial={"role": membership.role, "place": place_of(membership)},
    )
    context: dict[str, Any] = {"form": form, "member": membership, "is_me": membership.user_id == request.user.pk}
    try:
        if act == "change" and form.is_valid():
            services.change_membership(pk, form.grant_of(user_of(request)))
            messages.success(request, _("Changed. You can undo it for 10 minutes."))
            return redirect("members")
        if act == "end":
            return _end(request, membership, context)
        if act == "password-link":
            context["link"] = _password_link(request, membership)
    except ApiError as error:
        if act == "change":
            show_errors(form, error, **GRANT_ERRORS)
        else:
            context["refusal"] = error.message
    return render(request, "accounts/member.html", context)


def _end(request: HttpRequest, membership: Membership, context: dict[str, Any]) -> HttpResponseBase:
    """A user cannot undo the end of their own membership, so the page asks twice. Any other end can be undone."""
    if context["is_me"] and request.POST.get("confirmed") != "yes":
        return render(request, "accounts/member.html", context | {"confirm_own": True})
    services.end_membership(membership.pk)
    messages.success(request, _("Ended. You can undo it for 10 minutes."))
    return redirect("home" if context["is_me"] else "members")


def _password_link(request: HttpRequest, membership: Membership) -> dict[str, Any]:
    link, token = services.issue_password_link(user_of(request), membership)
    words = _("Set your new password for Carbon Track here: %(link)s")
    person = membership.user
    to = Invitation(phone=person.phone or "", email=person.email or "", organisation=membership.organisation)
    to.expires_at = link.expires_at
    return _to_send(request, "password-link", token, words, to)


@require_POST
@page(Action.MANAGE_MEMBERS)
def undo(request: HttpRequest, pk: int) -> HttpResponseBase:
    try:
        services.undo_membership(request.user, pk)
        messages.success(request, _("Undone."))
    except ApiError as error:
        messages.error(request, error.message)
    return redirect("members")


@require_POST
@page(Action.MANAGE_MEMBERS)
def revoke(request: HttpRequest, pk: int) -> HttpResponseBase:
    invitation = get_object_or_404(invitations.invitations_of(request.user), pk=pk)
    try:
        invitations.revoke_invitation(invitation.pk)
        messages.success(request, _("The link no longer works."))
    except ApiError as error:
        messages.error(request, error.message)
    return redirect("members")
