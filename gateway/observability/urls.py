"""Health and metrics."""

from django.urls import path

from gateway.observability import views

app_name = "observability"
urlpatterns = [
    path("health", views.deep_health, name="health"),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("metrics", views.prometheus, name="metrics"),
]
