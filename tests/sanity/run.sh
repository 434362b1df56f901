#!/usr/bin/env bash
# ansible-test wants a real ansible_collections/<namespace>/<name> inside a git checkout: it gets a copy.
set -euo pipefail
cd "$(dirname "$0")/../.."

work="$PWD/build/sanity"
target="$work/ansible_collections/dockershim/migration"
rm -rf "$work"
mkdir -p "$target"
# playbooks/collections holds links to this very checkout.
git ls-files -z --cached --others --exclude-standard -- ':!playbooks/collections' ':!.ci' \
  | tar --create --ignore-failed-read --null --files-from=- | tar --extract --directory "$target"
git -C "$target" init --quiet
git -C "$target" add --all

python tests/sanity/bootstrap.py

cd "$target"
ansible-test sanity --color yes --python "$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" "$@"
