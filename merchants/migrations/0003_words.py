from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("merchants", "0002_fee_on_refund"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="apikey",
            options={
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "ordering": ("-id",),
                "verbose_name": "API key",
            },
        ),
    ]
