"""Accounts, transactions, entries and checkpoints; balance is checked by the database when it commits."""

import django.db.models.deletion
from django.db import migrations, models

import gateway.core.ids
from gateway.core.partitions import AppendOnly, CreatePartitionedModel, EnsurePartitions

# A transaction is checked when it commits: at its own insert (it needs entries) and at each entry's (they must balance).
# Entries are looked up from an hour before the transaction's id on, so that old partitions are not opened.
CHECKS = """
CREATE FUNCTION public.ledger_floor(id uuid) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint - 3600000), 12, '0')
            || '00000000000000000000')::uuid
$$;
CREATE FUNCTION public.ledger_check_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject uuid;
    entries bigint;
    lopsided text;
BEGIN
    IF TG_TABLE_NAME = 'ledger_transaction' THEN
        subject := NEW.id;
    ELSE
        subject := NEW.transaction_id;
        IF NEW.currency <> (SELECT currency FROM public.ledger_account WHERE id = NEW.account_id) THEN
            RAISE EXCEPTION 'ledger entry % is in another currency than its account', NEW.id
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    SELECT sum(count), string_agg(currency, ', ') FILTER (WHERE difference <> 0) INTO entries, lopsided
    FROM (SELECT currency, count(*) AS count, sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) AS difference
          FROM public.ledger_entry
          WHERE transaction_id = subject AND id >= public.ledger_floor(subject) GROUP BY currency) AS sums;
    IF coalesce(entries, 0) < 2 OR lopsided IS NOT NULL THEN
        RAISE EXCEPTION 'ledger transaction % does not balance (% entries, %)', subject, coalesce(entries, 0), lopsided
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_transaction_balances AFTER INSERT ON public.ledger_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_check_transaction();
CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT ON public.ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_check_transaction();
"""

DROP_CHECKS = """
DROP TRIGGER ledger_entry_balances ON public.ledger_entry;
DROP TRIGGER ledger_transaction_balances ON public.ledger_transaction;
DROP FUNCTION public.ledger_check_transaction();
DROP FUNCTION public.ledger_floor(uuid);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_database_functions"),
        ("merchants", "0001_merchants_users_and_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("provider_account_id", models.UUIDField(null=True)),
                ("type", models.CharField(max_length=32)),
                ("currency", models.CharField(max_length=3)),
                ("livemode", models.BooleanField()),
                (
                    "merchant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchants.merchant",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("through_id", models.UUIDField()),
                ("debits_less_credits", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checkpoints",
                        to="ledger.account",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Transaction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("source_type", models.CharField(max_length=32)),
                ("source_id", models.UUIDField()),
                ("event", models.CharField(max_length=100)),
                ("livemode", models.BooleanField()),
                ("description", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(help_text="When it happened, on the merchant's clock.")),
                (
                    "merchant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchants.merchant",
                    ),
                ),
            ],
        ),
        CreatePartitionedModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("direction", models.CharField(max_length=6)),
                ("amount", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="ledger.account",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="ledger.transaction"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                fields=("merchant", "provider_account_id", "type", "currency", "livemode"),
                name="ledger_account_unique",
                nulls_distinct=False,
            ),
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
                        ],
                    )
                ),
                name="ledger_account_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkpoint",
            constraint=models.UniqueConstraint(fields=("account", "through_id"), name="ledger_checkpoint_unique"),
        ),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.UniqueConstraint(
                fields=("source_type", "source_id", "event"), name="ledger_transaction_source"
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["account", "id"], name="ledger_entry_account"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="ledger_entry_amount"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction__in", ["debit", "credit"])), name="ledger_entry_direction"
            ),
        ),
        EnsurePartitions("ledger_entry", retention_months=None, append_only=True),
        AppendOnly("ledger_transaction"),
        migrations.RunSQL(CHECKS, DROP_CHECKS),
    ]
