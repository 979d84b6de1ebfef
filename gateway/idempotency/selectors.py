"""Reading stored answers."""

from __future__ import annotations

from gateway.core.personal import unseal_personal
from gateway.idempotency.models import IdempotencyKey
from gateway.idempotency.rules import Answer


def stored_answer(row: IdempotencyKey) -> Answer:
    """The answer of a finished key, as it is sent again: in full, or without personal data once that was erased."""
    assert row.status is not None and row.body is not None
    body = bytes(row.body)
    if row.sealed_body is not None and row.data_key_id is not None:
        body = unseal_personal(row.data_key_id, bytes(row.sealed_body)) or body
    return Answer(status=row.status, body=body, content_type=row.content_type, replayed=True)
