"""The table of all URLs. tests/test_access.py says who may open each."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from carbontrack.health import healthz, readyz
from carbontrack.metrics import metrics

admin.autodiscover()
# The admin site uses our sign-in, so rate limits and the second factor apply there too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("api/", include("carbontrack.api")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("accounts.urls")),
    path("", include("leaderboard.urls")),
    path("", include("portal.urls")),
]
