"""Forms of the pages about people. The rules are in the services."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.emails import has_proven
from accounts.grants import Grant, checked_grant, counties_of, factories_of, visible_factories
from accounts.models import Invitation, Membership, User
from accounts.roles import Role
from accounts.tokens import DEFAULT_DAYS, offered_scopes
from lib.errors import ApiError

WHOLE, FACTORY, COUNTY = "organisation", "factory-", "county-"


def show_errors(form: forms.BaseForm, error: ApiError, **renamed: str) -> None:
    """Show an error of the services beside the fields that it names; `renamed`: API field -> field of the form."""
    for name, errors in error.fields.items():
        field = renamed.get(name, name)
        for problem in errors:
            form.add_error(field if field in form.fields else None, problem["message"])
    if not error.fields:
        form.add_error(None, error.message)


class ContactField(forms.CharField):
    """A phone number or an e-mail address, as at sign-in."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Phone number or e-mail"))
        options.setdefault("help_text", gettext_lazy("A phone number from another country with its country code."))
        super().__init__(max_length=254, **options)


def split_contact(text: str) -> dict[str, str]:
    return {"email": text} if "@" in text else {"phone": text}


CONTACT_ERRORS = {"email": "contact", "phone": "contact"}


class PersonForm(forms.Form):
    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=80)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=80, required=False)
    contact = ContactField()


class AskForm(PersonForm):
    place = forms.CharField(label=gettext_lazy("Your factory or organisation"), max_length=120)
    message = forms.CharField(
        label=gettext_lazy("What you need it for"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class JoinForm(PersonForm):
    """A new account. A personal invitation already names the contact, so the form does not ask for it."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=1000,
        strip=False,
        help_text=gettext_lazy("At least 10 characters. A few words of your own are easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if invitation.email or invitation.phone:
            self.fields["contact"] = ContactField(
                initial=invitation.phone or invitation.email, disabled=True, help_text=""
            )


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    users: list[User]

    def clean_email(self) -> str:
        """No mail to an address that nobody proved, if the person can sign in without it: it may be mistyped."""
        email: str = super().clean_email()
        self.users = [user for user in self.users if not user.phone or has_proven(user, email)]
        return email


class NewPasswordForm(forms.Form):
    password = JoinForm.base_fields["password"]


class GrantForm(forms.Form):
    """A role and its place. The user manages the members of `organisation_id`."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)
    place = forms.ChoiceField(label=gettext_lazy("Where"))

    def __init__(self, *args: Any, organisation_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation_id = organisation_id
        place: Any = self.fields["place"]
        place.choices = _places(organisation_id, self.initial.get("place", ""))

    def grant_of(self, user: User) -> Grant:
        """Raises ApiError 400."""
        place = self.cleaned_data["place"]
        return checked_grant(
            user,
            role=self.cleaned_data["role"],
            organisation_id=self.organisation_id,
            factory_id=int(place.removeprefix(FACTORY)) if place.startswith(FACTORY) else None,
            county=place.removeprefix(COUNTY) if place.startswith(COUNTY) else "",
        )


GRANT_ERRORS = {"factory": "place", "county": "place", "organisation": "place"}


def _places(organisation_id: int, chosen: str) -> list[Any]:
    """Without archived factories, unless one is the place already."""
    every = [(f"{FACTORY}{f.pk}", f) for f in factories_of(organisation_id)]
    factories = [(code, f.name) for code, f in every if f.archived_at is None or code == chosen]
    counties = [(f"{COUNTY}{name}", name) for name in counties_of(organisation_id)]
    return [
        (_("One factory"), factories),
        (_("All factories of a county"), counties),
        (_("Everywhere"), [(WHOLE, _("The whole organisation"))]),
    ]


def place_of(membership: Membership) -> str:
    if membership.factory_id:
        return f"{FACTORY}{membership.factory_id}"
    return f"{COUNTY}{membership.county}" if membership.county else WHOLE


class InviteForm(GrantForm):
    contact = ContactField(
        required=False,
        label=gettext_lazy("Only for this phone number or e-mail"),
        help_text=gettext_lazy("If you leave this empty, anybody with the link can use it once."),
    )


class TokenForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("What it is for"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"), widget=forms.CheckboxSelectMultiple, initial=["read"]
    )
    factory = forms.TypedChoiceField(label=gettext_lazy("Where"), required=False, coerce=int, empty_value=None)
    days = forms.TypedChoiceField(label=gettext_lazy("Expires after"), coerce=int, initial=DEFAULT_DAYS)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(scope.value, scope.label) for scope in offered_scopes(user)]
        factory: Any = self.fields["factory"]
        factory.choices = [("", _("All factories that I see")), *((f.pk, f.name) for f in visible_factories(user))]
        days: Any = self.fields["days"]
        days.choices = [(n, _("%(count)d days") % {"count": n}) for n in (7, 30, DEFAULT_DAYS, 366)]


class SignOnForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address at work"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class AccountForm(forms.ModelForm):
    """What people change about themselves. Contacts and password have pages of their own, which ask who it is."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    class Meta:
        model = User
        fields = ["first_name", "last_name", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language: Any = self.fields["language"]
        language.choices = [("", _("That of the organisation")), *settings.LANGUAGES]


class AddPasskeyForm(AddWebAuthnForm):
    """allauth's form in plain words: a key signs in alone, unless it has neither PIN nor finger."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Where it is, to tell it from others: my phone, the office key."),
    )
    passwordless = forms.BooleanField(
        label=gettext_lazy("Sign in with it alone, without the password"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Untick it for a key that asks for neither PIN nor finger: it then follows the password."
        ),
    )
