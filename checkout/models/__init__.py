"""The tables of checkout."""

from checkout.models.attempt import Attempt
from checkout.models.session import CheckoutSession

__all__ = ["Attempt", "CheckoutSession"]
