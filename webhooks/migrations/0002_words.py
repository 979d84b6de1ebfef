from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_endpoints_and_deliveries"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="delivery",
            options={
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "verbose_name_plural": "deliveries",
            },
        ),
    ]
