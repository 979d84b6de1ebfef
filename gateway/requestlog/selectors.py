"""Reading the log of a merchant's requests."""

from __future__ import annotations

import json
from uuid import UUID

from django.db.models import QuerySet

from gateway.core.errors import NotFound
from gateway.core.personal import Json, unseal_personal
from gateway.core.tenancy import Tenant
from gateway.requestlog.models import ApiRequest


def list_requests(tenant: Tenant) -> QuerySet[ApiRequest]:
    """This merchant's requests in this mode, newest first; the caller filters and pages."""
    return ApiRequest.objects.for_merchant(tenant).order_by("-id")


def get_request(tenant: Tenant, row_id: UUID) -> ApiRequest:
    """One request of this merchant. Raises `NotFound`."""
    row = ApiRequest.objects.for_merchant(tenant).filter(id=row_id).first()
    if row is None:
        raise NotFound
    return row


def bodies(row: ApiRequest) -> tuple[Json, Json]:
    """The documents of request and answer: in full, or without personal data where that was erased or never kept."""
    if row.sealed_bodies is not None and row.data_key_id is not None:
        full = unseal_personal(row.data_key_id, bytes(row.sealed_bodies))
        if full is not None:
            both = json.loads(full)
            return both["request"], both["response"]
    return _document(row.request_body), _document(row.response_body)


def _document(text: str) -> Json:
    document: Json = json.loads(text) if text else None
    return document
