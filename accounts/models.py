"""People: users, where they belong, requests, invitations, password links, API tokens. Rights are in `roles.py`."""

from typing import Any
from urllib.parse import urlsplit

import pghistory
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from accounts.roles import Role, Scope
from lib.environment import LOOPBACK_HOSTS

PHONE = RegexValidator(r"^\+[1-9][0-9]{7,14}\Z", _("Write the phone number with its country code, like +254712345678."))


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail or phone; ignores upper and lower case of an e-mail when it finds them."""

    def create_user(
        self,
        email: str | None = None,
        password: str | None = None,
        phone: str | None = None,
        *,
        email_is_proven: bool = False,
        **fields: Any,
    ) -> "User":
        user = self.model(email=email.strip().lower() if email else None, phone=phone or None, **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        with transaction.atomic():
            user.save(using=self._db)
            if user.email:
                addresses: Any = user.emailaddress_set  # type: ignore[attr-defined]  # allauth's, see emails.py
                addresses.create(email=user.email, primary=True, verified=email_is_proven)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """At the shell of the server, whose operator could prove any address."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, email_is_proven=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


_TRACKED_OF_A_USER = ("email", "phone", "first_name", "last_name", "is_active", "is_staff", "is_superuser")


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange(*_TRACKED_OF_A_USER)),
    # That it changed; neither hash is kept. A sign-in writes `last_login`, which is no event.
    pghistory.UpdateEvent("password", condition=pghistory.AnyChange("password")),
    pghistory.DeleteEvent(),
    exclude=["password", "last_login", "language", "date_joined", "sign_outs_everywhere"],
)
class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]  # knox is untyped
    """A person, who signs in by e-mail or phone. Without a membership they have no rights."""

    email = models.EmailField(_("e-mail"), unique=True, null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=16, unique=True, null=True, blank=True, validators=[PHONE])
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may enter the admin site"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    sign_outs_everywhere = models.IntegerField(default=0, editable=False)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone__isnull=False),
                name="user_has_email_or_phone",
                violation_error_message=_("Give an e-mail address or a phone number, at least one."),
            ),
            models.UniqueConstraint(Lower("email"), name="user_email_unique_any_case"),
            models.CheckConstraint(condition=~Q(email=""), name="user_email_null_or_given"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email or self.phone or f"user {self.pk}"

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name or str(self)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django ends a browser session when this changes: with the password, and by signing out everywhere."""
        rests_on = f"{self.password} {self.sign_outs_everywhere}"
        return salted_hmac("accounts.User.session", rests_on, secret=secret, algorithm="sha256").hexdigest()

    def session_hashes(self) -> list[str]:
        """Under SECRET_KEY and SECRET_KEY_FALLBACKS: a new key is no new password."""
        return [self.get_session_auth_hash(), *self.get_session_auth_fallback_hash()]


@pghistory.track()
class Membership(models.Model):
    """One role of one user, in a factory, in a county of an organisation, or in the whole organisation."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    organisation = models.ForeignKey(
        "factories.Organisation", models.CASCADE, related_name="memberships", verbose_name=_("organisation")
    )
    factory = models.ForeignKey(
        "factories.Factory",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("factory"),
    )
    county = models.CharField(_("county"), max_length=80, blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "factory", "county", "role"],
                nulls_distinct=False,
                name="membership_once",
            ),
            models.CheckConstraint(
                condition=Q(factory__isnull=True) | Q(county=""), name="membership_factory_or_county"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"

    def clean(self) -> None:
        if self.factory is not None and self.factory.organisation_id != self.organisation_id:
            raise ValidationError({"factory": _("This factory belongs to another organisation.")})


@pghistory.track(exclude=["token_sha256"])
class Invitation(models.Model):
    """A link that gives its bearer one membership, once, until it expires or is revoked. Only its hash is kept.

    An invitation with an e-mail or phone number is for its owner; without one, any person with the link can use it.
    """

    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    organisation = models.ForeignKey("factories.Organisation", models.CASCADE, related_name="invitations")
    factory = models.ForeignKey("factories.Factory", models.CASCADE, null=True, blank=True, related_name="+")
    county = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=20, choices=Role)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True, validators=[PHONE])
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="invitations_sent")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True, accepted_at__isnull=True)
                | Q(accepted_by__isnull=False, accepted_at__isnull=False),
                name="invitation_accepted_by_whom_and_when",
            ),
            models.CheckConstraint(
                condition=Q(factory__isnull=True) | Q(county=""), name="invitation_factory_or_county"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(accepted_at__isnull=True),
                name="invitation_accepted_or_revoked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.organisation}"


class RequestState(models.TextChoices):
    PENDING = "pending", _("waiting")
    APPROVED = "approved", _("approved")
    DECLINED = "declined", _("declined")


@pghistory.track()
class AccessRequest(models.Model):
    """A request for access. It grants nothing; an HQ manager approves it, which makes an invitation."""

    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True, validators=[PHONE])
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    place = models.CharField(_("organisation or factory"), max_length=120)
    message = models.CharField(_("message"), max_length=500, blank=True)
    # The organisation that `place` names, if it is clear. If it is null, the operator of the server decides.
    organisation = models.ForeignKey(
        "factories.Organisation", models.CASCADE, null=True, blank=True, related_name="access_requests"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.PENDING)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    invitation = models.OneToOneField(Invitation, models.SET_NULL, null=True, blank=True, related_name="access_request")

    class Meta:
        verbose_name = _("request for access")
        verbose_name_plural = _("requests for access")
        constraints = [
            models.CheckConstraint(condition=~Q(email="") | ~Q(phone=""), name="access_request_has_email_or_phone"),
            # A second open request of the same contact changes nothing.
            models.UniqueConstraint(
                fields=["email", "phone", "organisation"],
                condition=Q(state="pending"),
                nulls_distinct=False,
                name="access_request_pending_once",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", decided_at__isnull=True)
                | (~Q(state="pending") & Q(decided_at__isnull=False)),
                name="access_request_decided_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.phone


@pghistory.track(exclude=["token_sha256"])
class PasswordLink(models.Model):
    """A link to set a new password, once. HQ issues it to a person without mail."""

    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="password_links")
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("password link")
        verbose_name_plural = _("password links")

    def __str__(self) -> str:
        return f"{self.user}, {self.created_at:%Y-%m-%d}"


def _checked_issuer(address: str) -> None:
    """https, or plain http to this machine where the product is only tried out."""
    parts = urlsplit(address)
    is_own = parts.hostname in LOOPBACK_HOSTS and (settings.IS_LOCAL or settings.DEBUG)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_own)):
        raise ValidationError(_("Write the address of the provider with https://, like https://login.example.com."))


@pghistory.track(exclude=["sealed_secret"])
class SignOnProvider(models.Model):
    """An organisation's own sign-in by OpenID Connect. The operator of the server sets it up, in the admin site."""

    organisation = models.OneToOneField(
        "factories.Organisation", models.CASCADE, related_name="sign_on_provider", verbose_name=_("organisation")
    )
    issuer = models.CharField(_("address of the provider"), max_length=300, validators=[_checked_issuer])
    client_id = models.CharField(_("client id"), max_length=191)
    # Encrypted by a key from SECRET_KEY, since it goes to the provider as it is: `lib/sealing.py`.
    sealed_secret = models.TextField(blank=True, editable=False)
    email_domains = ArrayField(
        models.CharField(max_length=253, validators=[RegexValidator(r"^[a-z0-9.-]+\.[a-z0-9-]+\Z")]),
        verbose_name=_("e-mail domains"),
        help_text=_("what stands after @ in the addresses of its people, separated by commas, in lower case"),
    )
    is_required = models.BooleanField(
        _("people of the organisation sign in there only"), default=False, help_text=_("a password is then refused")
    )

    class Meta:
        verbose_name = _("single sign-on")
        verbose_name_plural = _("single sign-on")

    def __str__(self) -> str:
        return f"{self.organisation}: {self.host}"

    @property
    def host(self) -> str:
        return urlsplit(self.issuer).netloc

    @property
    def slug(self) -> str:
        """Names it in addresses and in allauth's rows."""
        return f"organisation-{self.organisation_id}"

    def clean(self) -> None:
        others = SignOnProvider.objects.filter(email_domains__overlap=self.email_domains or []).exclude(pk=self.pk)
        if others.exists():
            raise ValidationError({"email_domains": _("One of these domains belongs to another organisation.")})


def _full_scope() -> list[str]:
    return [Scope.ALL]


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(condition=pghistory.AnyChange("name", "scopes", "factory", "expiry")),
    pghistory.DeleteEvent(),
    # The digest is the key of the table: without it an event does not lead to its row, `token_key` does.
    exclude=["digest", "last_used_at", "session_hash"],
    obj_field=None,
    # Each sign-in by API makes a token: the audit log reads the newest of very many.
    meta={
        "indexes": [
            models.Index(fields=["pgh_created_at"], name="token_history_by_time"),
            models.Index(fields=["token_key"], name="token_history_by_key"),
        ]
    },
)
class ApiToken(AbstractAuthToken):
    """A hashed, expiring API token. Scopes and a factory can only narrow what its user may do.

    That of a sign-in ends as a browser session does. A named one stays, and its user is asked about it.
    """

    name = models.CharField(_("name"), max_length=80, blank=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), default=_full_scope)
    factory = models.ForeignKey("factories.Factory", models.CASCADE, null=True, blank=True, related_name="api_tokens")
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    is_sign_in = models.BooleanField(_("sign-in"), default=False)
    session_hash = models.CharField(max_length=64, editable=False)  # of its user, when it was made

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.shown_name}: {', '.join(self.scopes)}"

    @property
    def shown_name(self) -> str:
        """The token of a sign-in has no name: its first letters."""
        return self.name or self.token_key

    @property
    def is_of_password(self) -> bool:
        """Whether it was made since the user last changed the password or signed out everywhere."""
        return self.session_hash in self.user.session_hashes()
