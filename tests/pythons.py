# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the unit tests of what runs on nodes under the Pythons that nodes have: python tests/pythons.py [VERSION ...].

The code is the checkout's own, unchanged. The tests are written for the controller's Python; what an old one cannot parse in them (type
annotations, C(from __future__ import annotations)) is taken out of a copy, and nothing else. ansible.module_utils is ansible-core 2.16's
for Python 3.6, the last that supports it, and the development environment's for the others.

A Python that this machine has not is named as such at the end; that is no failure (REQUIRED_PYTHONS=1 makes it one).
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BUILD = CHECKOUT / "build" / "pythons"

#: version: the newest pytest that it can have. pip of 3.6 does not pass over releases that need a newer Python: there all is named.
PYTHONS = {
    "3.6": [
        "pytest==7.0.1",
        "attrs==22.2.0",
        "dataclasses==0.8",
        "importlib-metadata==4.8.3",
        "iniconfig==1.1.1",
        "packaging==21.3",
        "pluggy==1.0.0",
        "py==1.11.0",
        "pyparsing==3.0.9",
        "tomli==1.2.3",
        "typing-extensions==4.1.1",
        "zipp==3.6.0",
    ],
    "3.8": ["pytest==8.3.5"],
    "3.11": ["pytest==9.*"],
    "3.13": ["pytest==9.*"],
}
#: The last ansible-core whose modules run on Python 3.6 (its support matrix).
OLD_CORE = "ansible-core==2.16.*"
MODULE_SIDE = ("__init__", "_vendor/", "module_utils/", "release")

#: By these words a test is known to be one of what runs on the controller: it imports plugin_utils, runs ansible itself, or needs the
#: kubernetes client. All others test module_utils and modules that run on nodes.
CONTROLLER_MARKS = (
    "plugin_utils",
    "from adhoc import",
    "from api_stand_in import",
    "module_utils._yaml_text",
    "import yaml",
    "from hypothesis",
    "from faultlab",
    "from labcluster",
    "import lab",
    "module_utils._kubernetes",
    "module_utils._node_drain",
    "module_utils._node_pods",
    "module_utils._node_health",
)


def interpreter(version: str) -> Path | None:
    """Finds a Python: on PATH, or among those of pyenv."""
    candidates = [Path(found)] if (found := shutil.which(f"python{version}")) else []
    roots = [os.environ.get("PYENV_ROOT"), "~/.pyenv"]
    for root in roots:
        candidates += sorted(Path(root).expanduser().glob(f"versions/{version}.*/bin/python{version}")) if root else []
    for candidate in candidates:
        # pyenv's shims stand on PATH for versions that are not selected, and fail.
        run = subprocess.run(
            [candidate, "-c", "import sys; print(sys.executable, *sys.version_info[:2])"], check=False, capture_output=True, text=True
        )
        if run.returncode == 0 and run.stdout.split()[1:] == version.split("."):
            return Path(run.stdout.split()[0])
    return None


class _Older(ast.NodeTransformer):
    """Takes out of a test what only newer Pythons can parse or evaluate, and what means nothing when it runs."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        # http.server.ThreadingHTTPServer is 3.7's.
        node.names = [name for name in node.names if name.name != "ThreadingHTTPServer"]
        return None if node.module == "__future__" or not node.names else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        for argument in every:
            if argument is not None:
                argument.annotation = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if isinstance(node.target, ast.Name) and node.simple and node.value is None:
            # A field of a dataclass: any annotation makes it one.
            return ast.AnnAssign(target=node.target, annotation=ast.Name("object", ast.Load()), value=None, simple=1)
        if node.value is None:
            return None
        return ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        # An alias of types: Object = dict[str, Any].
        if (
            isinstance(node.value, ast.Subscript)
            and isinstance(node.value.value, ast.Name)
            and node.value.value.id in ("dict", "list", "tuple")
        ):
            node.value = ast.Name("object", ast.Load())
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        # str.removeprefix and removesuffix are 3.9's, subprocess.run's capture_output and text 3.7's.
        if name in ("removeprefix", "removesuffix"):
            return ast.Call(func=ast.Name(f"_{name}", ast.Load()), args=[node.func.value, *node.args], keywords=[])
        words = {word.arg for word in node.keywords}
        if name == "run" and words & {"capture_output", "text"}:
            pipe = ast.Constant(subprocess.PIPE)
            node.keywords = [word for word in node.keywords if word.arg not in ("capture_output", "text")]
            node.keywords += [ast.keyword(key, pipe) for key in ("stdout", "stderr") if "capture_output" in words]
            node.keywords += [ast.keyword("universal_newlines", ast.Constant(True))] if "text" in words else []
        return node


_HELPERS = """
import http.server
import socketserver


class ThreadingHTTPServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def _removeprefix(text, prefix):
    return text[len(prefix):] if text.startswith(prefix) else text


def _removesuffix(text, suffix):
    return text[:-len(suffix)] if suffix and text.endswith(suffix) else text


"""


def older(source: str) -> str:
    return _HELPERS + ast.unparse(ast.fix_missing_locations(_Older().visit(ast.parse(source))))


def node_tests() -> list[Path]:
    tests = sorted((CHECKOUT / "tests" / "unit").glob("test_*.py"))
    return [path for path in tests if not any(mark in path.read_text(encoding="utf-8") for mark in CONTROLLER_MARKS)]


def old_module_utils() -> Path:
    """Unpacks ansible-core's module side, which an old Python can import though it cannot install the rest."""
    target = BUILD / "core-2.16"
    if not (target / "ansible" / "release.py").exists():
        wheels = BUILD / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--python-version=3.11", f"--dest={wheels}", OLD_CORE], check=True)
        with zipfile.ZipFile(sorted(wheels.glob("ansible_core-2.16*.whl"))[-1]) as wheel:
            wheel.extractall(
                target,
                [
                    name
                    for name in wheel.namelist()
                    if name.startswith(("ansible/module_utils/", "ansible/__init__", "ansible/release", "ansible/_vendor/"))
                ],
            )
    return target


def prepare(version: str, python: Path) -> tuple[Path, dict[str, str]]:
    """Makes the environment of one Python; returns its interpreter and the variables to run it with."""
    home = BUILD / version
    venv, mark = home / "venv", home / ".ready"
    if not mark.exists():
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([python, "-m", "venv", venv], check=True)
        install = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHONS[version]]
        subprocess.run(install, check=True)
        mark.touch()
    tests = home / "tests"
    shutil.rmtree(tests, ignore_errors=True)
    shutil.copytree(CHECKOUT / "tests" / "unit" / "fixtures", tests / "fixtures")
    helpers = [CHECKOUT / "tests" / "unit" / name for name in ("conftest.py", "module_runner.py", "node_stand_ins.py")]
    for path in [*helpers, *node_tests()]:
        # Its settings are for the property tests, which are the controller's.
        lines = [
            line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(("import hypothesis", "hypothesis."))
        ]
        (tests / path.name).write_text(older("\n".join(lines)), encoding="utf-8")
    (tests / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    # conftest.py takes the collection from two levels up, as in the checkout.
    collections = home.parent / "playbooks" / "collections"
    if not collections.exists():
        collections.parent.mkdir(parents=True, exist_ok=True)
        collections.symlink_to(CHECKOUT / "playbooks" / "collections")
    if version == "3.6":
        ansible = old_module_utils()
    else:
        ansible = home / "core"
        shutil.rmtree(ansible, ignore_errors=True)
        (ansible / "ansible").mkdir(parents=True)
        installed = Path(subprocess.check_output([sys.executable, "-c", "import ansible; print(ansible.__path__[0])"], text=True).strip())
        for part in installed.iterdir():
            if part.is_dir() and f"{part.name}/" in MODULE_SIDE:
                shutil.copytree(part, ansible / "ansible" / part.name, ignore=shutil.ignore_patterns("__pycache__"))
            elif part.stem in MODULE_SIDE:
                shutil.copy(part, ansible / "ansible" / part.name)
    return venv / "bin" / "python", {**os.environ, "PYTHONPATH": str(ansible), "PYTHONDONTWRITEBYTECODE": "1"}


def run(version: str) -> str:
    """Runs the tests under one Python; returns what is to be said about it, which begins with ok, missing or failed."""
    python = interpreter(version)
    if python is None:
        return "missing: not on PATH (python" + version + ") and not among pyenv's versions"
    program, environment = prepare(version, python)
    files = sorted([*(CHECKOUT / "plugins" / "module_utils").glob("*.py"), *(CHECKOUT / "plugins" / "modules").glob("*.py")])
    check = "import ast, sys\nfor path in sys.argv[1:]: compile(open(path, encoding='utf-8').read(), path, 'exec')"
    parsed = subprocess.run([program, "-c", check, *files], check=False)
    tests = subprocess.run(
        [program, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."], cwd=BUILD / version / "tests", env=environment, check=False
    )
    if parsed.returncode or tests.returncode:
        return f"failed under {python}"
    return f"ok, {python}"


def main() -> None:
    results = {}
    for version in sys.argv[1:] or PYTHONS:
        print(f"== Python {version}", flush=True)
        results[version] = run(version)
    print("\n".join(f"Python {version}: {said}" for version, said in results.items()))
    unacceptable = ("failed", "missing") if os.environ.get("REQUIRED_PYTHONS") else ("failed",)
    sys.exit(any(said.startswith(unacceptable) for said in results.values()))


if __name__ == "__main__":
    main()
