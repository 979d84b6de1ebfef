"""A business that takes payments."""

from datetime import timedelta
from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from gateway.core.tenancy import Identified


class FeeOnRefund(models.TextChoices):
    """What becomes of our fee when its payment is refunded."""

    KEEP = "keep", "We keep it"
    RETURN = "return", "It goes back in proportion"


class Merchant(Identified):
    """The tenant. Its settings hold in both modes; its test clock moves test mode only."""

    ID_PREFIX: ClassVar[str] = "mer"

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    country = models.CharField(max_length=2, default="DE")
    default_currency = models.CharField(max_length=3, default="EUR")
    statement_descriptor = models.CharField(max_length=22, blank=True)
    brand_color = models.CharField(
        max_length=7, default="#1f3a5f", validators=[RegexValidator(r"^#[0-9a-f]{6}$", "Write a colour as #rrggbb.")]
    )
    logo_text = models.CharField(max_length=24, blank=True)
    support_email = models.EmailField(blank=True)
    fee_basis_points = models.PositiveIntegerField(default=200)
    fee_fixed = models.BigIntegerField(default=0)
    fee_on_refund = models.CharField(max_length=8, choices=FeeOnRefund, default=FeeOnRefund.KEEP)
    test_clock_offset = models.DurationField(default=timedelta())
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(fee_basis_points__lte=10_000), name="merchant_fee_at_most_all"),
            models.CheckConstraint(condition=models.Q(fee_fixed__gte=0), name="merchant_fee_fixed_not_negative"),
            models.CheckConstraint(
                condition=models.Q(fee_on_refund__in=FeeOnRefund.values), name="merchant_fee_on_refund_known"
            ),
            models.CheckConstraint(condition=models.Q(country__regex=r"^[A-Z]{2}$"), name="merchant_country_iso"),
            models.CheckConstraint(
                condition=models.Q(default_currency__regex=r"^[A-Z]{3}$"), name="merchant_currency_iso"
            ),
            models.CheckConstraint(
                condition=models.Q(brand_color__regex=r"^#[0-9a-f]{6}$"), name="merchant_brand_color_hex"
            ),
        )

    def __str__(self) -> str:
        return self.name
