#!/bin/sh
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
# In the minimal tree: what all layers above share.
# A lab's tree can be made again at any time: dpkg need not wait for the disk at every file.
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/lab
if [ -n "${LAB_APT_SETTINGS:-}" ]; then
  # How this machine's apt reaches its archive.
  printf '%s\n' "$LAB_APT_SETTINGS" > /etc/apt/apt.conf.d/80lab
fi
