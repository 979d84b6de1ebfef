"""Which of the two database roles does what."""

from typing import Any

from django.db.models import Model


class AppRoleRouter:
    """Everything reads and writes as the app's role; the owner's is for `migrate` and for who names it with `using`."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return "default"

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return "default"

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool:
        return True  # both roles see the same database
