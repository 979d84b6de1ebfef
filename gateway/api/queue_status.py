"""`GET /api/v1/queue/status`: how the durable work is doing."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.api.views import GatewayView
from gateway.work.selectors import queue_status


class QueueShown(serializers.Serializer[Any]):
    """One queue."""

    queue = serializers.CharField()
    due = serializers.IntegerField(help_text="Rows that a worker should take now.")
    running = serializers.IntegerField()
    retrying = serializers.IntegerField(help_text="Rows that failed and wait for their next attempt.")
    quarantined = serializers.IntegerField(help_text="Rows that wait for a person.")
    oldest_age_s = serializers.FloatField(help_text="How long the oldest due row has been waiting; 0 when none is.")
    workers_alive = serializers.IntegerField()


class QueueStatusShown(serializers.Serializer[Any]):
    """All queues."""

    object = serializers.ChoiceField(choices=["queue_status"])
    scope = serializers.ChoiceField(choices=["merchant", "installation"])
    queues = QueueShown(many=True)


class QueueStatus(GatewayView):
    """The queues, counting this merchant's work in this mode; staff of the installation see everybody's."""

    required_permission = "queue:read"

    @extend_schema(operation_id="get_queue_status", responses={200: QueueStatusShown})
    def get(self, request: Request) -> Response:
        """How the queues are doing."""
        sees_all = self.principal.sees_all_tenants
        return self.answer(
            {
                "object": "queue_status",
                "scope": "installation" if sees_all else "merchant",
                "queues": [dict(queue) for queue in queue_status(None if sees_all else self.tenant)],
            }
        )
