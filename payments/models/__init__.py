"""One file per model; Django finds them here."""

from payments.models.anomaly import Anomaly
from payments.models.customer import Customer
from payments.models.operation import Operation
from payments.models.order import Order
from payments.models.payment import Payment
from payments.models.payment_method import PaymentMethod
from payments.models.provider_account import ProviderAccount
from payments.models.provider_reference import ProviderReference
from payments.models.token import Token

__all__ = [
    "Anomaly",
    "Customer",
    "Operation",
    "Order",
    "Payment",
    "PaymentMethod",
    "ProviderAccount",
    "ProviderReference",
    "Token",
]
