"""Paths below `/api/v1/`."""

from django.urls import path

from merchants.api.keys import ApiKeyDetail, ApiKeyRevocation, ApiKeyRotation, ApiKeys

urlpatterns = [
    path("api_keys", ApiKeys.as_view()),
    path("api_keys/<str:api_key>", ApiKeyDetail.as_view()),
    path("api_keys/<str:api_key>/rotate", ApiKeyRotation.as_view()),
    path("api_keys/<str:api_key>/revoke", ApiKeyRevocation.as_view()),
]
