#!/usr/bin/env bash
# The other way to use the collection: built, installed by ansible-galaxy into an empty place, addressed by its name.
set -euo pipefail
cd "$(dirname "$0")/.."

work="$PWD/build/galaxy"
rm -rf "$work"
mkdir -p "$work/dist" "$work/elsewhere"
ansible-galaxy collection build --output-path "$work/dist" .
ansible-galaxy collection install --offline --collections-path "$work/collections" "$work"/dist/*.tar.gz

installed="$work/collections/ansible_collections/dockershim/migration"
for wanted in README.md LICENSE meta/runtime.yml playbooks/migrate_containerd.yml plugins/modules/node_facts.py requirements.txt; do
  test -e "$installed/$wanted" || { echo "$wanted is missing from the archive." >&2; exit 1; }
done
for unwanted in .ci .git .venv build playbooks/collections; do
  test ! -e "$installed/$unwanted" || { echo "$unwanted has no business in the archive." >&2; exit 1; }
done

# From a directory that has nothing to do with the checkout.
cd "$work/elsewhere"
export ANSIBLE_COLLECTIONS_PATH="$work/collections"
ansible-playbook --syntax-check -i localhost, dockershim.migration.migrate_containerd dockershim.migration.migrate_cri_dockerd \
  dockershim.migration.rollback dockershim.migration.remove_docker dockershim.migration.check_consistency
for plugin in $(cd "$installed/plugins/modules" && ls -- *.py); do
  ansible-doc --type module "dockershim.migration.${plugin%.py}" >/dev/null
done
for role in $(cd "$installed/roles" && ls); do
  ansible-doc --type role "dockershim.migration.$role" | grep -q "$role" || { echo "Role $role has no documentation." >&2; exit 1; }
done
echo "The archive installs, and its playbook, modules and roles are found."
