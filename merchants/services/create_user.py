"""A new person who may sign in."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from gateway.audit.services.record import record
from gateway.core.errors import FieldError, Invalid
from merchants.errors import EmailTaken
from merchants.models import User


def create_user(*, email: str, name: str, password: str, is_staff: bool = False, is_superuser: bool = False) -> User:
    """Create a person; they belong to no merchant yet (`add_member`).

    Raises `EmailTaken`, and `Invalid` for a password that `AUTH_PASSWORD_VALIDATORS` refuse.
    """
    user = User(email=User.objects.normalized(email), name=name, is_staff=is_staff, is_superuser=is_superuser)
    try:
        validate_password(password, user)
    except ValidationError as error:
        found = tuple(FieldError("password", one.code or "invalid", " ".join(one.messages)) for one in error.error_list)
        raise Invalid(errors=found) from error
    user.set_password(password)
    with transaction.atomic():
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:
            raise EmailTaken from error
        record(action="user.created", subject_type="user", subject_id=user.id, tenant=None, data={"is_staff": is_staff})
    return user
