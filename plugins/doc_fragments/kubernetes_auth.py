# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the options in module_utils/_kubernetes.py (CONNECTION_OPTIONS); a test keeps the two alike."""


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file on the host that runs the module (usually the controller).
      - The environment variable E(K8S_AUTH_KUBECONFIG) is used where no option names a cluster. If that and E(K8S_AUTH_HOST) are
        unset, E(KUBECONFIG) is used, and in the end C(~/.kube/config).
      - An account of the pod that the controller may run in is never used. It belongs to the controller's cluster, not to yours.
    type: path
  kubeconfig_content:
    description:
      - Text of a kubeconfig (YAML or JSON), for one that was read from a node or from a vault.
      - It is kept in memory. Embedded client certificates and keys have to be handed to the TLS library as files. The client library
        creates them with mode 0600 in the module's private temporary directory and removes them when the module ends.
    type: str
  context:
    description:
      - Context of the kubeconfig. Default is its C(current-context).
      - Environment variable E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - URL of the API server, such as C(https://10.0.0.10:6443). With a kubeconfig it replaces the server named there.
      - Environment variable E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - Bearer token.
      - Environment variable E(K8S_AUTH_API_KEY).
    type: str
  ca_cert:
    description:
      - Path of the certificate authority's PEM file that signed the API server's certificate.
      - Environment variable E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description:
      - Whether the API server's certificate is verified. Default is what the kubeconfig says, else V(true).
      - Environment variable E(K8S_AUTH_VERIFY_SSL).
    type: bool
    aliases: [verify_ssl]
  client_cert:
    description:
      - Path of a client certificate's PEM file.
      - Environment variable E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the client certificate's key.
      - Environment variable E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  proxy:
    description:
      - URL of an HTTP proxy on the way to the API server.
      - Environment variable E(K8S_AUTH_PROXY), else E(HTTPS_PROXY) or E(HTTP_PROXY).
    type: str
  no_proxy:
    description:
      - Comma-separated hosts, domains and networks that are reached without the proxy.
      - Environment variable E(K8S_AUTH_NO_PROXY), else E(NO_PROXY).
    type: str
  api_timeout:
    description:
      - Seconds for which a call that fails for a passing reason is repeated. Such reasons are a refused or reset connection, a TLS
        handshake cut off, no answer, an overloaded or starting server (429, 5xx), a change of etcd's leader. A control plane's own
        migration takes its API server away for a while, hence the long default.
      - Lasting reasons (wrong credentials, missing rights, an unknown certificate authority, an object that does not exist) end
        the module at once.
    type: int
    default: 300
requirements:
  - kubernetes >= 28.1.0 (Python library, on the host that runs the module)
notes:
  - If one of O(kubeconfig) and O(kubeconfig_content) is given, the environment adds nothing but E(K8S_AUTH_PROXY) and
    E(K8S_AUTH_NO_PROXY). If O(host) is given, the environment adds what is missing except a kubeconfig. If none of the three is
    given, all comes from the environment, options taking precedence value by value.
"""
