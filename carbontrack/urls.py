"""The table of contents of every URL. Who may open each stands in tests/test_access.py."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from carbontrack.health import healthz, readyz
from carbontrack.metrics import metrics

admin.autodiscover()
# Sign-in to the admin site goes through ours: rate limits and the second factor hold there too.
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
