"""Refunds."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

import gateway.core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("merchants", "0001_merchants_users_and_keys"),
        ("payments", "0001_orders_payments_operations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("status", models.TextField(default="pending")),
                ("reason", models.TextField(blank=True, default="")),
                ("external", models.BooleanField(default=False)),
                ("failure", models.JSONField(blank=True, null=True)),
                ("provider_reference", models.TextField(blank=True, default="")),
                ("legs", models.JSONField(default=list)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("sends", models.PositiveIntegerField(default=0)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("unknown_since", models.DateTimeField(blank=True, null=True)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.order"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="payments.payment",
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
                "indexes": [
                    models.Index(fields=["merchant", "livemode", "-id"], name="refunds_refund_of_merchant"),
                    models.Index(fields=["payment", "id"], name="refunds_refund_of_payment"),
                    models.Index(
                        condition=models.Q(("status__in", ("pending", "processing"))),
                        fields=["id"],
                        name="refunds_refund_unfinished",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="refunds_refund_amount_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ("pending", "processing", "succeeded", "failed", "canceled"))
                        ),
                        name="refunds_refund_status_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("provider_reference", ""), _negated=True),
                        fields=("provider_account", "provider_reference"),
                        name="refunds_refund_reference_once",
                    ),
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
    ]
