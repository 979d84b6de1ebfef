from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_posting_locks_no_account"),
        ("merchants", "0001_merchants_users_and_keys"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="account",
            name="ledger_account_type",
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "type__in",
                        [
                            "authorizations_receivable",
                            "authorizations_payable",
                            "provider_clearing",
                            "merchant_pending",
                            "merchant_available",
                            "merchant_receivable",
                            "merchant_reserve",
                            "gateway_fees",
                            "refunds_in_transit",
                            "disputes_held",
                            "payouts_in_transit",
                            "cash",
                            "provider_fees",
                            "suspense",
                            "write_offs",
                        ],
                    )
                ),
                name="ledger_account_type",
            ),
        ),
    ]
