#!/usr/bin/env bash
# Everything that can be said about the code without running it.
set -euo pipefail
cd "$(dirname "$0")/.."

# What is found in the checkout itself, as a user's own ansible-playbook would.
export ANSIBLE_COLLECTIONS_PATH="$PWD/playbooks/collections"

echo "== ruff"
ruff check
ruff format --check
# The exception of the exclusion is used by the modules that talk to the API, and those run on the controller.
echo "== vermin: what runs on a node runs on Python 3.6"
vermin --quiet --no-tips --eval-annotations --violations --target=3.6- --exclude ssl.SSLCertVerificationError plugins/module_utils plugins/modules
echo "== yamllint"
yamllint --strict .
echo "== ansible-lint"
ansible-lint
echo "== changelog"
antsibull-changelog lint
echo "== shellcheck"
if ! command -v shellcheck >/dev/null; then
  # Debian's package, as everything that the lab is made from.
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get update -qq
  $as_root apt-get install -qq -y --no-install-recommends shellcheck >/dev/null
fi
git ls-files -z --cached --others --exclude-standard -- '*.sh' .ci/run | xargs -0 shellcheck
