"""The style page without a backend: `python -m tests.style_page [port]`. Only templates and static files run."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from wsgiref.simple_server import make_server

import django
from django import forms
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]


def sample() -> dict[str, object]:
    """One of everything that the page shows."""
    from django.utils import timezone

    now = timezone.now()

    class Refund(forms.Form):
        amount = forms.CharField(label="Amount", widget=forms.TextInput({"class": "input", "inputmode": "decimal"}))
        reason = forms.ChoiceField(
            label="Reason",
            choices=[("", "Choose"), ("a", "Asked by customer")],
            widget=forms.Select({"class": "input"}),
        )
        note = forms.CharField(
            label="Note",
            required=False,
            help_text="Only your team sees it.",
            widget=forms.TextInput({"class": "input"}),
        )

    states = [
        "succeeded",
        "processing",
        "requires_action",
        "requires_capture",
        "failed",
        "canceled",
        "expired",
        "created",
        "unknown",
    ]
    methods = ["Visa •••• 4242", "Mastercard •••• 4444", "UPI su•••@upi", "Amex •••• 0005"]
    links = [("Home", "house"), ("Payments", "credit-card"), ("Orders", "receipt-text"), ("Refunds", "undo-2")]
    developer = [("API keys", "key-round"), ("Webhooks", "webhook"), ("Events", "activity")]
    return {
        "merchant_name": "Lumen Supply Co.",
        "merchant_home_url": "#",
        "test_mode": True,
        "user_name": "owner@demo.test",
        "sign_out_url": "#",
        "navigation": [
            {
                "title": title,
                "links": [
                    {
                        "label": label,
                        "url": "#",
                        "icon": shape,
                        "current": label == "Payments",
                    }
                    for label, shape in group
                ],
            }
            for title, group in [("", links), ("Developers", developer)]
        ],
        "states": states,
        "rows": [
            {
                "amount": amount,
                "currency": currency,
                "status": states[index % len(states)],
                "method": methods[index % len(methods)],
                "order": f"LS-{10482 - index}",
                "created": now - timedelta(minutes=7**index // 3),
            }
            for index, (amount, currency) in enumerate(
                [
                    (4999, "EUR"),
                    (129900, "EUR"),
                    (850, "EUR"),
                    (249900, "INR"),
                    (1200, "JPY"),
                    (76050, "EUR"),
                    (9900, "USD"),
                ]
            )
        ],
        "entries": [
            {
                "tone": "success",
                "icon": "circle-check",
                "title": "Payment succeeded",
                "moment": now,
                "details": ["Captured EUR 49.99."],
            },
            {
                "tone": "danger",
                "icon": "circle-x",
                "title": "Declined: insufficient funds",
                "moment": now - timedelta(minutes=2),
                "details": ["Visa •••• 9995. The customer was asked for another method."],
            },
            {
                "tone": "neutral",
                "icon": "circle-dashed",
                "title": "Order created",
                "moment": now - timedelta(minutes=5),
                "details": [],
            },
        ],
        "form": Refund({"amount": "", "reason": "a"}),
    }


def main(port: int) -> None:
    """Serve the page until interrupted."""
    settings.configure(
        DEBUG=True,
        SECRET_KEY="only-for-the-style-page",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        STATIC_URL="/static/",
        STATICFILES_DIRS=[ROOT / "static"],
        INSTALLED_APPS=["django.contrib.staticfiles", "django_htmx", "gateway.core"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOT / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
    )
    django.setup()
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.shortcuts import render
    from django.urls import path

    globals()["urlpatterns"] = [path("", lambda request: render(request, "style.html", sample()))]
    with make_server("127.0.0.1", port, StaticFilesHandler(WSGIHandler())) as server:
        print(f"http://127.0.0.1:{port}/")
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
