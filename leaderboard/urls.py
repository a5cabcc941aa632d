"""The address of the leaderboard's page."""

from django.urls import path

from leaderboard import views

urlpatterns = [path("leaderboard/", views.leaderboard_view, name="leaderboard")]
