"""The table of all URLs. tests/test_access.py says who may open each."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.account_views import RemovePasskeyView
from accounts.sign_in_views import way_back
from carbontrack.health import healthz, readyz
from carbontrack.metrics import metrics
from carbontrack.security import security_txt

admin.autodiscover()
# The admin site uses our sign-in, so rate limits and the second factor apply there too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

to_account = RedirectView.as_view(pattern_name="account")

urlpatterns = [
    path("api/", include("carbontrack.api")),
    # Before allauth's own of the same names: its two lists of second factors are on the account page.
    path("accounts/2fa/", login_required(to_account), name="mfa_index"),
    path("accounts/2fa/webauthn/", login_required(to_account), name="mfa_list_webauthn"),
    path("accounts/2fa/webauthn/keys/<int:pk>/remove/", RemovePasskeyView.as_view(), name="mfa_remove_webauthn"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    # Of single sign-on only the way back. allauth's other pages sign people up and join accounts to providers.
    path("accounts/oidc/<str:provider_id>/login/callback/", way_back, name="openid_connect_callback"),
    path("accounts/oidc/", RedirectView.as_view(pattern_name="sign-on"), name="socialaccount_login_cancelled"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path(".well-known/security.txt", security_txt, name="security-txt"),
    path("", include("accounts.urls")),
    path("", include("leaderboard.urls")),
    path("", include("portal.urls")),
]
handler400 = "lib.errors.bad_request"
handler500 = "lib.errors.server_error"
