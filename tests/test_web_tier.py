"""The web tier runs where torch is not installed."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

PROGRAM = textwrap.dedent(
    """
    import importlib, importlib.abc, os, pkgutil, sys

    BLOCKED = ("torch", "safetensors", "onnxruntime")

    class Blocker(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in BLOCKED:
                raise ModuleNotFoundError(f"{name} is blocked", name=name)

    sys.meta_path.insert(0, Blocker())
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"

    import django
    django.setup()

    import styletransfer, shop
    TORCH_ONLY = ("styletransfer.engine.", "styletransfer.training", "styletransfer.testing")
    ALLOWED = tuple("styletransfer.engine." + name for name in ("registry", "base", "painter_engine"))
    imported = []
    for package in (styletransfer, shop):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name.startswith(TORCH_ONLY) and module.name not in ALLOWED:
                continue
            importlib.import_module(module.name)
            imported.append(module.name)
    assert len(imported) > 60, imported

    from django.core.management import call_command
    from django.test import Client
    from django.test.utils import setup_test_environment
    setup_test_environment()
    call_command("migrate", verbosity=0)
    call_command("load_catalogue", verbosity=0)
    call_command("load_presets", verbosity=0, stderr=open(os.devnull, "w"))
    from django.contrib.auth import get_user_model
    from shop.models import Product
    from styletransfer.models import StylePreset
    assert StylePreset.objects.count() == 13
    get_user_model().objects.create_superuser("admin", "a@example.com", "admin")
    client = Client()
    client.force_login(get_user_model().objects.get())
    product = Product.objects.first()
    admin = [f"/admin/styletransfer/{name}/" for name in ("stylepreset", "styledvariant", "restylejob")]
    api = ["/api/presets/", "/api/products/?style=oil", "/api/schema/"]
    for url in ["/", "/?style=watercolour", product.get_absolute_url(), "/admin/", *admin, *api]:
        response = client.get(url)
        assert response.status_code == 200, (url, response.status_code)
    assert not any(name.partition(".")[0] in BLOCKED for name in sys.modules)
    print("web tier ran without", *BLOCKED)
    """
)


def test_pages_admin_and_api_run_without_torch(tmp_path):
    outcome = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "SHOP_VAR": str(tmp_path)},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "web tier ran without torch" in outcome.stdout
