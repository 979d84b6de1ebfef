from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_write_offs"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="entry",
            options={"verbose_name_plural": "entries"},
        ),
    ]
