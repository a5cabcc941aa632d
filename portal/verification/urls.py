"""Addresses of verification and disputes."""

from django.urls import path

from portal.verification import views

urlpatterns = [
    path("reports/<int:pk>/verification/", views.verification, name="report-verification"),
    path("reports/<int:pk>/links/", views.report_links, name="report-links"),
    path("r/<str:token>/", views.report_link, name="report-link"),
    path("disputes/", views.disputes, name="disputes"),
    path("disputes/new/", views.dispute_new, name="dispute-new"),
    path("disputes/<int:pk>/", views.dispute, name="dispute"),
]
