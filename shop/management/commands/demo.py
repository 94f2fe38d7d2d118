"""``manage.py demo``: a store ready to look at, every photo painted in several looks."""

from __future__ import annotations

import os
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count

from shop.models import Product, ProductImage
from shop.secret import kept_secret
from styletransfer.models import StyledVariant, StylePreset, VariantState

DEFAULT_PRESETS = ("watercolour", "studio", "charcoal", "oil")
ADMIN_NAME = "admin"


class Command(BaseCommand):
    help = "Load the catalogue and the presets, make an admin login, and paint every product photo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--presets", nargs="+", metavar="SLUG", default=list(DEFAULT_PRESETS), help="Looks to paint in."
        )
        parser.add_argument("--no-restyle", action="store_true", help="Load everything, paint nothing.")
        parser.add_argument(
            "--address",
            default="http://127.0.0.1:8000",
            help="Where the store will be served, for the summary.",
        )

    def handle(self, *args: Any, presets: list[str], no_restyle: bool, address: str, **options: Any) -> None:
        began = time.monotonic()
        _need_migrations()
        call_command("load_catalogue", stdout=self.stdout)
        call_command("load_presets", stdout=self.stdout, stderr=self.stderr)
        login = _admin_login()
        if not no_restyle:
            _need_presets(presets)
            looks = [f"--preset={slug}" for slug in presets]
            call_command("restyle", "shop.productimage", *looks, "--all", "--wait", stdout=self.stdout)
        self._summarise(address.rstrip("/"), presets[0], login, time.monotonic() - began)
        if not no_restyle:
            _need_every_variant(presets)

    def _summarise(self, address: str, preset: str, login: str, seconds: float) -> None:
        self.stdout.write("")
        self.stdout.write(
            f"{Product.objects.count()} products, {ProductImage.objects.count()} photos; {seconds:.0f} s."
        )
        for name, ready in _ready_by_preset():
            self.stdout.write(f"  {name:<16} {ready:>3} photos painted")
        self.stdout.write("")
        for what, where in (
            ("Store", "/"),
            ("In a look", f"/?style={preset}"),
            ("Back office", "/admin/"),
            ("API", "/api/docs/"),
        ):
            self.stdout.write(f"  {what:<12} {address}{where}")
        self.stdout.write(f"  {'Admin login':<12} {login}")


def _need_migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not up to date; run `manage.py migrate` first.")


def _need_presets(slugs: list[str]) -> None:
    known = set(StylePreset.objects.looks().values_list("slug", flat=True))
    missing = sorted(set(slugs) - known)
    if missing:
        raise CommandError(f"There is no preset {', '.join(missing)}; there are {', '.join(sorted(known))}.")


def _need_every_variant(slugs: list[str]) -> None:
    wanted = ProductImage.objects.count()
    ready = dict(_ready_by_preset("preset__slug"))
    behind = [slug for slug in slugs if ready.get(slug, 0) < wanted]
    if behind:
        raise CommandError(
            f"Not every photo is painted in {', '.join(behind)}; the back office's variants show why."
        )


def _ready_by_preset(by: str = "preset__name") -> list[tuple[str, int]]:
    rows = StyledVariant.objects.filter(state=VariantState.READY).order_by("preset__position", by)
    return list(rows.values_list(by).annotate(photos=Count("object_id", distinct=True)))


def _admin_login() -> str:
    """Make the account if it is missing; how to log in, in words."""
    users = get_user_model().objects
    password_file = settings.VAR_DIR / "admin_password"
    user = users.filter(username=ADMIN_NAME).first()
    if user is None:
        password = os.environ.get("SHOP_ADMIN_PASSWORD") or kept_secret(password_file, length=16)
        users.create_superuser(username=ADMIN_NAME, email="", password=password)
        return f"{ADMIN_NAME} / {password}"
    kept = password_file.read_text(encoding="utf-8").strip() if password_file.exists() else ""
    if kept and user.check_password(kept):
        return f"{ADMIN_NAME} / {kept}"
    return f"{ADMIN_NAME}, with the password you gave it"
