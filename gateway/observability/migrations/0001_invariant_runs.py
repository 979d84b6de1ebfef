"""The last run of each invariant."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="InvariantRun",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("description", models.TextField(default="")),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("elapsed_ms", models.PositiveIntegerField(default=0)),
                ("violations", models.PositiveIntegerField(default=0)),
                ("complete", models.BooleanField(default=True)),
                ("details", models.JSONField(default=list)),
                ("broken_since", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "system truth",
                "db_table": "observability_invariant_run",
            },
        ),
    ]
