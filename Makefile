# Thin targets; what they do stands in the tools' own files. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := $(CURDIR)/.venv
READY := $(VENV)/.ready
RUN := PATH="$(VENV)/bin:$$PATH"
LAB := $(RUN) python tests/lab/lab.py
COLLECTIONS := $(CURDIR)/playbooks/collections

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(READY) ## Set everything up, then migrate a real cluster in the lab under a live workload
	$(RUN) bash tests/demo.sh

.PHONY: test
test: lint sanity unit pythons containerd build molecule faults-sample ## Set everything up, then run every test

.PHONY: lab
lab: $(READY) ## Build the lab: a real kubeadm cluster with dockershim (build/lab)
	$(LAB) up

.PHONY: lab-down
lab-down: $(READY) ## Remove the lab
	$(LAB) down

.PHONY: lint
lint: $(READY) ## ansible-lint (production), ruff, yamllint, shellcheck, Python 3.6 on the nodes
	$(RUN) bash tests/lint.sh

.PHONY: sanity
sanity: $(READY) ## ansible-test sanity
	$(RUN) bash tests/sanity/run.sh

.PHONY: unit
unit: $(READY) ## Unit tests
	$(RUN) python -m pytest tests/unit

.PHONY: containerd
containerd: $(READY) ## containerd's configuration, read by the real containerd 1.4, 1.6, 1.7 and 2.1 of Debian's suites
	$(RUN) python -m pytest tests/containerd

.PHONY: docs
docs: $(READY) ## Write the documents that are made from the collection's tables
	$(RUN) python docs/generate.py

.PHONY: pythons
pythons: $(READY) ## The tests of what runs on nodes under the Pythons that nodes have (3.6 and later)
	$(RUN) python tests/pythons.py

.PHONY: build
build: $(READY) ## Build the collection's archive, install it elsewhere and use it from there
	$(RUN) bash tests/build.sh

.PHONY: compat
compat: $(READY) ## Migrate the lab with the oldest and the newest ansible-core (ten minutes; not part of `make test`)
	$(RUN) python tests/compat.py

.PHONY: molecule
molecule: $(READY) ## The molecule scenarios, on the lab
	$(RUN) ANSIBLE_COLLECTIONS_PATH="$(COLLECTIONS)" MOLECULE_GLOB='molecule/*/molecule.yml' molecule test --scenario-name default --scenario-name cri_dockerd

.PHONY: control-planes
control-planes: $(READY) ## The molecule scenario with three control planes: there, back and there again
	$(RUN) ANSIBLE_COLLECTIONS_PATH="$(COLLECTIONS)" molecule test --scenario-name control_planes

.PHONY: faults
faults: $(READY) ## Kill the migration at every task boundary, restart the node, and disturb it in every other way, on the lab (hours)
	$(LAB) up
	$(RUN) python -m pytest -c tests/faults/pytest.ini tests/faults
	$(LAB) down

.PHONY: faults-sample
faults-sample: $(READY) ## A few of the kills of 'make faults', and the way back
	$(LAB) up
	$(RUN) FAULT_SAMPLE=$(or $(FAULT_SAMPLE),1) python -m pytest -c tests/faults/pytest.ini \
		tests/faults/test_every_boundary.py::test_a_killed_run_is_finished_by_the_next \
		tests/faults/test_rollback.py::test_a_node_goes_back_only_once_and_comes_again
	$(LAB) down

.PHONY: lock
lock: ## Pin the development requirements anew
	rm -rf build/lock && $(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet -r requirements-dev.in
	{ echo "# Pinned by 'make lock' from requirements-dev.in. Do not edit by hand."; build/lock/bin/pip freeze; } > requirements-dev.txt
	rm -rf build/lock

# Made anew as a whole: a half-filled environment of an interrupted run has no mark.
$(READY): requirements-dev.txt
	rm -rf $(VENV)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
