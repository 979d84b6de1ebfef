"""What follows when something happens to a person, whoever did it."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from merchants.models import User
from merchants.services.end_sessions_of import end_sessions_of


class SessionsEndWithThePassword:
    """One of `AUTH_PASSWORD_VALIDATORS`: Django tells each of them that a new password was saved, by a page or a command.

    `User.save` puts the saving and this into one transaction.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Any password will do."""

    def password_changed(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Whoever signed in with the old one is out."""
        if isinstance(user, User):
            end_sessions_of(user_id=user.id, reason="password_changed")

    def get_help_text(self) -> str:
        """What the form for a new password says."""
        return "Every open session of the person ends."
