import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('styletransfer', '0002_operations'),
    ]

    operations = [
        migrations.AddField(
            model_name='restylejob',
            name='summary',
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='restylejob',
            name='undone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='undone'),
        ),
        migrations.AddField(
            model_name='styledvariant',
            name='look',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='styledvariant',
            name='hidden_by',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='styletransfer.restylejob'),
        ),
        migrations.AddIndex(
            model_name='styledvariant',
            index=models.Index(condition=models.Q(('hidden_by__isnull', False)), fields=['hidden_by'], name='styletransfer_hidden'),
        ),
    ]
