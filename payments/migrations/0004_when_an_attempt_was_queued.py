from django.db import migrations, models

# How long these have waited is not known: nobody is charged for them.
LONG_AGO = "UPDATE payments_order SET next_queued_at = 'epoch' WHERE next_payment_id IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0003_resolved_anomalies"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="next_queued_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(LONG_AGO, migrations.RunSQL.noop),
    ]
