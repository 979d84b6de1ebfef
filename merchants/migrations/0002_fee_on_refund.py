from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0001_merchants_users_and_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="merchant",
            name="fee_on_refund",
            field=models.CharField(
                choices=[("keep", "We keep it"), ("return", "It goes back in proportion")], default="keep", max_length=8
            ),
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_on_refund__in", ["keep", "return"])), name="merchant_fee_on_refund_known"
            ),
        ),
    ]
