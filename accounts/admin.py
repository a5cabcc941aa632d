"""People in the admin site: users, memberships, tokens (never their secrets)."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import ReadOnlyPasswordHashField
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.emails import note_email
from accounts.grants import countries_of_organisations
from accounts.models import PHONE, AccessRequest, ApiToken, Invitation, Membership, SignOnProvider, User
from accounts.sign_on import forget_links
from lib.admin import ReadOnlyAdmin
from lib.phones import LONGEST_TYPED, one_number
from lib.sealing import seal, unseal


class ContactForm(forms.ModelForm):
    """A phone number in any spelling; without country code, where only one country of the organisations has it."""

    phone = forms.CharField(label=_("phone"), required=False, max_length=LONGEST_TYPED)

    def clean_email(self) -> str | None:
        return (self.cleaned_data["email"] or "").lower() or None

    def clean_phone(self) -> str | None:
        text = self.cleaned_data["phone"]
        number = one_number(text, countries_of_organisations()) if text else None
        if text and number is None:
            raise forms.ValidationError(PHONE.message)
        return number


class NewUserForm(ContactForm):
    """E-mail or phone, and a password that passes the rules."""

    password = forms.CharField(
        label=_("password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False
    )

    class Meta:
        model = User
        fields = ["email", "phone", "first_name", "last_name"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.instance)
        return password

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit=False)
        user.set_password(self.cleaned_data["password"])
        if commit:
            user.save()
        return user


class UserForm(ContactForm):
    password = ReadOnlyPasswordHashField(label=_("password"))

    class Meta:
        model = User
        fields = "__all__"


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form = UserForm
    add_form = NewUserForm
    list_display = ["__str__", "email", "phone", "is_active", "is_staff"]
    list_filter = ["is_active", "is_staff", "memberships__role"]
    search_fields = ["email", "phone", "first_name", "last_name"]
    ordering = ["id"]
    fieldsets = [
        (None, {"fields": ["email", "phone", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "language"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "phone", "first_name", "last_name", "password"]})]
    filter_horizontal = ()
    inlines = [MembershipInline]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new address is unproven until its owner signs in; the owner of the old one is told."""
        super().save_model(request, obj, form, change)
        old = form.initial.get("email") if change else None
        if obj.email == old:
            return
        note_email(obj)
        if old:
            emails = {"from_email": old, "to_email": obj.email or "-"}
            get_adapter().send_notification_mail("account/email/email_changed", obj, emails, old)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["user", "role", "organisation", "county", "factory"]
    list_filter = ["role", "organisation"]
    autocomplete_fields = ["user", "factory"]


class SignOnProviderForm(forms.ModelForm):
    secret = forms.CharField(
        label=_("client secret"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("stored encrypted and never shown; empty: as it is"),
    )

    class Meta:
        model = SignOnProvider
        fields = ["organisation", "issuer", "client_id", "secret", "email_domains", "is_required"]


@admin.register(SignOnProvider)
class SignOnProviderAdmin(admin.ModelAdmin):
    """Only the operator: this server calls the address, and believes what it says about people of the organisation."""

    form = SignOnProviderForm
    list_display = ["organisation", "host", "email_domains", "is_required"]
    readonly_fields = ["way_back"]
    actions = None  # "delete selected" would leave the links of people

    @admin.display(description=_("address of the way back, for the provider's settings"))
    def way_back(self, provider: SignOnProvider) -> str:
        return reverse("openid_connect_callback", args=[provider.slug]) if provider.pk else "-"

    def save_model(self, request: HttpRequest, obj: SignOnProvider, form: Any, change: bool) -> None:
        obj.sealed_secret = seal(form.cleaned_data["secret"] or unseal(obj.sealed_secret))  # by the newest key
        if {"issuer", "organisation"} & set(form.changed_data):
            forget_links(obj)
        obj.save()

    def delete_model(self, request: HttpRequest, obj: SignOnProvider) -> None:
        forget_links(obj)
        obj.delete()


# allauth's own tables of it stay empty.
admin.site.unregister([SocialApp, SocialToken])


class _LookAndDeleteAdmin(ReadOnlyAdmin):
    def has_delete_permission(self, *args: Any) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, *args)


@admin.register(ApiToken)
class ApiTokenAdmin(_LookAndDeleteAdmin):
    """Read and delete. A token is shown once when it is made; only its hash is stored."""

    list_display = ["token_key", "name", "user", "scopes", "factory", "created", "expiry", "last_used_at"]
    list_filter = ["user"]
    exclude = ["digest", "session_hash"]


@admin.register(Invitation)
class InvitationAdmin(_LookAndDeleteAdmin):
    list_display = ["role", "organisation", "factory", "invited_by", "expires_at", "accepted_by"]


@admin.register(AccessRequest)
class AccessRequestAdmin(admin.ModelAdmin):
    """A request may name no organisation. The operator then chooses one, and its HQ sees the request."""

    list_display = ["__str__", "place", "organisation", "state", "created_at", "decided_by"]
    list_filter = ["state", "organisation"]
    fields = ["first_name", "last_name", "email", "phone", "place", "message", "organisation", "state"]
    readonly_fields = ["first_name", "last_name", "email", "phone", "place", "message", "state"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
