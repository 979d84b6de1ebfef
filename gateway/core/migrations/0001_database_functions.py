"""Append-only triggers, the app role's name, and the one function that makes and retires partitions."""

from django.conf import settings
from django.db import migrations

FUNCTIONS = """
CREATE TABLE public.core_partitioned_table (
    table_name text PRIMARY KEY,
    retention_months integer CHECK (retention_months >= 3),  -- NULL: kept for ever
    append_only boolean NOT NULL
);

-- The smallest UUIDv7 of a moment: what gateway.core.ids.lowest_id_at() makes.
CREATE FUNCTION public.core_lowest_id_at(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

CREATE FUNCTION public.core_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

-- TRUNCATE triggers do not reach partitions, so every partition gets its own here when it is made.
CREATE FUNCTION public.core_make_append_only(relation regclass, with_row_trigger boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF with_row_trigger THEN
        EXECUTE format('CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON %s '
                       'FOR EACH ROW EXECUTE FUNCTION public.core_refuse_change()', relation);
    END IF;
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION public.core_refuse_change()', relation);
    IF public.core_app_role() <> current_user THEN
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON %s FROM %I', relation, public.core_app_role());
    END IF;
END
$$;
REVOKE ALL ON FUNCTION public.core_make_append_only(regclass, boolean) FROM PUBLIC;

-- Makes the missing partitions of every registered table, 3 months back to 3 ahead, and drops those whose every row is
-- older than the table's retention. `only_drop` names one partition to drop instead, and is refused when it is younger.
CREATE FUNCTION public.core_maintain_partitions(only_drop text DEFAULT NULL)
RETURNS TABLE (action text, partition_name text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
SET timezone = 'UTC'
AS $$
DECLARE
    registered record;
    child record;
    month timestamptz;
    this_month CONSTANT timestamptz := date_trunc('month', clock_timestamp());
    name text;
    found_drop boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('core_maintain_partitions', 0));
    FOR registered IN SELECT * FROM public.core_partitioned_table ORDER BY table_name LOOP
        IF only_drop IS NULL THEN
            FOR step IN -3..3 LOOP
                month := this_month + make_interval(months => step);
                name := registered.table_name || to_char(month, '"_y"YYYY"m"MM');
                IF to_regclass(format('public.%I', name)) IS NOT NULL THEN
                    CONTINUE;
                END IF;
                -- Made beside the parent and attached: CREATE ... PARTITION OF would lock readers of the parent out.
                EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', name, registered.table_name);
                EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                               registered.table_name, name, public.core_lowest_id_at(month),
                               public.core_lowest_id_at(month + interval '1 month'));
                IF public.core_app_role() <> current_user THEN  -- reached through the parent only
                    EXECUTE format('REVOKE ALL ON public.%I FROM %I', name, public.core_app_role());
                    EXECUTE format('GRANT SELECT ON public.%I TO %I', name, public.core_app_role());
                END IF;
                IF registered.append_only THEN
                    PERFORM public.core_make_append_only(format('public.%I', name)::regclass, false);
                END IF;
                action := 'created';
                partition_name := name;
                RETURN NEXT;
            END LOOP;
        END IF;
        FOR child IN
            SELECT c.relname AS name, to_timestamp(substring(c.relname FROM '_y(\\d{4}m\\d{2})$'), 'YYYY"m"MM') AS month
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = format('public.%I', registered.table_name)::regclass
            ORDER BY c.relname
        LOOP
            IF only_drop IS NOT NULL AND child.name <> only_drop THEN
                CONTINUE;
            END IF;
            found_drop := found_drop OR only_drop IS NOT NULL;
            IF registered.retention_months IS NULL OR child.month IS NULL OR child.month + interval '1 month'
                > clock_timestamp() - make_interval(months => registered.retention_months)
            THEN
                IF only_drop IS NOT NULL THEN
                    RAISE EXCEPTION '% is younger than the retention of %: not dropped', child.name,
                        registered.table_name USING ERRCODE = 'restrict_violation';
                END IF;
                CONTINUE;
            END IF;
            EXECUTE format('DROP TABLE public.%I', child.name);
            action := 'dropped';
            partition_name := child.name;
            RETURN NEXT;
        END LOOP;
    END LOOP;
    IF only_drop IS NOT NULL AND NOT found_drop THEN
        RAISE EXCEPTION '% is not a partition of a registered table', only_drop USING ERRCODE = 'undefined_table';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION public.core_maintain_partitions(text) FROM PUBLIC;
"""

REVERSE = """
DROP FUNCTION public.core_maintain_partitions(text);
DROP FUNCTION public.core_make_append_only(regclass, boolean);
DROP FUNCTION public.core_app_role();
DROP FUNCTION public.core_refuse_change() CASCADE;
DROP FUNCTION public.core_lowest_id_at(timestamptz);
DROP TABLE public.core_partitioned_table;
"""


def name_the_app_role(apps, schema_editor):
    """The role of DATABASE_URL is the app's, whoever runs this migration."""
    role = schema_editor.quote_value(settings.DATABASES["default"]["USER"])
    quoted = schema_editor.connection.ops.quote_name(settings.DATABASES["default"]["USER"])
    schema_editor.execute(
        "CREATE FUNCTION public.core_app_role() RETURNS name LANGUAGE sql IMMUTABLE PARALLEL SAFE "
        f"SET search_path = pg_catalog, pg_temp AS $$ SELECT {role}::name $$"
    )
    schema_editor.execute(f"GRANT EXECUTE ON FUNCTION public.core_maintain_partitions(text) TO {quoted}")
    schema_editor.execute(f"REVOKE INSERT, UPDATE, DELETE ON public.core_partitioned_table FROM {quoted}")
    schema_editor.execute(f"GRANT SELECT ON public.core_partitioned_table TO {quoted}")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(FUNCTIONS, REVERSE),
        migrations.RunPython(name_the_app_role, migrations.RunPython.noop),
    ]
