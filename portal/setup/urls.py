"""Addresses of the pages that set a site up."""

from django.urls import path

from portal.setup import views

urlpatterns = [
    path("factories/new/", views.sector, name="factory-new"),
    path("factories/new/<slug:code>/", views.new_place, name="setup-new-place"),
    path("factories/<int:pk>/setup/", views.summary, name="setup"),
    path("factories/<int:pk>/setup/place/", views.place, name="setup-place"),
    path("factories/<int:pk>/setup/sources/", views.sources, name="setup-sources"),
    path("factories/<int:pk>/setup/sources/new/<slug:kind>/", views.source, name="setup-source-new"),
    path("factories/<int:pk>/setup/sources/<int:source_id>/", views.source, name="setup-source"),
    path("factories/<int:pk>/setup/sources/<int:source_id>/end/", views.source_end, name="setup-source-end"),
    path("factories/<int:pk>/setup/chimneys/", views.chimneys, name="setup-chimneys"),
    path("factories/<int:pk>/setup/chimneys/new/", views.chimney, name="setup-chimney-new"),
    path("factories/<int:pk>/setup/chimneys/<int:chimney_id>/", views.chimney, name="setup-chimney"),
    path(
        "factories/<int:pk>/setup/chimneys/<int:chimney_id>/archive/",
        views.chimney_archive,
        name="setup-chimney-archive",
    ),
    path("factories/<int:pk>/setup/units/", views.units, name="setup-units"),
    path("factories/<int:pk>/setup/limits/", views.limits, name="setup-limits"),
    path("factories/<int:pk>/setup/archive/", views.archive, name="setup-archive"),
    path("factories/<int:pk>/events/", views.events, name="site-events"),
    path("factories/<int:pk>/events/<int:event_id>/archive/", views.event_archive, name="site-event-archive"),
]
