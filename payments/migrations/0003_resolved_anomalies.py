from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0001_merchants_users_and_keys"),
        ("payments", "0002_voids_that_call_off_a_challenge"),
    ]

    operations = [
        migrations.AddField(
            model_name="anomaly",
            name="posting",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="anomaly",
            name="resolved_by",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddConstraint(
            model_name="anomaly",
            constraint=models.CheckConstraint(
                condition=models.Q(("resolved_at", None), models.Q(("resolution", ""), _negated=True), _connector="OR"),
                name="anomaly_resolved_with_its_reason",
            ),
        ),
    ]
