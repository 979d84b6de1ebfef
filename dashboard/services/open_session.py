"""A person signs in to the dashboard."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db import transaction

from gateway.audit.services.record import record
from gateway.core import context
from gateway.core.tenancy import Tenant
from merchants.errors import WrongLogin
from merchants.models import User
from merchants.selectors.members import memberships_of, user_by_email


def open_session(*, email: str, password: str) -> User:
    """The person with this address and password; the sign-in is in the audit log of the merchant they land at.

    Raises `WrongLogin`, for an unknown address too, after the same time.
    """
    person = user_by_email(email)
    if person is None:
        make_password(password)  # an unknown address takes as long as a wrong password
        raise WrongLogin
    if not person.check_password(password) or not person.is_active:
        raise WrongLogin
    first = memberships_of(person.id).first()
    tenant = Tenant(first.merchant_id, livemode=False) if first else None
    with transaction.atomic(), context.bound(actor=context.Actor("person", person.public_id)):
        record(action="session.opened", subject_type="user", subject_id=person.id, tenant=tenant, data={})
    return person
