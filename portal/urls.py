"""Addresses of the pages across apps."""

from django.urls import path

from portal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("factories/", views.network, name="network"),
    path("factories/new/", views.factory_new, name="factory-new"),
    path("factories/<int:pk>/", views.factory, name="factory"),
    path("organisation/new/", views.organisation_new, name="organisation-new"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("language/", views.set_language, name="set_language"),
]
