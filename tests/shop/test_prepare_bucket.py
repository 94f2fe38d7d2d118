"""The command that makes the store's bucket, against S3's own answers."""

from __future__ import annotations

import json

import pytest
from botocore.stub import Stubber
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.test import override_settings

from shop.management.commands.prepare_bucket import public_policy

S3 = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": "pictures",
        "endpoint_url": "http://127.0.0.1:1",
        "region_name": "us-east-1",
        "access_key": "shop",
        "secret_key": "secret",
    },
}


@pytest.mark.parametrize("there", [[], ["pictures"], ["others"]])
def test_a_bucket_that_everybody_may_read(settings, there, capsys):
    with override_settings(STORAGES={**settings.STORAGES, "default": S3}):
        stub = Stubber(storages["default"].bucket.meta.client)
        stub.add_response("list_buckets", {"Buckets": [{"Name": name} for name in there]})
        if "pictures" not in there:
            stub.add_response("create_bucket", {}, {"Bucket": "pictures"})
        policy = json.dumps(public_policy("pictures"))
        stub.add_response("put_bucket_policy", {}, {"Bucket": "pictures", "Policy": policy})
        with stub:
            call_command("prepare_bucket")
        stub.assert_no_pending_responses()
    assert "pictures is ready" in capsys.readouterr().out


def test_no_bucket_configured():
    with pytest.raises(CommandError, match="SHOP_S3_BUCKET"):
        call_command("prepare_bucket")
