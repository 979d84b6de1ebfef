"""The journal is append-only and no key is ever forgotten: the database refuses anything else."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION bank_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is kept for ever', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER bank_journal_append_only BEFORE UPDATE OR DELETE ON bank_journal
    FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_journal_no_truncate BEFORE TRUNCATE ON bank_journal
    FOR EACH STATEMENT EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_request_key_kept BEFORE DELETE ON bank_request_key
    FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_request_key_no_truncate BEFORE TRUNCATE ON bank_request_key
    FOR EACH STATEMENT EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_request_key_tombstone_stays BEFORE UPDATE ON bank_request_key
    FOR EACH ROW WHEN (OLD.tombstone_at IS NOT NULL AND NEW.tombstone_at IS DISTINCT FROM OLD.tombstone_at)
    EXECUTE FUNCTION bank_refuse_change();
"""
BACKWARD = """
DROP TRIGGER bank_journal_append_only ON bank_journal;
DROP TRIGGER bank_journal_no_truncate ON bank_journal;
DROP TRIGGER bank_request_key_kept ON bank_request_key;
DROP TRIGGER bank_request_key_no_truncate ON bank_request_key;
DROP TRIGGER bank_request_key_tombstone_stays ON bank_request_key;
DROP FUNCTION bank_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("bank", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
