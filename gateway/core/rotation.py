"""Seal again, with the current key, what an older key sealed: after a new key was put first into `ENCRYPTION_KEYS`.

`settings.SEALED_COLUMNS` names the columns as `app_label.Model.field`; each is bound to `app_label.Model:<id>`.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import models

from gateway.core.secrets import needs_rotation, seal, unseal


def sealed_with_older_keys() -> dict[str, int]:
    """How many values of each column wait for rotation."""
    return {column: sum(1 for _ in _waiting(column)) for column in settings.SEALED_COLUMNS}


def rotate(column: str) -> int:
    """Seal every waiting value of this column again; how many. Safe beside writers, other rotations and interruptions."""
    rows, field = _column(column)
    done = 0
    for row in _waiting(column):
        former = getattr(row, field)
        binding = f"{row._meta.label}:{row.pk}"
        renewed = seal(unseal(former, bound_to=binding), bound_to=binding)
        # Only while it is what we read: a value that was erased or replaced meanwhile must not come back.
        done += rows.filter(pk=row.pk, **{field: former}).update(**{field: renewed})
    return done


def _waiting(column: str) -> Iterator[models.Model]:
    rows, field = _column(column)
    for row in rows.exclude(**{field: ""}).only("pk", field).order_by("pk").iterator(chunk_size=500):
        if needs_rotation(getattr(row, field)):
            yield row


def _column(column: str) -> tuple[models.QuerySet[models.Model], str]:
    label, _, field = column.rpartition(".")
    return apps.get_model(label)._base_manager.all(), field
