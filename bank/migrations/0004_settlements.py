"""Settlement files, and which movements are in one: a movement is settled once, and that is never taken back."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER bank_settled_entry_append_only BEFORE UPDATE OR DELETE ON bank_settled_entry
    FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_settled_entry_no_truncate BEFORE TRUNCATE ON bank_settled_entry
    FOR EACH STATEMENT EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_settlement_as_closed BEFORE UPDATE OF name, account_id, date, content, lines, totals OR DELETE ON bank_settlement
    FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
"""
BACKWARD = """
DROP TRIGGER bank_settled_entry_append_only ON bank_settled_entry;
DROP TRIGGER bank_settled_entry_no_truncate ON bank_settled_entry;
DROP TRIGGER bank_settlement_as_closed ON bank_settlement;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bank", "0003_refund_outcomes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=32)),
                ("date", models.DateField()),
                ("content", models.TextField()),
                ("lines", models.PositiveIntegerField()),
                ("totals", models.JSONField()),
                ("truncations_left", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="bank.account")),
            ],
            options={
                "db_table": "bank_settlement",
            },
        ),
        migrations.CreateModel(
            name="SettledEntry",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="settled",
                        serialize=False,
                        to="bank.journalentry",
                    ),
                ),
                ("settlement", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="bank.settlement")),
            ],
            options={
                "db_table": "bank_settled_entry",
            },
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(fields=("account", "name"), name="settlement_name_once"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
