# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception base of the collection.

Everything below the modules raises L(MigrationError); a module's ``main()`` is the only place that turns it into
``fail_json``. The message is read by an administrator in the middle of a maintenance: it names the file or object, the
key, the value and the way out.
"""


class MigrationError(Exception):
    """An error whose text is meant for the user.

    :param message: str, what is wrong, where, and what to do about it.
    :param details: dict of additional values that the module returns beside C(msg).
    """

    def __init__(self, message, **details):
        super().__init__(message)
        self.message = message
        self.details = details
