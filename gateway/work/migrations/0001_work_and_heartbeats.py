"""Work, the sequence of lease epochs, heartbeats and periodic runs."""

import django.db.models.functions.datetime
from django.db import migrations, models

import gateway.core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        # A sequence, so that no epoch ever returns, not even after the row was deleted and written again.
        migrations.RunSQL("CREATE SEQUENCE work_epoch", "DROP SEQUENCE work_epoch"),
        migrations.CreateModel(
            name="PeriodicRun",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
            ],
            options={
                "db_table": "work_periodic",
            },
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("queues", models.JSONField(default=list)),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("beat_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "work_heartbeat",
            },
        ),
        migrations.CreateModel(
            name="Work",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.TextField()),
                ("subject_id", models.UUIDField()),
                ("queue", models.TextField()),
                ("merchant_id", models.UUIDField(null=True)),
                ("livemode", models.BooleanField(null=True)),
                ("request_id", models.TextField(blank=True, default="")),
                ("state", models.TextField(default="waiting")),
                ("run_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("strikes", models.PositiveIntegerField(default=0)),
                ("again", models.BooleanField(default=False)),
                ("lease_until", models.DateTimeField(null=True)),
                ("lease_epoch", models.BigIntegerField(null=True)),
                ("error", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name_plural": "work",
                "db_table": "work_work",
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["queue", "run_at"], name="work_due"),
                    models.Index(condition=models.Q(("state", "running")), fields=["lease_until"], name="work_leased"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "subject_id"), name="work_one_row_per_subject"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("waiting", "running", "quarantined"))),
                        name="work_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), _negated=True),
                            models.Q(("lease_epoch__isnull", False), ("lease_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="work_running_has_lease",
                    ),
                ],
            },
        ),
        # Rows live for moments: without eager vacuum the due-index fills with dead entries.
        migrations.RunSQL(
            "ALTER TABLE work_work SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, "
            "autovacuum_vacuum_threshold = 500)",
            migrations.RunSQL.noop,
        ),
    ]
