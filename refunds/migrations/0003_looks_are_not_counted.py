from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("refunds", "0002_fees_and_further_looks")]

    operations = [migrations.RemoveField(model_name="refund", name="looked_at")]
