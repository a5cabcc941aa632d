"""Addresses of the pages about notices."""

from django.urls import path

from portal.notices import views

urlpatterns = [
    path("account/notices/", views.my_notices, name="my-notices"),
    path("account/notices/<int:pk>/", views.my_channel, name="my-channel"),
    path("organisation/notices/", views.organisation_notices, name="organisation-notices"),
    path("organisation/notices/gateways/<int:pk>/remove/", views.gateway_remove, name="gateway-remove"),
    path("organisation/notices/shifts/new/", views.shift, name="shift-new"),
    path("organisation/notices/shifts/<int:pk>/", views.shift, name="shift"),
    path("notices/", views.deliveries, name="notices"),
    path("a/<str:token>/", views.alarm_link, name="alarm-link"),
]
