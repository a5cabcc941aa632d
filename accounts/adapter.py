"""Adapts allauth to our users: the phone number is a column of the user, and sign-up needs an invitation."""

import logging
import math
from collections.abc import Mapping
from threading import Thread
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import clear_authentication_records, get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from django import forms
from django.contrib import messages
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import attempts, sign_on
from accounts.emails import must_prove_email
from accounts.grants import countries_of_organisations
from accounts.models import PHONE, User
from accounts.permissions import user_of
from accounts.tokens import to_look_at
from lib.limits import TooOftenError
from lib.phones import LONGEST_TYPED, possible_numbers

logger = logging.getLogger(__name__)

MAIL_THREAD = "mail"


def phones_at_sign_in(text: str) -> list[str]:
    """The numbers that a typed login can mean, in the countries of all organisations: nobody is known yet."""
    return [] if "@" in text else possible_numbers(text[:LONGEST_TYPED], countries_of_organisations())


class PhoneField(forms.CharField):
    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not phones_at_sign_in(text):
            raise ValidationError(PHONE.message, code="invalid")
        return text


def _account(credentials: Mapping[str, Any]) -> str:
    """One count for all spellings of a number, and of an address."""
    login = credentials.get("email") or credentials.get("phone") or credentials.get("username") or ""
    return next(iter(phones_at_sign_in(login)), login.strip().lower())


class ProveEmailStage(EmailVerificationStage):
    def handle(self) -> Any:
        return super().handle() if must_prove_email(self.login.user) else (None, True)


def _deliver(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:  # of the network, and of SMTP
        logger.error("a mail was not sent: %s", type(error).__name__)


class AccountAdapter(DefaultAccountAdapter):
    def get_login_stages(self) -> list[str]:
        ours = f"{__name__}.{ProveEmailStage.__name__}"
        return [ours if stage.endswith(".EmailVerificationStage") else stage for stage in super().get_login_stages()]

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """An address is changed, not removed: allauth would store an empty one."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In a thread: an answer that took as long as the mail server, or failed with it, would tell that the address
        has an account."""
        context = {"request": self.request, "email": email, "current_site": get_current_site(self.request)} | context
        Thread(target=_deliver, name=MAIL_THREAD, args=[self.render_mail(template_prefix, email, context)]).start()

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **login: Any) -> HttpResponse:
        """To the tokens, if a new password asks about some, also where another page was asked for."""
        response: HttpResponse = super().post_login(request, user, **login)
        return redirect("tokens") if to_look_at(user).exists() else response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """There is a message to show. allauth would show the empty form again."""
        return reverse("tokens" if to_look_at(user_of(request)).exists() else "home")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Instead of allauth's count, which locks an account for everybody after five wrong passwords of a stranger."""
        try:
            self._attempt = attempts.begin(_account(credentials), self.get_client_ip(request))
        except TooOftenError as error:
            words = self.error_messages["too_many_login_attempts"]
            params = {"retry_after_s": math.ceil(error.wait_s)}
            raise ValidationError(words, code="too_many_login_attempts", params=params) from None

    def _rollback_login_failed_rl_usage(self) -> None:
        self._attempt.was_right()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        attempts.forget(_account(credentials), self.get_client_ip(request))

    def pre_login(self, request: HttpRequest, user: Any, **login: Any) -> HttpResponse | None:
        """Where single sign-on is required, neither a password nor a passkey of ours is enough."""
        methods = [record["method"] for record in get_authentication_records(request, user)]
        if methods[-1:] != ["socialaccount"] and sign_on.is_required(user):
            clear_authentication_records(request)
            messages.error(request, sign_on.words())
            return redirect("sign-on")
        response: HttpResponse | None = super().pre_login(request, user, **login)
        return response

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        return (user.phone, True) if user.phone else None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        user.phone = phone
        user.save(update_fields=["phone"])

    def set_phone_verified(self, user: Any, phone: str) -> None:
        """Numbers come from an HQ manager with the invitation, so they are verified from the start."""

    def get_user_by_phone(self, phone: str) -> User | None:
        """The person with this number, as typed. Two in different countries have to write the country code."""
        users = list(User.objects.filter(phone__in=phones_at_sign_in(phone))[:2])
        return users[0] if len(users) == 1 else None

    def phone_form_field(self, **kwargs: Any) -> forms.Field:
        """Any spelling: allauth's own field takes only +254712345678, and would look for a user name."""
        return PhoneField(**kwargs)

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:
        raise NotImplementedError("no SMS gateway is configured; phone accounts come by invitation")
