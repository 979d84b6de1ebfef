"""Endpoints, deliveries, their attempts (append-only, partitioned by month) and the inbox of provider events."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.db import migrations, models

import gateway.core.ids
from gateway.core.partitions import CreatePartitionedModel, EnsurePartitions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_database_functions"),
        ("events", "0001_events"),
        ("merchants", "0001_merchants_users_and_keys"),
        ("payments", "0001_orders_payments_operations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("url", models.TextField()),
                ("description", models.TextField(blank=True, default="")),
                ("enabled_events", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("filter_since", models.DateTimeField(default=django.utils.timezone.now)),
                ("status", models.TextField(default="enabled")),
                ("disabled_reason", models.TextField(blank=True, default="")),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("event_type", models.TextField()),
                ("sequence", models.BigIntegerField()),
                ("status", models.TextField(default="pending")),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("round_attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("in_flight_since", models.DateTimeField(blank=True, null=True)),
                ("response_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True, default="")),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="events.event",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="webhooks.endpoint",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="EndpointCounter",
            fields=[
                (
                    "endpoint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="counter",
                        serialize=False,
                        to="webhooks.endpoint",
                    ),
                ),
                ("last_sequence", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="EndpointHealth",
            fields=[
                (
                    "endpoint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="health",
                        serialize=False,
                        to="webhooks.endpoint",
                    ),
                ),
                ("consecutive_failures", models.PositiveIntegerField(default=0)),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                ("slowed_until", models.DateTimeField(blank=True, null=True)),
                ("last_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
                ("last_response_status", models.PositiveSmallIntegerField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="EndpointSecret",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sealed", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="secrets",
                        to="webhooks.endpoint",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InboxEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("provider", models.TextField()),
                ("event_id", models.TextField()),
                ("type", models.TextField()),
                ("payment_reference", models.TextField(blank=True, default="")),
                ("operation_id", models.TextField(blank=True, default="")),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("state", models.TextField(default="received")),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                ("payment_id", models.UUIDField(blank=True, null=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "provider_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.provideraccount"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        CreatePartitionedModel(
            name="DeliveryAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("number", models.PositiveIntegerField()),
                ("started_at", models.DateTimeField()),
                ("elapsed_ms", models.PositiveIntegerField(null=True)),
                ("url", models.TextField()),
                ("request_headers", models.JSONField()),
                ("response_status", models.PositiveSmallIntegerField(null=True)),
                ("response_headers", models.JSONField(default=dict)),
                ("response_body", models.TextField(blank=True, default="")),
                ("error_code", models.TextField(blank=True, default="")),
                ("error", models.TextField(blank=True, default="")),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tries",
                        to="webhooks.delivery",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "indexes": [models.Index(fields=["delivery", "id"], name="webhooks_attempt_of_delivery")],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name="endpoint",
            index=models.Index(fields=["merchant", "livemode", "-id"], name="webhooks_endpoint_of_merchant"),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ("enabled", "paused", "disabled", "deleted"))),
                name="webhooks_endpoint_status_known",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["endpoint", "-id"], name="webhooks_delivery_newest"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["merchant", "livemode", "-id"], name="webhooks_delivery_of_merchant"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status__in", ("pending", "delivering"))),
                fields=["endpoint"],
                name="webhooks_delivery_unfinished",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("endpoint", "event"), name="webhooks_delivery_once_per_event"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("endpoint", "sequence"), name="webhooks_delivery_sequence_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("sequence__gt", 0)), name="webhooks_delivery_sequence_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ("pending", "delivering", "delivered", "failed", "discarded"))),
                name="webhooks_delivery_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "delivered"), _negated=True), ("delivered_at__isnull", False), _connector="OR"
                ),
                name="webhooks_delivered_has_time",
            ),
        ),
        migrations.AddIndex(
            model_name="endpointsecret",
            index=models.Index(fields=["endpoint", "id"], name="webhooks_secret_of_endpoint"),
        ),
        migrations.AddIndex(
            model_name="inboxevent",
            index=models.Index(fields=["merchant", "livemode", "-id"], name="webhooks_inbox_of_merchant"),
        ),
        migrations.AddIndex(
            model_name="inboxevent",
            index=models.Index(
                condition=models.Q(("state", "received")), fields=["id"], name="webhooks_inbox_unprocessed"
            ),
        ),
        migrations.AddConstraint(
            model_name="inboxevent",
            constraint=models.UniqueConstraint(
                fields=("provider", "provider_account", "event_id"), name="webhooks_inbox_event_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="inboxevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("received", "processed", "abandoned"))),
                name="webhooks_inbox_state_known",
            ),
        ),
        EnsurePartitions("webhooks_deliveryattempt", retention_months=4, append_only=True),
    ]
