"""The whole integration, outward: create an order, get back the page to send the customer to."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any


class GatewayError(Exception):
    """The gateway refused, or could not be reached. The message is the gateway's own `detail`."""


@dataclass(frozen=True)
class Gateway:
    """A client for the two calls a shop needs. `key_id` and `secret` come from the dashboard, under API keys."""

    url: str
    key_id: str
    secret: str

    def create_order(
        self, *, amount: int, currency: str, reference: str, line_items: list[dict[str, Any]], return_url: str
    ) -> dict[str, Any]:
        """Create an order of `amount` minor units. Asking twice with one `reference` is safe."""
        return self._post(
            "/api/v1/orders",
            {
                "amount": amount,
                "currency": currency,
                "reference": reference,
                "line_items": line_items,
                "return_url": return_url,
            },
            idempotency_key=f"shop-order-{reference}",
        )

    def _post(self, path: str, body: dict[str, Any], *, idempotency_key: str) -> dict[str, Any]:
        credentials = base64.b64encode(f"{self.key_id}:{self.secret}".encode()).decode()
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Basic {credentials}",
                "Content-Type": "application/json",
                "Idempotency-Key": idempotency_key,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read() or b"{}")
            raise GatewayError(problem.get("detail", f"the gateway answered {error.code}")) from error
        except (urllib.error.URLError, TimeoutError) as error:
            raise GatewayError("the gateway cannot be reached just now; try again") from error
