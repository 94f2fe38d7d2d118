"""The class of device a request came from; the browser's name itself is never kept."""

from __future__ import annotations

from typing import Any

from styletransfer.models import Device


def device_of(request: Any) -> Device:
    """Phone, tablet or desktop, by ``Sec-CH-UA-Mobile`` and the words browsers agree on in ``User-Agent``."""
    agent = request.headers.get("User-Agent", "")
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobile" not in agent):
        return Device.TABLET
    if request.headers.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in agent:
        return Device.PHONE
    return Device.DESKTOP if agent else Device.UNKNOWN
