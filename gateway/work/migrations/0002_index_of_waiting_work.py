"""What waits, in the order of time over all queues."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("work", "0001_work_and_heartbeats")]

    operations = [
        migrations.AddIndex(
            model_name="work",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["run_at"], name="work_waiting"),
        ),
    ]
