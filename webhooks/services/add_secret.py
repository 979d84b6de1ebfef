"""Give an endpoint one more signing secret."""

from __future__ import annotations

from gateway.core.ids import new_id
from gateway.core.secrets import seal
from webhooks.models import Endpoint, EndpointSecret


def add_secret(*, endpoint: Endpoint, secret: str) -> EndpointSecret:
    """Store a secret, sealed to its own row. The caller owns the transaction and shows the secret once."""
    row = EndpointSecret(id=new_id(), endpoint=endpoint)
    row.sealed = seal(secret, bound_to=row.bound_to)
    row.save(force_insert=True)
    return row
