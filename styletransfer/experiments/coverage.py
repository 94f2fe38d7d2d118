"""How many of an experiment's photos can be shown in each of its looks."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType

from styletransfer.conf import get_settings
from styletransfer.experiments.targets import Target
from styletransfer.models import Arm, Experiment, ReviewState, StyledVariant, VariantState


@dataclass(frozen=True)
class Coverage:
    """One arm's pictures.

    Attributes:
        arm: the arm.
        photos: photos of the experiment's products.
        painted: those that are shown in the arm's look; all of them for the original.
    """

    arm: Arm
    photos: int
    painted: int

    @property
    def missing(self) -> int:
        """Photos of which visitors of this arm see the original."""
        return self.photos - self.painted


def coverage_of(experiment: Experiment) -> list[Coverage]:
    """Each arm's pictures; two queries a source and arm."""
    arms = list(experiment.arms.select_related("preset"))
    reviews = [ReviewState.APPROVED]
    if get_settings().show_unapproved:
        reviews.append(ReviewState.PENDING)
    totals, painted = 0, dict.fromkeys((arm.pk for arm in arms), 0)
    for source, photos in Target.of(experiment).photos():
        keys = {str(key) for key in photos.exclude(**{source.image: ""}).values_list("pk", flat=True)}
        totals += len(keys)
        shown = StyledVariant.objects.filter(
            content_type=ContentType.objects.get_for_model(source.model),
            field=source.image,
            state=VariantState.READY,
            review__in=reviews,
            hidden_by__isnull=True,
        )
        for arm in arms:
            ready = shown.filter(preset=arm.preset).values_list("object_id", flat=True).distinct()
            painted[arm.pk] += len(keys if arm.preset is None else keys.intersection(ready))
    return [Coverage(arm, totals, painted[arm.pk]) for arm in arms]
