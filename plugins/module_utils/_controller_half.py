# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For modules whose work is done by an action plugin on the controller: they hold the documentation and the options only.

Runs on the node: standard library and Python 3.6 only.
"""


def refuse_to_run_alone(module, name):
    """Fails: the module was run without its action plugin.

    :param module: AnsibleModule.
    :param name: str, the module's name without the collection's.
    """
    module.fail_json(
        msg="dockershim.migration.{0} works on the controller, through its action plugin: call it by its full name as a "
        "task, and not through another action or ansible-console's raw modules.".format(name)
    )
