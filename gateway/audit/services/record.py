"""Say who did what, in the transaction of what was done."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from gateway.audit.models import AuditEntry, Unsealed
from gateway.core import context
from gateway.core.personal import Json, replace_personal
from gateway.core.secrets import keyed_digest
from gateway.core.tenancy import Tenant


def record(
    *,
    action: str,
    subject_type: str,
    subject_id: UUID | str,
    tenant: Tenant | None,
    data: dict[str, Any] | None = None,
) -> None:
    """Write one audit entry; call it at the end of the service, with events and postings.

    `action` is `<object>.<verb>`. The actor and the request come from the context. Personal values in `data` are
    replaced by keyed digests; never pass a secret.
    """
    present = context.current()
    plain: Json = json.loads(json.dumps(data or {}, cls=DjangoJSONEncoder))
    with transaction.atomic():
        entry = AuditEntry(
            merchant_id=tenant.merchant_id if tenant else None,
            livemode=tenant.livemode if tenant else None,
            actor_kind=present.actor.kind,
            actor_id=present.actor.id,
            request_id=present.request_id,
            action=action,
            subject_type=subject_type,
            subject_id=str(subject_id),
            data=replace_personal(plain, _digest),
            recorded_at=timezone.now(),
        )
        entry.save(force_insert=True)
        Unsealed(entry_id=entry.id).save(force_insert=True)


def _digest(value: Json) -> Json:
    return keyed_digest("audit.value", json.dumps(value, sort_keys=True))
