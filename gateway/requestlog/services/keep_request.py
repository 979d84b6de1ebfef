"""Write one answered request into the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from gateway.core.personal import Json, has_personal, seal_personal
from gateway.core.principal import Principal
from gateway.core.redaction import redact_text
from gateway.requestlog.models import ApiRequest
from gateway.requestlog.rules import clear_form, kept_path, kept_query, serialised


def keep_request(
    *,
    method: str,
    path: str,
    query: str,
    status: int,
    elapsed_ms: int,
    request_id: str,
    idempotency_key: str,
    replayed: bool,
    principal: Principal | None,
    request: Json,
    response: Json,
    data_key_id: UUID | None,
) -> None:
    """Append the row. `request` and `response` are redacted documents (`rules.document_of`).

    Personal fields are kept only when `data_key_id` names the key of the person they are about, so that erasure reaches them.
    Of a request that nobody signed nothing is kept that its sender can make large: no bodies, no query.
    """
    error_code = _code_of(response) if status >= 400 else ""
    if principal is None:
        query, request, response = "", None, None
    sealed = None
    if data_key_id is not None and (has_personal(request) or has_personal(response)):
        sealed = seal_personal(data_key_id, serialised({"request": request, "response": response}).encode())
    ApiRequest(
        merchant_id=principal.tenant.merchant_id if principal else None,
        livemode=principal.tenant.livemode if principal else None,
        caller_class=principal.caller_class if principal else "",
        credential_id=principal.credential_id if principal else "",
        request_id=request_id,
        idempotency_key=redact_text(idempotency_key)[:300],
        replayed=replayed,
        method=method[:10],
        path=kept_path(path),
        query=kept_query(query),
        status=status,
        error_code=error_code,
        elapsed_ms=elapsed_ms,
        request_body=clear_form(request),
        response_body=clear_form(response),
        sealed_bodies=sealed,
        data_key_id=data_key_id if sealed is not None else None,
    ).save(force_insert=True)


def _code_of(response: Json) -> str:
    code: Any = response.get("code") if isinstance(response, Mapping) else None
    return code[:100] if isinstance(code, str) else ""
