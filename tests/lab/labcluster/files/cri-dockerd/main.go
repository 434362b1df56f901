// Copyright (c) 2026, the dockershim.migration developers
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// A stand-in for cri-dockerd: the dockershim of Kubernetes, which cri-dockerd was forked from, as a server of its own.
// It takes the flags that cri-dockerd takes, speaks CRI v1alpha2 as cri-dockerd 0.2 does, and says what it is.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/grpc"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1alpha2"
	"k8s.io/klog/v2"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cri/streaming"
	"k8s.io/kubernetes/pkg/kubelet/dockershim"
)

const (
	version = "0.2.6 (stand-in: the dockershim of Kubernetes v1.20.2)"
	// As in pkg/kubelet/dockershim/remote: the kubelet lists all containers in one message.
	maxMessage = 16 << 20
	firstFD    = 3
)

func main() {
	endpoint := pflag.String("container-runtime-endpoint", "unix:///var/run/cri-dockerd.sock", "fd:// for systemd's socket, or unix://")
	docker := pflag.String("docker-endpoint", "unix:///var/run/docker.sock", "")
	pause := pflag.String("pod-infra-container-image", "k8s.gcr.io/pause:3.6", "")
	plugin := pflag.String("network-plugin", "cni", "")
	binDir := pflag.String("cni-bin-dir", "/opt/cni/bin", "")
	confDir := pflag.String("cni-conf-dir", "/etc/cni/net.d", "")
	cacheDir := pflag.String("cni-cache-dir", "/var/lib/cni/cache", "")
	mtu := pflag.Int32("network-plugin-mtu", 0, "")
	root := pflag.String("cri-dockerd-root-directory", "/var/lib/cri-dockerd", "")
	deadline := pflag.Duration("image-pull-progress-deadline", time.Minute, "")
	bind := pflag.String("streaming-bind-addr", "", "all addresses if empty, as in cri-dockerd")
	cgroups := pflag.String("runtime-cgroups", "", "")
	showVersion := pflag.Bool("version", false, "")
	pflag.Parse()
	if *showVersion {
		fmt.Println("cri-dockerd", version)
		return
	}

	stream := streaming.DefaultConfig
	stream.Addr = *bind
	if _, _, err := net.SplitHostPort(*bind); err != nil {
		stream.Addr = net.JoinHostPort(*bind, "0")
	}
	service, err := dockershim.NewDockerService(
		&dockershim.ClientConfig{DockerEndpoint: *docker, RuntimeRequestTimeout: 2 * time.Minute, ImagePullProgressDeadline: *deadline},
		*pause,
		&stream,
		&dockershim.NetworkPluginSettings{
			HairpinMode:        kubeletconfig.HairpinNone,
			NonMasqueradeCIDR:  "10.0.0.0/8",
			PluginName:         *plugin,
			PluginBinDirString: *binDir,
			PluginConfDir:      *confDir,
			PluginCacheDir:     *cacheDir,
			MTU:                int(*mtu),
		},
		*cgroups,
		"", // Docker's own driver.
		*root,
	)
	exitOn(err)
	exitOn(service.Start())
	listener, err := listen(*endpoint)
	exitOn(err)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	runtimeapi.RegisterRuntimeServiceServer(server, service)
	runtimeapi.RegisterImageServiceServer(server, service)
	exitOn(notify("READY=1"))
	klog.Infof("cri-dockerd %s serves at %s", version, listener.Addr())
	exitOn(server.Serve(listener))
}

// listen takes the socket that systemd passes (sd_listen_fds(3)), or makes one.
func listen(endpoint string) (net.Listener, error) {
	if endpoint != "fd://" {
		path := strings.TrimPrefix(endpoint, "unix://")
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		return net.Listen("unix", path)
	}
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || os.Getenv("LISTEN_FDS") != "1" {
		return nil, fmt.Errorf("systemd passes no socket")
	}
	return net.FileListener(os.NewFile(firstFD, "systemd"))
}

// notify tells systemd about the state (sd_notify(3)).
func notify(state string) error {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = connection.Write([]byte(state))
	return err
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "cri-dockerd stand-in:", err)
		os.Exit(1)
	}
}
