from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0003_enabled_since"),
    ]

    operations = [
        migrations.AddField(
            model_name="endpointhealth",
            name="last_elapsed_ms",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
    ]
