"""A person who signs in."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from gateway.core.tenancy import Identified


class UserManager(BaseUserManager["User"]):
    """Finds people by their address in any case; `create_superuser` is what Django's command of that name calls."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this address."""
        return self.get(email=self.normalized(username or ""))

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who may do everything on the staff pages."""
        user = self.model(email=self.normalized(email), **{"is_staff": True, "is_superuser": True} | fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @staticmethod
    def normalized(email: str) -> str:
        """The one spelling under which an address is stored."""
        return email.strip().lower()


class User(Identified, AbstractBaseUser, PermissionsMixin):
    """A person; belongs to merchants by membership. `is_staff` opens the staff pages of this installation."""

    ID_PREFIX: ClassVar[str] = "usr"
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """In one transaction with what a new password ends (`merchants.handlers`)."""
        with transaction.atomic():
            super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        """What Django's own pages greet with."""
        return self.name

    def get_short_name(self) -> str:
        """The first word of the name."""
        return self.name.split(" ")[0]
