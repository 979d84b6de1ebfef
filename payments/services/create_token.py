"""Exchange payment details for a token. The details go to the provider's tokenisation call and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from gateway.audit.services.record import record
from gateway.core.crashpoints import reach
from gateway.core.errors import FieldError, Invalid
from gateway.core.secrets import keyed_digest
from gateway.core.tenancy import Tenant
from payments.errors import MethodRefused, ProviderUnavailable
from payments.models import ProviderAccount, Token
from payments.providers.base import CardInput, MethodInput, NotDone, OutcomeUnknown, Refused, TokenizedMethod, UpiInput
from payments.providers.registry import get_provider
from payments.rules.cards import check_card
from payments.rules.upi import is_vpa
from payments.selectors.provider_accounts import credentials_of
from payments.services.route_payment import route_payment

TOKEN_LIFE = timedelta(minutes=15)


def create_token(*, tenant: Tenant, method: CardInput | UpiInput, now: datetime) -> Token:
    """Check the details, hand them to the provider, keep its reference for 15 minutes of real time, for one use.

    Raises `Invalid` naming the field (nothing is kept then), `NoProviderAccount`, or `ProviderUnavailable`. No transaction
    may be open: the provider is asked.
    """
    check_method(method)
    account = route_payment(tenant=tenant)
    reach("tokens.before_send")
    kept = tokenize(account, method)
    reach("tokens.after_answer")
    token = Token(
        merchant_id=tenant.merchant_id,
        livemode=tenant.livemode,
        type=kept.type,
        provider_account=account,
        provider_reference=kept.reference,
        details=shown_details(account, kept),
        fingerprint=method_fingerprint(account, kept),
        created_at=now,
        expires_at=timezone.now() + TOKEN_LIFE,
    )
    with transaction.atomic():
        token.save(force_insert=True)
        record(
            action="token.create", subject_type="token", subject_id=token.id, tenant=tenant, data={"type": token.type}
        )
        reach("tokens.before_commit")
    reach("tokens.after_commit")
    return token


def check_method(method: CardInput | UpiInput) -> None:
    """Raise the `Invalid` that names the wrong field."""
    if isinstance(method, CardInput):
        check_card(
            method.number,
            exp_month=method.exp_month,
            exp_year=method.exp_year,
            cvc=method.cvc,
            now=timezone.now(),
        )
    elif not is_vpa(method.vpa):
        raise Invalid.field("upi.vpa", "invalid_vpa", "Not a UPI address, like name@bank.")


def tokenize(account: ProviderAccount, method: MethodInput) -> TokenizedMethod:
    """Ask the provider to keep the details. Its errors are told without their cause, which has seen the details."""
    try:
        return get_provider(account.provider).tokenize(credentials_of(account), method)
    except Refused as refusal:
        errors = (FieldError(refusal.field, refusal.code, refusal.message),) if refusal.field else ()
        problem: Exception = MethodRefused(refusal.message or None, errors=errors)
    except (NotDone, OutcomeUnknown):
        problem = ProviderUnavailable()
    raise problem


def shown_details(account: ProviderAccount, kept: TokenizedMethod) -> dict[str, object]:
    """The masked form that everybody may see."""
    return {**kept.details, "fingerprint": method_fingerprint(account, kept)}


def method_fingerprint(account: ProviderAccount, kept: TokenizedMethod) -> str:
    """The same for the same card at the same merchant and mode; tells nothing about it to anybody else."""
    scope = f"{account.merchant_id}:{account.livemode}"
    return keyed_digest("payments.method_fingerprint", f"{scope}:{kept.type}:{kept.fingerprint}")
