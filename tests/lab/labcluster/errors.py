# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in the lab, with the way out."""

from __future__ import annotations


class LabError(Exception):
    """Ends the command with one message: what failed, where, and how to go on."""
