"""An enforced foreign key to the account would lock its row in every posting; the check at commit looks instead."""

import django.db.models.deletion
from django.db import migrations, models

from gateway.core.partitions import AppendOnly

CHECK = """
CREATE OR REPLACE FUNCTION public.ledger_check_transaction() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    subject uuid;
    entries bigint;
    misplaced bigint;
    lopsided text;
BEGIN
    IF TG_TABLE_NAME = 'ledger_transaction' THEN
        subject := NEW.id;
    ELSE
        subject := NEW.transaction_id;
        IF NEW.id < public.ledger_floor(subject) THEN  -- it would hide from the look-ups below and from selectors
            RAISE EXCEPTION 'ledger entry % is older than its transaction', NEW.id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    SELECT count(*), count(*) FILTER (
        WHERE account.id IS NULL OR account.currency <> entry.currency OR account.livemode <> posted.livemode
           OR account.merchant_id <> posted.merchant_id
           OR (account.merchant_id IS NOT NULL AND posted.merchant_id IS NULL))
    INTO entries, misplaced
    FROM public.ledger_entry entry
    JOIN public.ledger_transaction posted ON posted.id = entry.transaction_id
    LEFT JOIN public.ledger_account account ON account.id = entry.account_id
    WHERE entry.transaction_id = subject AND entry.id >= public.ledger_floor(subject);
    IF misplaced > 0 THEN
        RAISE EXCEPTION 'ledger transaction % has entries whose account does not exist or is of another currency, mode '
            'or merchant', subject USING ERRCODE = 'check_violation';
    END IF;
    SELECT string_agg(currency, ', ') INTO lopsided
    FROM (SELECT currency FROM public.ledger_entry
          WHERE transaction_id = subject AND id >= public.ledger_floor(subject)
          GROUP BY currency
          HAVING sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) <> 0) AS sums;
    IF entries < 2 OR lopsided IS NOT NULL THEN
        RAISE EXCEPTION 'ledger transaction % does not balance (% entries, %)', subject, entries, lopsided
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- Accounts never change either. The app keeps UPDATE, which a row lock needs; the trigger refuses the update itself.
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON public.ledger_account
    FOR EACH ROW EXECUTE FUNCTION public.core_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION public.core_refuse_change();
DO $$
BEGIN
    IF public.core_app_role() <> current_user THEN
        EXECUTE format('REVOKE DELETE, TRUNCATE ON public.ledger_account FROM %I', public.core_app_role());
    END IF;
END
$$;
"""

UNDO = """
DROP TRIGGER append_only_rows ON public.ledger_account;
DROP TRIGGER append_only_truncate ON public.ledger_account;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_accounts_and_entries")]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="ledger.account",
            ),
        ),
        migrations.RunSQL(CHECK, UNDO),
        AppendOnly("ledger_checkpoint"),
    ]
