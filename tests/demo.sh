#!/usr/bin/env bash
# The main job on a real cluster: build the lab, migrate it under a live workload, show what became of both.
set -euo pipefail
cd "$(dirname "$0")/.."

python tests/lab/lab.py up
echo
echo "The cluster before the migration:"
python tests/lab/lab.py status
python tests/lab/lab.py probe start
# The exit code of the migration must not keep the probe's report from being shown.
migrated=0
ansible-playbook playbooks/migrate-containerd.yml -i build/lab/inventory.yml || migrated=$?
python tests/lab/lab.py probe stop
echo
echo "The cluster after the migration:"
python tests/lab/lab.py status
echo
echo "What a client of the Service saw meanwhile:"
python tests/lab/lab.py probe report
[ "$migrated" -eq 0 ] || { echo "The migration failed with exit code $migrated; see above." >&2; exit "$migrated"; }
python tests/lab/lab.py status --expect containerd
echo
echo "All nodes are Ready on containerd. The lab is still there: try 'make lab-down' to remove it."
