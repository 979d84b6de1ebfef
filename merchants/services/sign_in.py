"""A person signs in over the API."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from gateway.audit.services.record import record
from gateway.core import context
from gateway.core.tenancy import Tenant
from merchants.errors import MerchantChoiceNeeded, WrongLogin
from merchants.models import LoginSession, Membership
from merchants.selectors.members import memberships_of, user_by_email


def sign_in(
    *,
    email: str,
    password: str,
    merchant_id: UUID | None,
    livemode: bool,
    refresh_jti: str,
    expires_at: datetime,
) -> LoginSession:
    """Check the password and open a session for one merchant and mode.

    Raises `WrongLogin` (also for an unknown address, after the same time), and `MerchantChoiceNeeded` when the person
    works for several merchants and named none.
    """
    user = user_by_email(email)
    if user is None:
        make_password(password)  # an unknown address takes as long as a wrong password
        raise WrongLogin
    if not user.check_password(password) or not user.is_active:
        raise WrongLogin
    membership = _chosen(list(memberships_of(user.id)), merchant_id)
    tenant = Tenant(membership.merchant_id, livemode)
    with transaction.atomic(), context.bound(actor=context.Actor("person", user.public_id)):
        session = LoginSession.objects.unscoped("a new session of this very tenant").create(
            merchant_id=tenant.merchant_id,
            livemode=livemode,
            user=user,
            refresh_jti=refresh_jti,
            expires_at=expires_at,
        )
        record(action="session.opened", subject_type="login_session", subject_id=session.id, tenant=tenant, data={})
    return session


def _chosen(memberships: list[Membership], merchant_id: UUID | None) -> Membership:
    if merchant_id is not None:
        memberships = [one for one in memberships if one.merchant_id == merchant_id]
        if not memberships:
            raise WrongLogin  # whether that merchant exists is nobody's business
    if len(memberships) != 1:
        raise MerchantChoiceNeeded(merchants=[one.merchant.public_id for one in memberships])
    return memberships[0]
