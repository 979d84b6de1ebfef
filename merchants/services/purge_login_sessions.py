"""Forget sessions that ended long ago."""

from datetime import timedelta

from django.utils import timezone

from merchants.models import LoginSession

KEEP_FOR = timedelta(days=30)


def purge_login_sessions() -> int:
    """Delete sessions that ran out 30 days ago or earlier; the audit log keeps that they were. Returns how many."""
    rows = LoginSession.objects.unscoped("housekeeping of every merchant's sessions")
    deleted, _ = rows.filter(expires_at__lt=timezone.now() - KEEP_FOR).delete()
    return deleted
