"""Addresses of the pages across apps."""

from django.urls import path

from portal import first_call, morning_views, today_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("morning/", morning_views.morning, name="morning"),
    path("morning/<int:pk>/asked/", morning_views.remind, name="morning-remind"),
    path("factories/", views.network, name="network"),
    path("factories/new/", views.factory_new, name="factory-new"),
    path("factories/<int:pk>/", views.factory, name="factory"),
    path("factories/<int:pk>/today/", today_views.today, name="today"),
    path("factories/<int:pk>/log/", today_views.log, name="log"),
    path("factories/<int:pk>/log/<uuid:save_id>/", today_views.log_saved, name="log-saved"),
    path("factories/<int:pk>/log/<uuid:save_id>/undo/", today_views.log_undo, name="log-undo"),
    path("factories/<int:pk>/month/", today_views.month, name="month"),
    path("factories/<int:pk>/month/<str:month>/", today_views.month, name="month"),
    path("factories/<int:pk>/entries/<int:entry_id>/", today_views.entry, name="entry"),
    path("factories/<int:pk>/production/<int:entry_id>/", today_views.production_entry, name="production-entry"),
    path("organisation/new/", views.organisation_new, name="organisation-new"),
    path("integrate/", first_call.first_call, name="first-call"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("language/", views.set_language, name="set_language"),
]
