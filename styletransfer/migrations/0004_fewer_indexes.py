import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('styletransfer', '0003_undo_and_summaries'),
    ]

    operations = [
        migrations.AlterField(
            model_name='restylejobitem',
            name='job',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='styletransfer.restylejob'),
        ),
    ]
