# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for the programs of a node, for tests that run where there is no node.

The real ones are tested on the lab's nodes (molecule/default). These answer with what the real ones answered there: a Docker
Engine 20.10.24 on a Unix socket, and C(ctr) of containerd 1.6.20 as a program on PATH.
"""

from __future__ import annotations

import http.server
import json
import os
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class DockerStandIn:
    """A Docker Engine with some containers and images, which can stop the containers and export the images.

    :ivar containers: list of dict, as C(GET /containers/json) gives them.
    :ivar images: list of dict, as C(GET /images/json) gives them.
    :ivar stops: list of (container ID, seconds) in the order of the requests.
    """

    def __init__(self, socket_path: Path) -> None:
        self.path = str(socket_path)
        self.containers: list[dict[str, Any]] = []
        self.images: list[dict[str, Any]] = []
        self.info: dict[str, Any] = {}
        self.stops: list[tuple[str, int]] = []
        self.refuses_to_stop: set[str] = set()
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(self) -> str:
                return "local"

            def log_message(self, *_arguments: Any) -> None:
                pass

            def answer(self, status: int, body: bytes = b"") -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path)
                if path == "/containers/json":
                    self.answer(200, json.dumps(stand_in.containers).encode())
                elif path == "/images/json":
                    self.answer(200, json.dumps(stand_in.images).encode())
                elif path == "/info":
                    self.answer(200, json.dumps(stand_in.info).encode())
                elif path.startswith("/images/") and path.endswith("/get"):
                    image_id = path.removeprefix("/images/").removesuffix("/get")
                    if image_id in {image["Id"] for image in stand_in.images}:
                        self.answer(200, f"archive of {image_id}".encode())
                    else:
                        self.answer(404, b'{"message":"reference does not exist"}')
                else:
                    self.answer(404, b'{"message":"page not found"}')

            def do_POST(self) -> None:
                url = urlsplit(self.path)
                container_id = url.path.split("/")[2]
                stand_in.stops.append((container_id, int(parse_qs(url.query)["t"][0])))
                if container_id not in stand_in.refuses_to_stop:
                    stand_in.containers = [container for container in stand_in.containers if container["Id"] != container_id]
                self.answer(204)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

        self.server = Server(self.path, Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> DockerStandIn:
        self.thread.start()
        return self

    def __exit__(self, *_exception: Any) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


CTR = """#!{python}
import json, pathlib, sys
state_file = pathlib.Path({state!r})
state = json.loads(state_file.read_text())
arguments = sys.argv[1:]
assert arguments[0] == "--address" and arguments[2] == "--namespace", arguments
namespace = state.setdefault(arguments[3], {{"images": {{}}, "tasks": {{}}}})
command, rest = tuple(arguments[4:6]), arguments[6:]
state.setdefault("calls", []).append(arguments[3:])
if command == ("images", "ls"):
    print("REF TYPE DIGEST SIZE PLATFORMS LABELS")
    for name, digest in sorted(namespace["images"].items()):
        print(name, "application/vnd.docker.distribution.manifest.v2+json", digest, "1.9 MiB    linux/amd64 io.cri-containerd.x=y")
elif command == ("namespaces", "ls"):
    for name in state:
        if "images" in state[name]:
            print(name)
elif command == ("images", "import"):
    archive = sys.stdin.read()
    if state.get("import_fails"):
        print("ctr: unrecognized image format", file=sys.stderr)
        sys.exit(1)
    image_id = archive[len("archive of ") :]
    digest = "sha256:manifest-of-" + image_id.replace("sha256:", "")
    state["content"][digest] = {{"config": {{"digest": image_id}}}}
    namespace["images"][rest[rest.index("--base-name") + 1] + "@" + digest] = digest
elif command == ("images", "tag"):
    names = [name for name in rest if not name.startswith("--")]
    for name in names[1:]:
        namespace["images"][name] = namespace["images"][names[0]]
elif command == ("images", "rm"):
    for name in rest:
        del namespace["images"][name]
elif command == ("content", "get"):
    if rest[0] not in state["content"]:
        print("ctr: content " + rest[0] + ": not found", file=sys.stderr)
        sys.exit(1)
    print(json.dumps(state["content"][rest[0]]), end="")
elif command == ("containers", "info"):
    print(json.dumps({{"ID": rest[0], "Labels": namespace["labels"][rest[0]]}}))
elif command == ("tasks", "ls"):
    print("TASK    PID    STATUS")
    for name, pid in sorted(namespace["tasks"].items()):
        print(name, "  ", pid, "  RUNNING")
elif command == ("tasks", "kill"):
    signal = rest[rest.index("--signal") + 1]
    if signal == "SIGKILL" or rest[-1] not in state.get("stubborn", []):
        namespace["tasks"].pop(rest[-1], None)
elif command == ("tasks", "rm"):
    pass
else:
    sys.exit("the stand-in does not know " + " ".join(arguments))
state_file.write_text(json.dumps(state))
"""


class CtrStandIn:
    """A C(ctr) on PATH that keeps its state in a file.

    :param directory: where the program is put.
    """

    def __init__(self, directory: Path) -> None:
        self.state_file = directory / "containerd.json"
        self.write({"content": {}})
        program = directory / "ctr"
        program.write_text(CTR.format(python=sys.executable, state=str(self.state_file)), encoding="utf-8")
        program.chmod(0o755)
        self.path = f"{directory}{os.pathsep}{os.environ['PATH']}"

    def read(self) -> dict[str, Any]:
        return json.loads(self.state_file.read_text(encoding="utf-8"))

    def write(self, state: dict[str, Any]) -> None:
        self.state_file.write_text(json.dumps(state), encoding="utf-8")

    def has_image(self, reference: str, image_id: str) -> None:
        """Puts an image there."""
        state = self.read()
        digest = "sha256:manifest-of-" + image_id.removeprefix("sha256:")
        state["content"][digest] = {"config": {"digest": image_id}}
        state.setdefault("k8s.io", {"images": {}, "tasks": {}})["images"][reference] = digest
        self.write(state)

    def image_ids(self) -> dict[str, str]:
        """Reference -> image ID of what is in the namespace k8s.io now."""
        state = self.read()
        images = state.get("k8s.io", {"images": {}})["images"]
        return {name: state["content"][digest]["config"]["digest"] for name, digest in images.items()}

    def subcommands(self) -> list[str]:
        return [" ".join(call[1:3]) for call in self.read().get("calls", [])]
