from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_when_an_attempt_was_queued"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_payment_id", None), ("next_queued_at", None)),
                    models.Q(("next_payment_id__isnull", False), ("next_queued_at__isnull", False)),
                    _connector="OR",
                ),
                name="order_queued_with_its_time",
            ),
        ),
    ]
