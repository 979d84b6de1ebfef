from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0002_fee_on_refund"),
        ("payments", "0002_voids_that_call_off_a_challenge"),
        ("refunds", "0001_refunds"),
    ]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="fee_legs",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="refund",
            name="fee_returned",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="refund",
            name="look_again_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="returns_fee",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("look_again_at__isnull", False)),
                fields=["look_again_at"],
                name="refunds_refund_look_again",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_returned__gte", 0)), name="refunds_refund_fee_not_negative"
            ),
        ),
    ]
