"""`manage.py replay_events`: send events to endpoints again."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway.core.errors import DomainError, Invalid
from gateway.core.ids import from_public
from gateway.core.tenancy import Tenant
from gateway.events.models import Event
from merchants.models import Merchant
from webhooks.models import Endpoint
from webhooks.services.replay_events import replay_events


class Command(BaseCommand):
    """Replay by id, or by type and time range. Endpoints only: the gateway's own consumers see nothing of it."""

    help = (
        "Send events of a merchant to its webhook endpoints again, under the same webhook-id: by id, or by type and time."
        " Exit status 0: the last line says how many deliveries were started; 1: it was not finished,"
        " and why; asking again is safe."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Whose, which, where to."""
        parser.add_argument("merchant", help="the merchant's slug")
        parser.add_argument("--live", action="store_true", help="live mode (test mode without)")
        parser.add_argument("--event", action="append", metavar="evt_...", help="one event; may be repeated")
        parser.add_argument(
            "--type", action="append", metavar="payment.*", help="types to send; may be repeated; all without"
        )
        parser.add_argument(
            "--since",
            type=_moment,
            metavar="ISO",
            help="happened at or after, on the merchant's clock (UTC unless it says otherwise)",
        )
        parser.add_argument("--until", type=_moment, metavar="ISO", help="happened before")
        parser.add_argument("--endpoint", metavar="we_...", help="to this endpoint only")
        parser.add_argument("--undelivered", action="store_true", help="only what failed or was discarded")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Find the merchant, ask the service, report."""
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            message = f"no merchant has the slug {options['merchant']!r}"
            raise CommandError(message)
        if not (options["event"] or options["since"]):
            message = "say which: --event, or --since (and --until, --type)"
            raise CommandError(message)
        try:
            endpoint = options["endpoint"]
            started = replay_events(
                tenant=Tenant(merchant.id, livemode=options["live"]),
                event_ids=[from_public(Event.ID_PREFIX, text) for text in options["event"]]
                if options["event"]
                else None,
                types=options["type"] or ("*",),
                since=options["since"],
                until=options["until"],
                endpoint_id=from_public(Endpoint.ID_PREFIX, endpoint) if endpoint else None,
                undelivered_only=options["undelivered"],
            )
        except DomainError as error:
            errors = [found.message for found in error.errors] if isinstance(error, Invalid) else []
            raise CommandError("; ".join(errors) or error.detail) from error
        self.stdout.write(f"{started} deliveries started.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a moment like 2026-11-21T08:00:00Z"
        raise argparse.ArgumentTypeError(message) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
