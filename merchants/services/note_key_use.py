"""Last use of a key, cheaply."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from merchants.models import ApiKey, PublishableKey

AT_MOST_EVERY = timedelta(minutes=1)


def note_key_use(*, key: ApiKey | PublishableKey) -> None:
    """Write when the key was last used, at most once a minute, whoever else does the same."""
    moment = timezone.now()
    if not _is_due(key.last_used_at, moment):
        return
    rows = type(key).objects.unscoped("the key that was just authenticated").filter(pk=key.pk)
    rows.filter(Q(last_used_at=None) | Q(last_used_at__lt=moment - AT_MOST_EVERY)).update(last_used_at=moment)


def _is_due(last: datetime | None, moment: datetime) -> bool:
    return last is None or last < moment - AT_MOST_EVERY
