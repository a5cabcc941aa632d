"""Shapes of requests, invitations, members and tokens in the API."""

from typing import Any

from rest_framework import serializers

from accounts.invitations import state_of
from accounts.models import AccessRequest, ApiToken, Invitation, Membership
from accounts.roles import Role
from accounts.tokens import DEFAULT_DAYS, LONGEST_DAYS, NAMED_SCOPES
from lib.phones import LONGEST_TYPED

ID: dict[str, Any] = {"min_value": 1, "max_value": 2**31 - 1}
PHONE_HELP = "as people write it; without country code of the organisation's country"
PERSON = ("email", "phone", "first_name", "last_name")
GRANT = ("role", "organisation", "factory", "county")


class NullIfEmptyField(serializers.CharField):
    """A text that is stored empty and shown as null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **options)

    def to_representation(self, value: Any) -> Any:
        return value or None


class ContactSerializer(serializers.Serializer[Any]):
    """E-mail or phone, at least one."""

    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TYPED, help_text=PHONE_HELP)


class PersonSerializer(ContactSerializer):
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=80, required=False, allow_blank=True)


class RegisterSerializer(PersonSerializer):
    """A request for access. It grants nothing; an HQ manager answers with an invitation."""

    organisation = serializers.CharField(max_length=120, help_text="organisation or factory, in your own words")
    message = serializers.CharField(max_length=500, required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "phone": "+254712345678",
                "first_name": "Chepkoech",
                "last_name": "Ruto",
                "organisation": "Litein Tea Factory",
                "message": "I keep the boiler log.",
            }
        }


class RegisteredSerializer(serializers.Serializer[Any]):
    """The same for everybody, so that nobody learns who has an account."""

    message = serializers.CharField()


class ApprovalSerializer(serializers.Serializer[Any]):
    """A role in a factory, in a county, or in the whole organisation."""

    role = serializers.ChoiceField(choices=Role.choices)
    factory = serializers.IntegerField(required=False, allow_null=True, help_text="id", **ID)
    county = serializers.CharField(required=False, allow_blank=True, max_length=80)

    class Meta:
        swagger_schema_fields = {"example": {"role": "factory_manager", "factory": 1}}


class GrantSerializer(ApprovalSerializer):
    organisation = serializers.IntegerField(
        required=False, help_text="id; default: the factory's, else your first", **ID
    )


class MemberChangeSerializer(ApprovalSerializer):
    """The new role and place. Fields that are left out stay."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)

    class Meta:
        swagger_schema_fields = {"example": {"role": "auditor", "factory": None, "county": ""}}


class NewInvitationSerializer(GrantSerializer, ContactSerializer):
    """A new invitation. Only the owner of its e-mail or phone can accept it; without these, anybody with the link."""

    class Meta:
        swagger_schema_fields = {"example": {"role": "factory_manager", "factory": 1, "phone": "+254712345678"}}


class RegistrationSerializer(serializers.ModelSerializer[AccessRequest]):
    """A request for access."""

    email = NullIfEmptyField()
    phone = NullIfEmptyField()

    class Meta:
        model = AccessRequest
        fields: Any = [
            "id",
            "state",
            *PERSON,
            "place",
            "message",
            "organisation",
            "created_at",
            "decided_by",
            "decided_at",
            "invitation",
        ]
        read_only_fields = fields


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation without its link, which is shown once, when it is made."""

    state = serializers.SerializerMethodField(
        help_text="open, accepted, revoked, expired or ended (its sender may no longer invite)"
    )
    email = NullIfEmptyField(help_text="only for this address")
    phone = NullIfEmptyField(help_text="only for this number")

    class Meta:
        model = Invitation
        fields: Any = [
            "id",
            "state",
            *GRANT,
            "email",
            "phone",
            "invited_by",
            "created_at",
            "expires_at",
            "accepted_by",
            "accepted_at",
            "revoked_at",
        ]
        read_only_fields = fields

    def get_state(self, invitation: Invitation) -> str:
        return state_of(invitation)


class InvitationWithLinkSerializer(InvitationSerializer):
    """An invitation with its link, which is shown only now and works once."""

    link = serializers.CharField(read_only=True)

    class Meta(InvitationSerializer.Meta):
        fields: Any = [*InvitationSerializer.Meta.fields, "link"]


class AcceptSerializer(PersonSerializer):
    """The token of the link and, without a token in the header, the new account."""

    token = serializers.CharField(max_length=100, help_text="what stands after /join/ in the link")
    password = serializers.CharField(
        max_length=1000, required=False, trim_whitespace=False, help_text="at least 10 characters"
    )

    class Meta:
        swagger_schema_fields = {
            "example": {
                "token": "lTk0rOQ7b5hZ2vUqEw1cXn8s3yGdAf4mJp6iVtSoRzM",
                "email": "chepkoech@tea.example",
                "first_name": "Chepkoech",
                "last_name": "Ruto",
                "password": "a long phrase of your own",
            }
        }


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A membership in an organisation whose members you manage."""

    email = serializers.CharField(source="user.email", allow_null=True)
    phone = serializers.CharField(source="user.phone", allow_null=True)
    first_name = serializers.CharField(source="user.first_name")
    last_name = serializers.CharField(source="user.last_name")
    last_login = serializers.DateTimeField(source="user.last_login", allow_null=True)

    class Meta:
        model = Membership
        fields: Any = ["id", "user", *PERSON, *GRANT, "created_at", "last_login"]
        read_only_fields = fields


class PasswordLinkSerializer(serializers.Serializer[Any]):
    """A link to set a new password. It is shown only now and works once, for 24 hours."""

    link = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """One of your tokens without its text, which is shown once, when it is made."""

    id = serializers.CharField(source="token_key", help_text="the first characters of the token")
    scopes = serializers.ListField(child=serializers.CharField())
    is_older_than_password = serializers.SerializerMethodField(
        help_text="made before the password was changed: revoke it if you do not know it"
    )

    class Meta:
        model = ApiToken
        fields: Any = [
            "id",
            "name",
            "scopes",
            "factory",
            "created",
            "expiry",
            "last_used_at",
            "is_sign_in",
            "is_older_than_password",
        ]
        read_only_fields = fields

    def get_is_older_than_password(self, token: ApiToken) -> bool:
        return not token.is_of_password


class ApiTokenWithTextSerializer(ApiTokenSerializer):
    """A new token with its text, which is shown only now."""

    token = serializers.CharField(help_text="send it as `Authorization: Token <token>`")

    class Meta(ApiTokenSerializer.Meta):
        fields: Any = [*ApiTokenSerializer.Meta.fields, "token"]


class NewTokenSerializer(serializers.Serializer[Any]):
    """A token for a program. It only reads by default, and never has more rights than you."""

    name = serializers.CharField(max_length=80, help_text="what it is for")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[scope.value for scope in NAMED_SCOPES]),
        required=False,
        allow_empty=False,
        max_length=len(NAMED_SCOPES),
        help_text="default: read",
    )
    factory = serializers.IntegerField(
        required=False, allow_null=True, help_text="id: only this one; default: all that you see", **ID
    )
    days = serializers.IntegerField(
        required=False, min_value=1, max_value=LONGEST_DAYS, help_text=f"it lasts; default {DEFAULT_DAYS}"
    )

    class Meta:
        swagger_schema_fields = {"example": {"name": "scada of Litein", "scopes": ["read"], "factory": 1}}
