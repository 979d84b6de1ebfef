"""Take work back that is no longer wanted."""

from __future__ import annotations

from uuid import UUID

from gateway.work.models import Work


def cancel(*, kind: str, subject_id: UUID) -> None:
    """Forget this work. A run under way loses its row, and a transactional one rolls back."""
    Work.objects.filter(kind=kind, subject_id=subject_id).delete()
