"""Events, append-only and partitioned by month, and their consumptions."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

import gateway.core.ids
from gateway.core.partitions import CreatePartitionedModel, EnsurePartitions


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_database_functions"),
        ("merchants", "0001_merchants_users_and_keys"),
    ]

    operations = [
        CreatePartitionedModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("type", models.CharField(max_length=64)),
                ("subject_type", models.CharField(max_length=32)),
                ("subject_id", models.UUIDField()),
                ("timestamp", models.DateTimeField(help_text="When it happened, on the merchant's clock.")),
                ("api_version", models.CharField(max_length=10)),
                ("amount", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("status", models.CharField(blank=True, max_length=32)),
                ("body", models.TextField()),
                ("sealed_body", models.BinaryField(null=True)),
                ("data_key_id", models.UUIDField(null=True)),
                ("request_id", models.CharField(blank=True, max_length=128)),
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
            name="Consumption",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("consumer", models.CharField(max_length=64)),
                ("consumed_at", models.DateTimeField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="events.event",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["merchant", "livemode", "id"], name="events_event_merchant"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["subject_id", "id"], name="events_event_subject"),
        ),
        migrations.AddConstraint(
            model_name="consumption",
            constraint=models.UniqueConstraint(fields=("event", "consumer"), name="events_consumption_unique"),
        ),
        EnsurePartitions("events_event", retention_months=4, append_only=True),
    ]
