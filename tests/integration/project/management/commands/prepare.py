"""``prepare N``: tables, N photos and one preset."""

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import BaseCommand

from styletransfer.models import StylePreset, StyleReference
from styletransfer.testing import photo_bytes, photo_file
from tests.testapp.models import Article, Photo


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("number", type=int)

    def handle(self, *args, number, **options):
        call_command("migrate", run_syncdb=True, verbosity=0)
        preset = StylePreset.objects.create(name="Oil", slug="oil", engine="logged", widths=[48])
        picture = ContentFile(photo_bytes(32, 32, seed=99), name="oil.jpg")
        StyleReference(preset=preset, image=picture).save()
        article = Article.objects.create(name="Chair")
        for seed in range(number):
            photo = photo_file(f"{seed}.jpg", width=64, height=48, seed=seed)
            Photo.objects.create(article=article, image=photo)
