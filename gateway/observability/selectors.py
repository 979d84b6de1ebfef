"""How the truths were found the last time."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings

from gateway.observability.models import InvariantRun


def violations_by_truth() -> dict[str, float]:
    """The violations that the last run of each truth of this release found; a truth that never ran is not there."""
    names = [import_module(path).NAME for path in settings.INVARIANTS]
    return dict(InvariantRun.objects.filter(name__in=names).values_list("name", "violations"))
