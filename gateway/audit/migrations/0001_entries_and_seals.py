"""Audit entries by month, their queue and their seals."""

import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

import gateway.core.ids
from gateway.core.partitions import AppendOnly, CreatePartitionedModel, EnsurePartitions


class Migration(migrations.Migration):
    initial = True

    dependencies = [("core", "0001_database_functions")]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("previous", models.CharField(blank=True, max_length=64, unique=True)),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("entries", models.JSONField()),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "audit_seal",
            },
        ),
        migrations.CreateModel(
            name="Unsealed",
            fields=[
                ("entry_id", models.UUIDField(primary_key=True, serialize=False)),
                ("queued_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name_plural": "unsealed entries",
                "db_table": "audit_unsealed",
            },
        ),
        CreatePartitionedModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("merchant_id", models.UUIDField(null=True)),
                ("livemode", models.BooleanField(null=True)),
                ("actor_kind", models.TextField()),
                ("actor_id", models.TextField(blank=True)),
                ("request_id", models.TextField(blank=True)),
                ("action", models.TextField()),
                ("subject_type", models.TextField()),
                ("subject_id", models.TextField()),
                ("data", models.JSONField(default=dict)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "db_table": "audit_entry",
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "indexes": [
                    models.Index(fields=["merchant_id", "livemode", "-id"], name="audit_entry_of_merchant"),
                    models.Index(fields=["subject_type", "subject_id"], name="audit_entry_of_subject"),
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        EnsurePartitions("audit_entry", retention_months=84, append_only=True),
        AppendOnly("audit_seal"),
    ]
