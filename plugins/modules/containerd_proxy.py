#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: containerd_proxy
short_description: Gives containerd the proxies through which Docker pulls images
version_added: 0.1.0
description:
  - Reads on the node itself which proxies Docker uses, whether they stand in C(daemon.json), in dockerd's flags or in the environment of
    C(docker.service), and gives C(containerd.service) the same. Credentials in them never leave the node, and are in no output and no
    diff.
  - The proxies are written to a file that only root can read, and a drop-in of C(containerd.service) names that file. In a drop-in itself
    everybody on the node could read them, and systemd tells what C(Environment=) holds to everybody who asks.
  - Where Docker uses no proxy, nothing is written, and what an earlier call of this module wrote is left alone.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Without credentials.
options:
  no_proxy:
    description:
      - Names that are added to Docker's C(NO_PROXY) if they are not in it. Only where there is a proxy at all.
      - containerd gives its environment to CNI plugins, which speak to the API server.
    type: list
    elements: str
    default: []
  names:
    description:
      - Which of the variables are written. Others that Docker has are left out.
    type: list
    elements: str
    choices: [HTTP_PROXY, HTTPS_PROXY, NO_PROXY]
    default: [HTTP_PROXY, HTTPS_PROXY, NO_PROXY]
  file:
    description:
      - The file for the proxies.
    type: path
    default: /etc/containerd/dockershim-migration-proxy.env
  drop_in:
    description:
      - The drop-in of C(containerd.service).
    type: path
    default: /etc/systemd/system/containerd.service.d/90-dockershim-migration-proxy.conf
notes:
  - systemd has to read the drop-in (daemon-reload), and containerd to be restarted, before they take effect.
seealso:
  - name: Docker's proxies
    description: Where Docker looks for them.
    link: https://docs.docker.com/engine/daemon/proxy/
"""

EXAMPLES = r"""
- name: Give containerd Docker's proxies
  dockershim.migration.containerd_proxy:
    no_proxy: [localhost, 127.0.0.1, .svc, .cluster.local]
"""

RETURN = r"""
proxies:
  description: The proxies that containerd is given, without credentials.
  returned: always
  type: dict
  sample: {HTTP_PROXY: "http://********@proxy.example:3128", NO_PROXY: "localhost,127.0.0.1"}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._docker_proxies import (
    CONTAINERD_PROXY_DROP_IN,
    CONTAINERD_PROXY_FILE,
    PROXY_KEYS,
    extended_no_proxy,
    redacted,
)
from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import parse_environment_file
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._facts_docker import DaemonConfiguration
from ansible_collections.dockershim.migration.plugins.module_utils._systemd import parse_show, show_command
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text, text_diff, write_text

HEADER = "# The proxies through which Docker pulled images, for containerd.service. Written by dockershim.migration.\n"
DROP_IN = "# Written by dockershim.migration.\n[Service]\nEnvironmentFile={0}\n"


def environment_text(proxies):
    """Writes the proxies as a file for C(EnvironmentFile=) that every release of systemd reads alike.

    :raises MigrationError: a value holds what no file of that kind can, without showing it.
    """
    lines = []
    for name, _key in PROXY_KEYS:
        value = proxies.get(name)
        if value is None:
            continue
        # Between double quotes these four are escaped by every release; a backslash is not read alike by all (systemd issue 10659).
        if any(character < " " or character in "\"\\`$'" for character in value):
            raise MigrationError(
                "{0} of Docker holds a quote, a backslash, a dollar or a control character, which cannot be written safely for systemd. "
                "Write them as percent escapes of a URL (such as %24), then run again.".format(name)
            )
        lines.append('{0}="{1}"\n'.format(name, value))
    return HEADER + "".join(lines)


def shown(text):
    """Returns the file as it can be shown."""
    if text is None:
        return None
    values = redacted({assignment.name: assignment.value for assignment in parse_environment_file(text)})
    return "".join("{0}={1}\n".format(name, values[name]) for name in sorted(values))


def main():
    module = AnsibleModule(
        argument_spec={
            "no_proxy": {"type": "list", "elements": "str", "default": []},
            "names": {
                "type": "list",
                "elements": "str",
                "choices": ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"],
                "default": ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"],
            },
            "file": {"type": "path", "default": CONTAINERD_PROXY_FILE},
            "drop_in": {"type": "path", "default": CONTAINERD_PROXY_DROP_IN},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        _code, output, _errors = module.run_command(show_command(["docker.service"]))
        unit = parse_show(output).get("docker.service", {"main_pid": 0})
        found = DaemonConfiguration(unit).proxies()
        proxies = {name: value for name, value in found.items() if name in params["names"]}
        if set(proxies) - {"NO_PROXY"}:
            proxies["NO_PROXY"] = extended_no_proxy(proxies.get("NO_PROXY", ""), params["no_proxy"])
        if not proxies:
            module.exit_json(changed=False, proxies={}, diff=[])
        before = read_text(params["file"])
        after = environment_text(proxies)
        file = write_text(module, params["file"], before, after, mode="0600", backup=False)
        if not module.check_mode:
            # Somebody may have opened it since.
            file["changed"] = module.set_mode_if_different(params["file"], "0600", file["changed"])
        drop_in = write_text(module, params["drop_in"], read_text(params["drop_in"]), DROP_IN.format(params["file"]), backup=False)
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(
        changed=file["changed"] or drop_in["changed"],
        proxies=redacted(proxies),
        diff=[text_diff(params["file"], shown(before), shown(after)), drop_in["diff"]],
    )


if __name__ == "__main__":
    main()
