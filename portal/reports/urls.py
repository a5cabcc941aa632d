"""Addresses of the pages about reports. What is verified and unsubscribed needs no sign-in."""

from django.urls import path

from portal.reports import public_views, views

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("reports/new/", views.report_new, name="report-new"),
    path("reports/batch/", views.report_batch_new, name="report-batch-new"),
    path("reports/batch/<int:pk>/", views.report_batch, name="report-batch"),
    path("reports/recipients/", views.report_recipients, name="report-recipients"),
    path("reports/verify/", public_views.report_verify, name="report-verify"),
    path("reports/unsubscribe/<slug:token>/", public_views.report_unsubscribe, name="report-unsubscribe"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("reports/<int:pk>/sign/", views.report_sign, name="report-sign"),
    path(".well-known/carbontrack-report-keys.json", public_views.report_keys, name="report-keys"),
]
