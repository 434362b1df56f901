#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: image_preload
short_description: Copies an image from Docker's store to containerd's
version_added: 0.1.0
description:
  - Copies one image on the node itself, without any registry, from the running Docker to the namespace of containerd that Kubernetes uses.
  - The copy has the same image ID (the digest of its configuration and so of its layers). It gets all the names that are wanted,
    those with a digest (C(repository@sha256:...)) included. Docker regenerates an image's manifest when it saves one, so the
    digest in such a name is no longer that of the stored manifest; the kubelet finds the image by that name all the same and does not
    pull it.
  - An image without any name, which C(docker save) of a list of names stops at, is copied like any other.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
  - dockershim.migration.common.sockets
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  image:
    description:
      - ID of the image in Docker, with its C(sha256:).
    type: str
    required: true
  references:
    description:
      - The names that containerd shall know it by, as Docker or as Kubernetes spell them.
    type: list
    elements: str
    required: true
  snapshotter:
    description:
      - Snapshotter to unpack the image with. It must be the one of containerd's CRI plugin.
      - Containerd's default where it is not given.
    type: str
  platform:
    description:
      - Platform of the node, as images name it. It selects the manifest where containerd has an index of several.
    type: str
    default: linux/amd64
seealso:
  - module: dockershim.migration.node_facts
"""

EXAMPLES = r"""
- name: Copy the pause image to containerd
  dockershim.migration.image_preload:
    image: sha256:80d28bedfe5dec59da9ebf8e6260224ac9008ab5c11dbbe16ee3ba3e4439ac2c
    references:
      - k8s.gcr.io/pause:3.2
"""

RETURN = r"""
references:
  description: The names that containerd did not have, or had for another image, in their full spelling.
  returned: always
  type: list
  elements: str
  sample: [k8s.gcr.io/pause:3.2]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._ctr import DEFAULT_ADDRESS, Ctr
from ansible_collections.dockershim.migration.plugins.module_utils._docker_engine import DEFAULT_SOCKET, DockerEngine
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._image_reference import normalized

#: The name under which an image arrives before it gets its own.
BASE_NAME = "localhost/dockershim-migration/preload"


def copy_image(engine, ctr, image_id, snapshotter):
    """Streams one image from Docker into containerd.

    :returns: list of str, the temporary names that containerd gave it.
    :raises MigrationError: either side failed.
    """
    # Exported by its ID an image has no name, whatever names Docker has for it.
    with engine.exported_image(image_id) as archive:
        ctr.import_archive(archive, BASE_NAME, snapshotter)
    return [name for name in ctr.image_targets() if name.startswith(BASE_NAME)]


def missing_references(ctr, image_id, references, platform):
    """Returns those of the references that containerd does not have, or has for another image."""
    targets = ctr.image_targets()
    present = ctr.image_ids({name: targets[name] for name in references if name in targets}, platform)
    return [name for name in references if present.get(name) != image_id]


def main():
    module = AnsibleModule(
        argument_spec={
            "image": {"type": "str", "required": True},
            "references": {"type": "list", "elements": "str", "required": True},
            "docker_socket": {"type": "path", "default": DEFAULT_SOCKET},
            "containerd_address": {"type": "path", "default": DEFAULT_ADDRESS},
            "snapshotter": {"type": "str"},
            "platform": {"type": "str", "default": "linux/amd64"},
        },
        supports_check_mode=True,
    )
    image_id = module.params["image"]
    wanted = sorted({normalized(reference) for reference in module.params["references"]})
    ctr = Ctr(module.run_command, address=module.params["containerd_address"])
    engine = DockerEngine(module.params["docker_socket"])
    try:
        missing = missing_references(ctr, image_id, wanted, module.params["platform"])
        if missing and not module.check_mode:
            temporary = copy_image(engine, ctr, image_id, module.params["snapshotter"])
            if not temporary:
                raise MigrationError("containerd took image {0} without giving it a name; nothing was changed.".format(image_id))
            ctr("images", "tag", "--force", temporary[0], *missing)
            ctr("images", "rm", *temporary)
            still_missing = missing_references(ctr, image_id, wanted, module.params["platform"])
            if still_missing:
                raise MigrationError(
                    "After the copy containerd still has another image than {0} under {1}.".format(image_id, ", ".join(still_missing))
                )
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    present = [name for name in wanted if name not in missing]
    module.exit_json(
        changed=bool(missing),
        references=missing,
        diff={
            "before_header": "images in containerd",
            "after_header": "images in containerd",
            "before": "".join(name + "\n" for name in present),
            "after": "".join(name + "\n" for name in wanted),
        },
    )


if __name__ == "__main__":
    main()
