"""Proof of e-mail addresses: allauth's table says whether the owner of `User.email` typed in a code mailed to it."""

from allauth.account.models import EmailAddress
from django.db.models import QuerySet

from accounts.models import User


def note_email(user: User, *, is_proven: bool = False) -> None:
    """Keep allauth's table in step with a new `user.email`."""
    EmailAddress.objects.filter(user=user).delete()
    if user.email:
        EmailAddress.objects.create(user=user, email=user.email.lower(), primary=True, verified=is_proven)


def proven_addresses() -> QuerySet[EmailAddress]:
    """In lower case, like all of allauth's table."""
    rows: QuerySet[EmailAddress] = EmailAddress.objects.filter(verified=True)
    return rows


def has_proven(user: User, email: str) -> bool:
    return proven_addresses().filter(user=user, email=email.lower()).exists()


def must_prove_email(user: User) -> bool:
    """Whether sign-in asks for the code first. Phone numbers are proven by nobody, so one is enough."""
    return not user.phone and not has_proven(user, user.email or "")
