import django.db.models.functions.datetime
from django.db import migrations, models

import gateway.core.ids


class Migration(migrations.Migration):
    dependencies = [("core", "0001_database_functions")]
    operations = [
        migrations.CreateModel(
            name="DataKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=gateway.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("owner_id", models.UUIDField(blank=True, db_index=True, null=True)),
                ("sealed_key", models.TextField(blank=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "core_datakey",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("erased_at__isnull", True), ("sealed_key", ""), _connector="OR"),
                        name="core_datakey_erased_has_no_key",
                    )
                ],
            },
        ),
    ]
