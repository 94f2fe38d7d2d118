"""Naming one person on the command line: by account or by key."""

from __future__ import annotations

import uuid

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from styletransfer.models import Shopper
from styletransfer.personalization.shoppers import account_of


def add_shopper_arguments(parser: CommandParser) -> None:
    """``--user NAME`` or ``--shopper KEY``."""
    parser.add_argument("--user", metavar="NAME", help="Login name of the account.")
    parser.add_argument("--shopper", metavar="KEY", help="Key of the shopper, as in an export.")


def named_shopper(user: str | None, key: str | None) -> Shopper:
    """The shopper that the arguments name; one that was merged leads to the account's.

    Raises:
        CommandError: none or both are given, or there is no such person; the text says so.
    """
    if (user is None) == (key is None):
        raise CommandError("Name one person: --user NAME or --shopper KEY.")
    if user is not None:
        model = get_user_model()
        try:
            account = model._default_manager.get_by_natural_key(user)
        except model.DoesNotExist as error:
            raise CommandError("There is no account of that name.") from error
        shopper = account_of(account)
        if shopper is None:
            raise CommandError("Nothing is kept about this account.")
        return shopper
    try:
        found = Shopper.objects.select_related("merged_into").get(key=uuid.UUID(key))
    except ValueError as error:
        raise CommandError("A key looks like 6f1c0a52-3d8e-4c0b-9a55-2f6f4f1d7c3e.") from error
    except Shopper.DoesNotExist as error:
        raise CommandError("There is no shopper with this key.") from error
    return found.merged_into or found
