"""``manage.py prepare_bucket``: make the S3 bucket of the settings and let everybody read it."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Run once before the store starts; running it again does no harm."""

    help = "Create the S3 bucket named by SHOP_S3_BUCKET and let everybody read the pictures in it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the bucket and set its policy.

        Raises:
            CommandError: the store keeps its pictures elsewhere.
        """
        bucket = getattr(default_storage, "bucket", None)
        if bucket is None:
            raise CommandError(
                "The pictures are not in an S3 bucket. Set SHOP_S3_BUCKET and SHOP_S3_ENDPOINT."
            )
        known = {each["Name"] for each in bucket.meta.client.list_buckets()["Buckets"]}
        if bucket.name not in known:
            bucket.create()
        bucket.Policy().put(Policy=json.dumps(public_policy(bucket.name)))
        self.stdout.write(f"The bucket {bucket.name} is ready.")


def public_policy(bucket: str) -> dict[str, Any]:
    """Everybody may read single objects, nobody may list them or write."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
            }
        ],
    }
