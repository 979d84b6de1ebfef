"""Refunds whose outcome comes later: what is due, and what came of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bank", "0002_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="failure_code",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="refund",
            name="key",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="refund",
            name="next_status",
            field=models.CharField(
                blank=True,
                choices=[("pending", "Pending"), ("succeeded", "Succeeded"), ("failed", "Failed")],
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="succeeded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="webhook_faults",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="journalentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("authorize", "Authorize"),
                    ("capture", "Capture"),
                    ("void", "Void"),
                    ("refund", "Refund"),
                    ("refund_returned", "Refund Returned"),
                    ("decline", "Decline"),
                    ("tombstone", "Tombstone"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="refund",
            name="status",
            field=models.CharField(
                choices=[("pending", "Pending"), ("succeeded", "Succeeded"), ("failed", "Failed")],
                default="succeeded",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="refund_due"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at__isnull", True), ("next_status", "")),
                    models.Q(("due_at__isnull", False), models.Q(("next_status", ""), _negated=True)),
                    _connector="OR",
                ),
                name="refund_due_with_what_comes",
            ),
        ),
    ]
