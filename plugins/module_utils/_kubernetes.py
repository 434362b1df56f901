# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to the Kubernetes API: options, errors that name the way out, patience while a control plane is away.

Objects are plain JSON (dict) in both directions: the same code serves clusters from 1.16 to 1.37, whatever models the
installed client library has. Of that library only what is hard is used: kubeconfigs with all their ways to log in, and
the HTTP pool that it makes of them.

Runs on the controller, or wherever the API is reachable.
"""

import json
import os
import re
import socket
import ssl
import time
import traceback
from urllib.parse import quote, urlencode

from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

MINIMUM_VERSION = "28.1.0"

KUBERNETES_IMPORT_ERROR = None
try:
    import kubernetes
    import kubernetes.client
    import kubernetes.client.rest
    import kubernetes.config
    import urllib3
    import yaml
except ImportError:
    KUBERNETES_IMPORT_ERROR = traceback.format_exc()

# Documented in doc_fragments/kubernetes_auth.py.
CONNECTION_OPTIONS = {
    "kubeconfig": {"type": "path"},
    "kubeconfig_content": {"type": "str", "no_log": True},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
    "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
    "client_cert": {"type": "path", "aliases": ["cert_file"]},
    "client_key": {"type": "path", "aliases": ["key_file"], "no_log": False},
    "proxy": {"type": "str"},
    "no_proxy": {"type": "str"},
    "api_timeout": {"type": "int", "default": 300},
}
MUTUALLY_EXCLUSIVE = [("kubeconfig", "kubeconfig_content")]

# The names that kubernetes.core reads and that AWX's credential "OpenShift or Kubernetes API Bearer Token" sets.
ENVIRONMENT = {
    "kubeconfig": "K8S_AUTH_KUBECONFIG",
    "context": "K8S_AUTH_CONTEXT",
    "host": "K8S_AUTH_HOST",
    "api_key": "K8S_AUTH_API_KEY",
    "ca_cert": "K8S_AUTH_SSL_CA_CERT",
    "validate_certs": "K8S_AUTH_VERIFY_SSL",
    "client_cert": "K8S_AUTH_CERT_FILE",
    "client_key": "K8S_AUTH_KEY_FILE",
    "proxy": "K8S_AUTH_PROXY",
    "no_proxy": "K8S_AUTH_NO_PROXY",
}

HOW_TO_CONNECT = (
    "Give a kubeconfig with the rights of a cluster administrator: option kubeconfig or kubeconfig_content, or the environment variable "
    "K8S_AUTH_KUBECONFIG (or K8S_AUTH_HOST with K8S_AUTH_API_KEY and K8S_AUTH_SSL_CA_CERT, as an AWX credential sets them)."
)

CONNECT_TIMEOUT = 10
READ_TIMEOUT = 30
# Seconds between two attempts of the same call; the last one repeats.
BACKOFF = (1, 1, 2, 3, 5)
LONGEST_RETRY_AFTER = 30
# An API server that has just started may refuse who it will soon know: its caches of accounts and roles are still empty.
GRACE_AFTER_OUTAGE = 30
GRACE_FOR_UNAUTHORIZED = 5

# TLS alerts that a load balancer or a starting API server sends for a while; every other failed handshake will fail again.
PASSING_TLS_REASONS = ("UNEXPECTED_EOF_WHILE_READING", "TLSV1_ALERT_INTERNAL_ERROR")


class ApiError(MigrationError):
    """The API server said no, or said nothing for too long.

    :ivar status: int, the HTTP status, or None where no answer came.
    :ivar body: dict, the server's Status object, or {}.
    :ivar retry_after: int, the seconds that the server asked us to wait, 0 where it did not.
    """

    def __init__(self, message, status=None, body=None, retry_after=0, **details):
        super().__init__(message, **details)
        self.status = status
        self.body = body or {}
        self.retry_after = retry_after

    @property
    def text(self):
        """What the server said, without our frame around it."""
        return self.body.get("message") or self.message

    @property
    def causes(self):
        """The list of the server's causes: dicts with C(reason) and C(message)."""
        return (self.body.get("details") or {}).get("causes") or []


def connection_settings(options, environment):
    """Decides where each connection value comes from; see the notes in the documentation of the options.

    :param options: dict, the module's parameters.
    :param environment: mapping, the process's environment.
    :returns: dict with the keys of C(CONNECTION_OPTIONS), None where nothing is set.
    """
    settings = {key: options.get(key) for key in CONNECTION_OPTIONS}
    if settings["kubeconfig_content"] is not None and not settings["kubeconfig_content"].strip():
        # Whoever passed it on meant a certain cluster: never fall back to another one.
        raise MigrationError("The option kubeconfig_content is empty. " + HOW_TO_CONNECT)
    if settings["kubeconfig"] or settings["kubeconfig_content"]:
        inherited = ("proxy", "no_proxy")
    elif settings["host"]:
        inherited = tuple(key for key in ENVIRONMENT if key not in ("kubeconfig", "context"))
    else:
        inherited = tuple(ENVIRONMENT)
    for key in inherited:
        if settings[key] is None and environment.get(ENVIRONMENT[key]):
            settings[key] = environment[ENVIRONMENT[key]]
    if isinstance(settings["validate_certs"], str):
        try:
            settings["validate_certs"] = boolean(settings["validate_certs"])
        except TypeError:
            raise MigrationError("The environment variable K8S_AUTH_VERIFY_SSL must be a boolean such as true or false.")
    if not (settings["kubeconfig"] or settings["kubeconfig_content"] or settings["host"]):
        settings["kubeconfig"] = environment.get("KUBECONFIG") or "~/.kube/config"
    for key in ("ca_cert", "client_cert", "client_key"):
        if settings[key]:
            settings[key] = os.path.expanduser(settings[key])
    if settings["kubeconfig"]:
        settings["kubeconfig"] = os.pathsep.join(os.path.expanduser(path) for path in settings["kubeconfig"].split(os.pathsep))
    return settings


def check_kubeconfig(text, source, context=None):
    """Parses a kubeconfig and finds what the client library would report with the secrets around it.

    :param text: str, YAML or JSON.
    :param source: str, how messages call it.
    :param context: str or None, the context that must be there.
    :returns: dict, the parsed document.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = " (line {0}, column {1})".format(mark.line + 1, mark.column + 1) if mark else ""
        raise MigrationError("{0} is not valid YAML{1}. {2}".format(source, where, HOW_TO_CONNECT))
    if not isinstance(document, dict) or not document.get("clusters"):
        raise MigrationError("{0} is not a kubeconfig: it names no clusters. {1}".format(source, HOW_TO_CONNECT))
    named = {}
    for section in ("contexts", "clusters", "users"):
        entries = document.get(section) or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) and entry.get("name") for entry in entries):
            raise MigrationError("{0}: every entry of '{1}' needs a name.".format(source, section))
        named[section] = {entry["name"]: entry.get(section[:-1]) or {} for entry in entries}
    wanted = context or document.get("current-context")
    if not wanted:
        raise MigrationError(
            "{0} has no current-context: name one with the option context ({1}).".format(source, _names(named["contexts"]))
        )
    if wanted not in named["contexts"]:
        raise MigrationError("{0} has no context '{1}'; it has {2}.".format(source, wanted, _names(named["contexts"])))
    for section in ("cluster", "user"):
        name = named["contexts"][wanted].get(section)
        if name and name not in named[section + "s"]:
            raise MigrationError("{0}: context '{1}' names the {2} '{3}', which is not in '{2}s'.".format(source, wanted, section, name))
    cluster = named["clusters"].get(named["contexts"][wanted].get("cluster")) or {}
    if not cluster.get("server"):
        # The client library would turn to http://localhost.
        raise MigrationError("{0}: the cluster of context '{1}' names no server.".format(source, wanted))
    return document


def _names(mapping):
    return ", ".join(sorted(str(name) for name in mapping)) or "none"


def _read_file(path, what):
    try:
        with open(path, "rb") as stream:
            return stream.read().decode("utf-8")
    except OSError as error:
        raise MigrationError("Cannot read {0} {1}: {2}. {3}".format(what, path, error.strerror, HOW_TO_CONNECT))
    except UnicodeDecodeError:
        raise MigrationError("{0} {1} is not UTF-8 text. {2}".format(what, path, HOW_TO_CONNECT))


def client_configuration(settings, tmpdir=None):
    """Makes the client library's configuration of what C(connection_settings) decided.

    No error text of the library or of the YAML parser is passed on: both quote the file, secrets included.
    """
    configuration = kubernetes.client.Configuration()
    source = None
    try:
        if settings["kubeconfig_content"]:
            source = "The text in kubeconfig_content"
            document = check_kubeconfig(settings["kubeconfig_content"], source, settings["context"])
            kubernetes.config.load_kube_config_from_dict(
                document,
                context=settings["context"],
                client_configuration=configuration,
                persist_config=False,
                temp_file_path=tmpdir,
            )
        elif settings["kubeconfig"]:
            paths = settings["kubeconfig"].split(os.pathsep)
            source = "The kubeconfig " + settings["kubeconfig"]
            if len(paths) == 1:
                check_kubeconfig(_read_file(paths[0], "the kubeconfig"), source, settings["context"])
            kubernetes.config.load_kube_config(
                settings["kubeconfig"],
                context=settings["context"],
                client_configuration=configuration,
                temp_file_path=tmpdir,
            )
    except MigrationError:
        raise
    except Exception as error:  # the library raises what it likes: ConfigException, KeyError, binascii.Error, OSError
        missing = re.match(r"File does not exist: (\S+)$", str(error))
        reason = "the file {0} that it names does not exist".format(missing.group(1)) if missing else type(error).__name__
        raise MigrationError("{0} cannot be used: {1}. {2}".format(source, reason, HOW_TO_CONNECT))
    if settings["host"]:
        configuration.host = settings["host"]
    if settings["api_key"]:
        configuration.refresh_api_key_hook = None
        configuration.api_key = {"authorization": "Bearer " + settings["api_key"].strip()}
    if settings["validate_certs"] is not None:
        configuration.verify_ssl = settings["validate_certs"]
    for option, attribute in (("ca_cert", "ssl_ca_cert"), ("client_cert", "cert_file"), ("client_key", "key_file")):
        if settings[option]:
            if not os.path.isfile(settings[option]):
                raise MigrationError(
                    "The file {0} (option {1} or {2}) does not exist.".format(settings[option], option, ENVIRONMENT[option])
                )
            setattr(configuration, attribute, settings[option])
    for option in ("proxy", "no_proxy"):
        if settings[option]:
            setattr(configuration, option, settings[option])
    if not re.match(r"https?://[^/\s]+", configuration.host or ""):
        raise MigrationError(
            "{0} names the server '{1}', which is not the URL of an API server, such as https://10.0.0.10:6443.".format(
                "The option host (K8S_AUTH_HOST)" if settings["host"] else source, configuration.host
            )
        )
    return configuration


def _chain(error):
    """An exception and all that it wraps, in whatever way urllib3 wrapped it."""
    seen, queue = [], [error]
    while queue:
        current = queue.pop(0)
        if not isinstance(current, BaseException) or current in seen:
            continue
        seen.append(current)
        queue.extend([current.__cause__, current.__context__, getattr(current, "reason", None)])
        queue.extend(current.args)
    return seen


def transport_problem(error):
    """Describes a call that got no answer.

    :returns: (str, bool): what went wrong, and whether it may go away by itself.
    """
    chain = _chain(error)
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return (
                "the server's certificate is not trusted: {0}. Give its authority with ca_cert (K8S_AUTH_SSL_CA_CERT) or in the "
                "kubeconfig".format(getattr(link, "verify_message", "") or "verification failed"),
                False,
            )
        if isinstance(link, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
            return "the TLS handshake was cut off", True
        if isinstance(link, ssl.SSLError) and not isinstance(link, socket.timeout):
            if link.reason in PASSING_TLS_REASONS or "timed out" in str(link):
                return "the TLS handshake failed ({0})".format(link.reason), True
            return "TLS failed ({0})".format(link.reason or link), False
        if isinstance(link, socket.gaierror):
            return "its name cannot be resolved", link.errno != socket.EAI_NONAME
        if isinstance(link, ConnectionRefusedError):
            return "connection refused", True
        if isinstance(link, ConnectionResetError):
            return "connection reset", True
        if isinstance(link, urllib3.exceptions.LocationValueError):
            return "it is not a URL", False
    # urllib3's own names come last: its NewConnectionError, which wraps all of the above, is a ConnectTimeoutError too.
    for link in chain:
        if isinstance(link, urllib3.exceptions.ConnectTimeoutError):
            return "no connection within {0} s".format(CONNECT_TIMEOUT), True
        if isinstance(link, urllib3.exceptions.ReadTimeoutError):
            return "no answer within {0} s".format(READ_TIMEOUT), True
        if isinstance(link, OSError) and link.strerror:
            return link.strerror, True
    return type(chain[-1]).__name__, True


class KubernetesClient:
    """Sends one call after the other, each repeated while the reason for its failure may pass.

    :ivar server: str, the API server's URL.
    :ivar deadline: float or None, a time of C(clock) that no call waits beyond (a whole task's own timeout).
    """

    def __init__(self, configuration, api_timeout=300, clock=time.monotonic, sleep=time.sleep):
        self.server = configuration.host.rstrip("/")
        self.api_timeout = api_timeout
        self.deadline = None
        self.clock = clock
        self.sleep = sleep
        self._configuration = configuration
        self._pool = kubernetes.client.rest.RESTClientObject(configuration).pool_manager
        self._last_outage = None

    # -- calls ---------------------------------------------------------------------------------------------------------

    def get(self, path, what, query=None):
        """Reads an object or a list."""
        return self.call("GET", path, what, query=query)

    def merge_patch(self, path, what, patch):
        """Changes the named fields of an object and no other; None removes a field."""
        return self.call("PATCH", path, what, body=patch, content_type="application/merge-patch+json")

    def post(self, path, what, body, retry=True):
        """Creates an object or a subresource."""
        return self.call("POST", path, what, body=body, retry=retry)

    def call(self, verb, path, what, query=None, body=None, content_type="application/json", retry=True):
        """Sends one request and returns the answer.

        :param verb: str, the HTTP method.
        :param path: str, the path below the server's URL, already quoted.
        :param what: str, what is being done, for messages: "read node worker-1".
        :param retry: bool, False: any answer that is an error is raised at once (a call that got no answer is still repeated).
        :returns: dict.
        :raises ApiError: with the server's URL and the way out.
        """
        url = self.server + path + ("?" + urlencode(query) if query else "")
        started = self.clock()
        attempt = 0
        while True:
            pause = BACKOFF[min(attempt, len(BACKOFF) - 1)]
            attempt += 1
            try:
                status, headers, answer = self._send(verb, url, body, content_type, started)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                problem, passing = transport_problem(error)
                failure = ApiError(
                    "Cannot {0}: the API server {1} does not answer ({2} {3}): {4}.".format(what, self.server, verb, path, problem)
                )
                if passing:
                    self._last_outage = self.clock()
            else:
                if 200 <= status < 300:
                    return answer
                failure = self._refusal(verb, path, what, status, answer)
                failure.retry_after = _retry_after(headers)
                passing = retry and self._passes(status, started)
                pause = max(pause, failure.retry_after)
            if not passing:
                raise failure
            if self.clock() + pause >= self._give_up(started):
                own = self.deadline is None or self.deadline >= started + self.api_timeout
                raise ApiError(
                    "{0} It was tried {1} for {2:.0f} s ({3}). Is the control plane up, and is this URL reachable from the host that "
                    "runs this task?".format(
                        failure.message,
                        "once" if attempt == 1 else "{0} times".format(attempt),
                        self.clock() - started,
                        "api_timeout is {0} s".format(self.api_timeout) if own else "then the task's own timeout was over",
                    ),
                    status=failure.status,
                    body=failure.body,
                )
            self.sleep(pause)

    def _give_up(self, started):
        end = started + self.api_timeout
        return end if self.deadline is None else min(end, self.deadline)

    def _send(self, verb, url, body, content_type, started):
        headers = {"Accept": "application/json", "User-Agent": "dockershim.migration"}
        token = (self._configuration.auth_settings().get("BearerToken") or {}).get("value")
        if token:
            headers["Authorization"] = token
        if body is not None:
            headers["Content-Type"] = content_type
            body = json.dumps(body)
        left = max(1.0, self._give_up(started) - self.clock())
        response = self._pool.request(
            verb,
            url,
            body=body,
            headers=headers,
            retries=False,
            timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT, left), read=min(READ_TIMEOUT, left)),
        )
        text = response.data.decode("utf-8", "replace")
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            if 200 <= response.status < 300:
                raise ApiError(
                    "{0} answered {1} {2} with something that is not JSON: is this the URL of a Kubernetes API server?".format(
                        self.server, verb, url[len(self.server) :]
                    ),
                    status=response.status,
                )
            answer = {"message": text.strip()[:300]}
        return response.status, response.headers, answer

    def _passes(self, status, started):
        """Whether an error answer may turn into a good one by itself."""
        if status == 401 or status == 403:
            since, grace = self._last_outage, GRACE_AFTER_OUTAGE
            if since is None and status == 401:
                since, grace = started, GRACE_FOR_UNAUTHORIZED
            return since is not None and self.clock() - since < grace
        return status in (408, 429) or status >= 500

    def _refusal(self, verb, path, what, status, answer):
        said = answer.get("message") or answer.get("reason") or "no reason given"
        message = "Cannot {0}: the API server {1} answered {2} {3} with {4}: {5}.".format(
            what, self.server, verb, path, status, said.rstrip(".")
        )
        if status == 401:
            message += " The credentials are not valid for this server. " + HOW_TO_CONNECT
        elif status == 403:
            message += " The account lacks a right. " + HOW_TO_CONNECT
        return ApiError(message, status=status, body=answer)

    # -- objects -------------------------------------------------------------------------------------------------------

    def node(self, name):
        """Reads a node; one that does not exist is an error that names those that do."""
        try:
            return self.get(node_path(name), "read node {0}".format(name))
        except ApiError as error:
            if error.status != 404:
                raise
        nodes = self.get("/api/v1/nodes", "list the nodes").get("items") or []
        raise ApiError(
            "The cluster at {0} has no node '{1}'. Its nodes are: {2}. Give the name that the kubelet registered (kubectl get "
            "nodes), or the kubeconfig of the right cluster.".format(
                self.server, name, _names({node["metadata"]["name"]: 1 for node in nodes})
            ),
            status=404,
        )

    def patch_node(self, name, what, patch):
        """Changes fields of a node and returns the node as it is then."""
        return self.merge_patch(node_path(name), "{0} node {1}".format(what, name), patch)

    def node_pods(self, name):
        """All pods that are bound to a node, of every namespace and in every phase."""
        query = [("fieldSelector", "spec.nodeName=" + name)]
        return self.get("/api/v1/pods", "list the pods of node {0}".format(name), query=query).get("items") or []


def node_path(name):
    """The API path of a node."""
    return "/api/v1/nodes/" + quote(name, safe="")


def _retry_after(headers):
    try:
        return max(0, min(int(headers.get("Retry-After") or 0), LONGEST_RETRY_AFTER))
    except ValueError:
        return 0


def client_for(module):
    """Makes the client of a module's parameters, or ends the module where the library is missing or too old."""
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(
            msg=missing_required_lib("kubernetes >= " + MINIMUM_VERSION, url="https://github.com/kubernetes-client/python"),
            exception=KUBERNETES_IMPORT_ERROR,
        )
    found = version_tuple(kubernetes.__version__)
    if found < version_tuple(MINIMUM_VERSION):
        raise MigrationError(
            "The Python library kubernetes {0} is too old for this module: install {1} or newer beside the interpreter that runs "
            "it.".format(kubernetes.__version__, MINIMUM_VERSION)
        )
    settings = connection_settings(module.params, os.environ)
    return KubernetesClient(client_configuration(settings, tmpdir=module.tmpdir), api_timeout=settings["api_timeout"])


def version_tuple(text):
    """The leading numbers of a version: "v1.20.2" is (1, 20, 2)."""
    return tuple(int(number) for number in re.findall(r"\d+", re.match(r"v?([\d.]*)", text).group(1)))
