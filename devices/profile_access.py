"""Who may see and change a device profile: it belongs to an organisation, and what it says changes all its devices.

An installer, who has some factories, may therefore change a profile only while all its devices are in these.
"""

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.permissions import AnyUser, get_visible, organisations_of, visible_to
from accounts.roles import Action
from devices.models import DeviceProfile, MCUDevice
from factories.models import Factory, Organisation
from lib.errors import invalid


def _organisations(user: AnyUser, action: Action) -> QuerySet[Organisation]:
    of_factories = visible_to(user, Factory.objects.all(), factory_path="", action=action).values("organisation_id")
    return Organisation.objects.filter(Q(pk__in=organisations_of(user, action)) | Q(pk__in=of_factories))


def profiles_for(user: AnyUser) -> QuerySet[DeviceProfile]:
    """Those of the organisations in whose factories the user sees devices."""
    found = DeviceProfile.objects.filter(organisation__in=_organisations(user, Action.VIEW_DEVICES))
    return found.select_related("organisation").prefetch_related("devices").order_by("organisation", "name")


def profile_to_change(user: AnyUser, pk: int) -> DeviceProfile:
    """Raises Http404 out of scope, PermissionDenied without the right, or while a device of others has it."""
    profile = profiles_for(user).filter(pk=pk).first()
    if profile is None:
        raise Http404
    organisation_to_write(user, profile.organisation_id)
    if not may_change(user, profile):
        raise PermissionDenied
    return profile


def may_change(user: AnyUser, profile: DeviceProfile) -> bool:
    theirs = visible_to(user, MCUDevice.objects.all(), action=Action.MANAGE_PROFILES)
    is_ours = _organisations(user, Action.MANAGE_PROFILES).filter(pk=profile.organisation_id).exists()
    return is_ours and not profile.devices.exclude(pk__in=theirs.values("pk")).exists()


def organisation_to_write(user: AnyUser, wanted: int | None) -> Organisation:
    """The one named, or the only one. Raises Http404, PermissionDenied, or ApiError when there are several."""
    mine = list(_organisations(user, Action.MANAGE_PROFILES).order_by("pk"))
    if wanted is not None:
        mine = [organisation for organisation in mine if organisation.pk == wanted]
    if not mine:
        if wanted is not None and not _organisations(user, Action.VIEW_DEVICES).filter(pk=wanted).exists():
            raise Http404
        raise PermissionDenied
    if len(mine) > 1:
        words = _("You manage %(count)d organisations; give the id of one of them.") % {"count": len(mine)}
        raise invalid("organisation", "required", words)
    return mine[0]


def device_to_assign(user: AnyUser, device_id: str) -> MCUDevice:
    """Raises Http404 out of scope, PermissionDenied without the right."""
    devices = MCUDevice.objects.select_related("factory__organisation", "profile")
    return get_visible(user, devices, Action.MANAGE_PROFILES, device_id=device_id)
