# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of Docker's images have to be copied."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._image_reference import normalized, registry_of_image
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts


def images_part(facts: Facts, preload: str) -> dict[str, Any]:
    """Which images have to be copied, with the names that containerd lacks or has for another image."""
    missing = []
    for image in facts["docker"]["images"]:
        if preload == "none" or (preload == "used" and not image["used"]):
            continue
        names = {normalized(name) for name in image["tags"] + image["digests"]}
        lacking = sorted(name for name in names if facts["containerd"]["images"].get(name) != image["id"])
        if lacking:
            missing.append({"id": image["id"], "references": lacking, "size": image["size"]})
    return {
        "preload": preload,
        "missing": missing,
        "bytes": sum(image["size"] for image in missing),
        "nameless": [image["id"] for image in facts["docker"]["images"] if not image["tags"] and not image["digests"]],
        "registries": sorted({registry_of_image(name) for image in facts["docker"]["images"] for name in image["tags"] + image["digests"]}),
        "platform": "linux/" + facts["architecture"],
    }
