"""The names of the integration layer (`/api/payments/...`): thin routes to the same services as `/api/v1/`."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from drf_spectacular.utils import extend_schema, extend_schema_view

from gateway.api.problems import problem_response
from gateway.core.errors import NotFound
from payments.api.integration import ConfirmPayment, InitiatePayment, PaymentByTransaction
from payments.models import ProviderAccount
from refunds.api.refunds import RefundsView
from refunds.api.serializers import RefundInput
from webhooks.api.inbox import receive

_PROVIDER = "simulated_bank"


@csrf_exempt
@require_POST
def demo_provider_webhook(request: HttpRequest) -> HttpResponse:
    """The provider webhook of the demo merchant's default account at the simulated bank."""
    rows = ProviderAccount.objects.unscoped("the route names the demo merchant; the signature is checked next")
    account = rows.filter(
        merchant__slug=settings.DEMO_MERCHANT_SLUG, livemode=False, provider=_PROVIDER, is_default=True
    ).first()
    if account is None:
        return problem_response(NotFound())
    answer: HttpResponse = receive(request, _PROVIDER, account.public_id)
    return answer


@extend_schema_view(post=extend_schema(operation_id="refund_by_transaction", request=RefundInput))
class RefundByTransaction(RefundsView):
    """`POST /api/payments/refund`: the payment may be named `transactionId`."""

    http_method_names = ["post", "options"]

    @property
    def json(self) -> dict[str, Any]:
        """The body, with the payment under its present name."""
        body = dict(super().json)
        if "transactionId" in body and "payment" not in body:
            body["payment"] = body.pop("transactionId")
        return body


urlpatterns: list[URLPattern | URLResolver] = [
    path("webhook", demo_provider_webhook),
    path("initiate", InitiatePayment.as_view()),
    path("confirm", ConfirmPayment.as_view()),
    path("refund", RefundByTransaction.as_view()),
    path("<str:payment>", PaymentByTransaction.as_view()),
]
