"""A new tenant."""

from django.db import IntegrityError, transaction

from gateway.audit.services.record import record
from merchants.errors import SlugTaken
from merchants.models import Merchant


def create_merchant(
    *,
    name: str,
    slug: str,
    country: str = "DE",
    default_currency: str = "EUR",
    statement_descriptor: str = "",
    brand_color: str = "#1f3a5f",
    logo_text: str = "",
    support_email: str = "",
    fee_basis_points: int = 200,
    fee_fixed: int = 0,
) -> Merchant:
    """Create a merchant. Raises `SlugTaken` when the short name is in use."""
    merchant = Merchant(
        name=name,
        slug=slug,
        country=country,
        default_currency=default_currency,
        statement_descriptor=statement_descriptor,
        brand_color=brand_color,
        logo_text=logo_text,
        support_email=support_email,
        fee_basis_points=fee_basis_points,
        fee_fixed=fee_fixed,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                merchant.save(force_insert=True)
        except IntegrityError as error:
            if Merchant.objects.filter(slug=slug).exists():
                raise SlugTaken from error
            raise
        record(
            action="merchant.created",
            subject_type="merchant",
            subject_id=merchant.id,
            tenant=None,
            data={"slug": slug, "country": country, "default_currency": default_currency},
        )
    return merchant
