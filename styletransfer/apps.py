"""Start-up: register sources and system checks. Nothing here may import torch or open a file."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.utils.translation import gettext_lazy as _


class StyletransferConfig(AppConfig):
    """The reusable app."""

    name = "styletransfer"
    verbose_name = _("Style transfer")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the sources of the settings and the system checks, and watch for changes."""
        from styletransfer import checks, products, sources  # noqa: F401, PLC0415  (models must be loaded first)
        from styletransfer.experiments import chores as experiment_chores  # noqa: PLC0415
        from styletransfer.experiments import declarations as experiment_declarations  # noqa: PLC0415
        from styletransfer.experiments import standing  # noqa: PLC0415
        from styletransfer.jobs import invalidation  # noqa: PLC0415
        from styletransfer.personalization import declarations, picks, shoppers  # noqa: PLC0415
        from styletransfer.personalization.recommendations import erasing as recommendations  # noqa: PLC0415
        from styletransfer.personalization.taste import choosing as taste  # noqa: PLC0415
        from styletransfer.personalization.taste import erasing as taste_erasing  # noqa: PLC0415
        from styletransfer.personalization.taste import painting  # noqa: PLC0415
        from styletransfer.personalization.taste import personal as personal_styles  # noqa: PLC0415

        sources.register_from_settings()
        products.register_from_settings()
        invalidation.connect()
        declarations.declare()
        picks.connect()
        recommendations.connect()
        experiment_declarations.declare()
        standing.connect()
        experiment_chores.connect()
        taste.connect()
        taste_erasing.connect()
        personal_styles.connect()
        painting.connect()
        user_logged_in.connect(shoppers.logged_in, dispatch_uid="styletransfer.logged_in")
        user_logged_out.connect(shoppers.logged_out, dispatch_uid="styletransfer.logged_out")
