"""Addresses of the pages about people: asking for access, joining, members, tokens. Sign-in is allauth's."""

from django.urls import path

from accounts import account_views, member_views, sign_in_views, views

urlpatterns = [
    path("register/", views.ask_for_access, name="ask-for-access"),
    path("join/<str:token>/", views.join, name="join"),
    path("password-link/<str:token>/", views.password_link, name="password-link"),
    path("single-sign-on/", sign_in_views.sign_on, name="sign-on"),
    path("account/", account_views.account, name="account"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/keep/", views.keep_tokens, name="tokens-keep"),
    path("tokens/<str:token_key>/revoke/", views.revoke_token, name="token-revoke"),
    path("members/", member_views.members, name="members"),
    path("members/invite/", member_views.invite, name="member-invite"),
    path("members/sign-in/", sign_in_views.sign_in_rules, name="sign-in-rules"),
    path("members/<int:pk>/", member_views.member, name="member"),
    path("members/<int:pk>/undo/", member_views.undo, name="member-undo"),
    path("members/requests/<int:pk>/", member_views.request_for_access, name="access-request"),
    path("members/invitations/<int:pk>/revoke/", member_views.revoke, name="invitation-revoke"),
]
