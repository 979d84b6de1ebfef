"""Paths of webhook endpoints, deliveries and events, below `/api/v1/`."""

from django.urls import path

from webhooks.api import deliveries, endpoints, events

urlpatterns = [
    path("webhook_endpoints", endpoints.EndpointsView.as_view()),
    path("webhook_endpoints/<str:endpoint>", endpoints.EndpointView.as_view()),
    path("webhook_endpoints/<str:endpoint>/rotate_secret", endpoints.RotateSecretView.as_view()),
    path("webhook_endpoints/<str:endpoint>/test", endpoints.TestEventView.as_view()),
    path("webhook_endpoints/<str:endpoint>/deliveries", deliveries.EndpointDeliveriesView.as_view()),
    path("deliveries", deliveries.DeliveriesView.as_view()),
    path("deliveries/<str:delivery>", deliveries.DeliveryView.as_view()),
    path("deliveries/<str:delivery>/retry", deliveries.RetryDeliveryView.as_view()),
    path("events", events.EventsView.as_view()),
    path("events/replay", events.ReplayEventsView.as_view()),
    path("events/<str:event>", events.EventView.as_view()),
    path("events/<str:event>/replay", events.ReplayEventView.as_view()),
]
