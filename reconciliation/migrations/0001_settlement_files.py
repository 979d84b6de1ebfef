"""Settlement files and lines."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.manager
from django.db import migrations, models

import gateway.core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("merchants", "0001_merchants_users_and_keys"),
        ("payments", "0003_resolved_anomalies"),
    ]

    operations = [
        migrations.CreateModel(
            name="SettlementFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("external_id", models.CharField(max_length=255)),
                ("date", models.DateField()),
                ("state", models.CharField(default="listed", max_length=12)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("line_count", models.PositiveIntegerField(default=0)),
                ("difference_count", models.PositiveIntegerField(default=0)),
                ("totals", models.JSONField(default=dict)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("listed_at", models.DateTimeField()),
                ("fetched_at", models.DateTimeField(null=True)),
                ("imported_at", models.DateTimeField(null=True)),
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
        migrations.CreateModel(
            name="SettlementLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("number", models.PositiveIntegerField()),
                ("type", models.CharField(max_length=64)),
                ("provider_object", models.CharField(max_length=255)),
                ("our_id", models.CharField(blank=True, max_length=255)),
                ("provider_payment", models.CharField(blank=True, max_length=255)),
                ("payment_public_id", models.CharField(blank=True, max_length=255)),
                ("currency", models.CharField(max_length=3)),
                ("gross", models.BigIntegerField()),
                ("fee", models.BigIntegerField()),
                ("net", models.BigIntegerField()),
                ("occurred_at", models.DateTimeField()),
                ("state", models.CharField(default="pending", max_length=12)),
                ("is_duplicate", models.BooleanField(default=False)),
                ("expected", models.BigIntegerField(default=0)),
                ("posted_at", models.DateTimeField(null=True)),
                ("subject_type", models.CharField(blank=True, max_length=20)),
                ("subject_id", models.UUIDField(null=True)),
                ("payment_id", models.UUIDField(null=True)),
                ("transaction_id", models.UUIDField(null=True)),
                ("anomaly_id", models.UUIDField(null=True)),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="reconciliation.settlementfile",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="merchants.merchant"
                    ),
                ),
                (
                    "provider_account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.provideraccount",
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
        migrations.AddIndex(
            model_name="settlementfile",
            index=models.Index(fields=["merchant", "livemode", "-id"], name="settlement_file_of_merchant"),
        ),
        migrations.AddIndex(
            model_name="settlementfile",
            index=models.Index(
                condition=models.Q(("state__in", ("listed", "unreadable", "importing"))),
                fields=["provider_account", "id"],
                name="settlement_file_unfinished",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementfile",
            constraint=models.UniqueConstraint(fields=("provider_account", "external_id"), name="settlement_file_once"),
        ),
        migrations.AddConstraint(
            model_name="settlementfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("listed", "unreadable", "importing", "imported"))),
                name="settlement_file_state",
            ),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["file", "number"], name="settlement_line_pending"
            ),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(
                condition=models.Q(("subject_id__isnull", False)),
                fields=["subject_id"],
                name="settlement_line_of_subject",
            ),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(
                condition=models.Q(("payment_id__isnull", False)),
                fields=["payment_id"],
                name="settlement_line_of_payment",
            ),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(
                condition=models.Q(("anomaly_id__isnull", False)),
                fields=["anomaly_id"],
                name="settlement_line_of_anomaly",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.UniqueConstraint(fields=("file", "number"), name="settlement_line_once"),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_duplicate", False), models.Q(("state", "pending"), _negated=True)),
                fields=("provider_account", "type", "provider_object"),
                name="settlement_movement_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("pending", "matched", "different"))), name="settlement_line_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("net", django.db.models.expressions.CombinedExpression(models.F("gross"), "-", models.F("fee")))
                ),
                name="settlement_line_net",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "pending"),
                    models.Q(("posted_at__isnull", False), ("transaction_id__isnull", False)),
                    _connector="OR",
                ),
                name="settlement_line_posted",
            ),
        ),
    ]
