import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0002_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="enabled_since",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
    ]
