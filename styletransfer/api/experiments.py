"""Experiments in the API: what one visitor is shown, and results for staff."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from styletransfer.api.limits import AnonThrottle, NumberedPages, UserThrottle
from styletransfer.api.permissions import may_view
from styletransfer.experiments.results import Results, results_of
from styletransfer.experiments.statistics.sequences import Estimate
from styletransfer.experiments.views import assigned_pictures
from styletransfer.models import Experiment


class StaffMayViewExperiments(BasePermission):
    """Staff with the permission to view experiments."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Results are the shop's own business."""
        return request.user.is_staff and may_view(request, Experiment)


class AssignedPhotoSerializer(serializers.Serializer[Any]):
    """A photo that this visitor is shown otherwise."""

    style = serializers.CharField(  # type: ignore[assignment]  # a field's option of that name
        help_text="Slug of the look, or “original”."
    )
    experiment = serializers.UUIDField(help_text="To be named when the picture has come into view.")
    html = serializers.CharField(help_text="The <picture> element.")


class AssignmentSerializer(serializers.Serializer[Any]):
    """What one visitor is shown in running experiments."""

    photos = serializers.DictField(
        child=AssignedPhotoSerializer(), help_text="By photo, as it was asked for."
    )


class ArmSerializer(serializers.Serializer[Any]):
    """One look of an experiment."""

    key = serializers.UUIDField()
    style = serializers.CharField(  # type: ignore[assignment]  # a field's option of that name
        help_text="Slug of the look, or “original”."
    )
    weight = serializers.FloatField()
    is_control = serializers.BooleanField()


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    """An experiment as it was planned."""

    arms = ArmSerializer(many=True, read_only=True)

    class Meta:
        model = Experiment
        fields = [
            "key",
            "name",
            "state",
            "goal",
            "categories",
            "products",
            "share",
            "alpha",
            "lift",
            "window_hours",
            "allocation",
            "arms",
            "started_at",
            "stopped_at",
            "stop_reason",
        ]
        read_only_fields = fields


class DifferenceSerializer(serializers.Serializer[Any]):
    """A relative difference to the control and the range it surely lies in; null where nothing is known."""

    value = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField(help_text="Always valid, adjusted for the number of looks.")


class ArmResultSerializer(serializers.Serializer[Any]):
    """What came of one look."""

    arm = serializers.UUIDField()
    style = serializers.CharField()  # type: ignore[assignment]  # a field's option of that name
    visitors = serializers.IntegerField(help_text="Who have seen it.")
    expected = serializers.FloatField(help_text="What the weights would have sent there.")
    conflicts = serializers.IntegerField(help_text="Left out: they saw two looks.")
    counted = serializers.IntegerField(allow_null=True, help_text="Whose time to act is over.")
    outcome = serializers.FloatField(allow_null=True, help_text="The goal's mean per visitor.")
    revenue = serializers.FloatField(allow_null=True, help_text="Per visitor.")
    difference = DifferenceSerializer(allow_null=True)


class ResultsSerializer(serializers.Serializer[Any]):
    """The results; without figures while the arms have the wrong numbers of visitors."""

    verdict = serializers.ChoiceField(choices=["open", "winner", "control", "equal"])
    best = serializers.UUIDField(allow_null=True, help_text="The look to use.")
    is_ratio_broken = serializers.BooleanField()
    ratio_p_value = serializers.FloatField()
    days_left = serializers.FloatField(allow_null=True)
    arms = ArmResultSerializer(many=True)


class ExperimentViewSet(ReadOnlyModelViewSet[Experiment]):
    """Experiments and their results, for staff."""

    serializer_class = ExperimentSerializer
    permission_classes = [StaffMayViewExperiments]
    pagination_class = NumberedPages
    throttle_classes = [AnonThrottle, UserThrottle]
    lookup_field = "key"
    queryset = Experiment.objects.defer("frozen").prefetch_related("arms__preset").order_by("-pk")

    @extend_schema(summary="What came of it so far.", responses=ResultsSerializer)
    @action(detail=True)
    def results(self, request: Request, key: str) -> Response:
        """Looking changes nothing and costs no certainty, however often it is done."""
        experiment = get_object_or_404(self._all(), key=key)
        return Response(ResultsSerializer(_results_json(results_of(experiment))).data)

    def _all(self) -> QuerySet[Experiment]:
        return Experiment.objects.all()


class AssignmentView(APIView):
    """What this visitor is shown in running experiments; personal, and kept by no cache."""

    throttle_classes = [AnonThrottle, UserThrottle]
    permission_classes: list[type[BasePermission]] = []

    @extend_schema(
        summary="Photos of a page that this visitor is shown otherwise.",
        parameters=[
            OpenApiParameter(
                "photo", str, many=True, description="app_label.model_name:key of a photo on the page."
            )
        ],
        responses=AssignmentSerializer,
    )
    def get(self, request: Request) -> Response:
        """Empty without consent to measuring."""
        photos = assigned_pictures(request._request, request.query_params.getlist("photo"))
        return Response({"photos": photos}, headers={"Cache-Control": "private, no-store"})


def _results_json(results: Results) -> dict[str, Any]:
    return {
        "verdict": results.verdict.value,
        "best": results.best.key if results.best is not None else None,
        "is_ratio_broken": results.ratio.is_broken,
        "ratio_p_value": results.ratio.p_value,
        "days_left": results.days_left,
        "arms": [_arm_json(results, place) for place in range(len(results.arms))],
    }


def _arm_json(results: Results, place: int) -> dict[str, Any]:
    arm, goal, money = results.arms[place], results.goal, results.money
    comparison = next((one for one in goal.comparisons if one.arm == place), None) if goal else None
    return {
        "arm": arm.key,
        "style": arm.style,
        "visitors": int(results.counted.visitors[place]),
        "expected": results.counted.expected[place],
        "conflicts": int(results.counted.conflicts[place]),
        "counted": int(goal.samples[place].count) if goal else None,
        "outcome": goal.means[place] if goal else None,
        "revenue": money.means[place] if money else None,
        "difference": _difference_json(comparison.estimate, comparison.p_value) if comparison else None,
    }


def _difference_json(estimate: Estimate, p_value: float) -> dict[str, Any]:
    known = estimate.upper < float("inf")
    return {
        "value": estimate.value if known else None,
        "lower": estimate.lower if known else None,
        "upper": estimate.upper if known else None,
        "p_value": p_value,
    }
