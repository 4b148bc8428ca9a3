"""What programs do with Python's kubernetes, at the cluster of a kubeconfig: client.py KUBECONFIG POD CONTAINER PORT"""

import sys

from kubernetes import client, config, dynamic, watch
from kubernetes.stream import portforward, stream

kubeconfig, pod, container, port = sys.argv[1:]
namespace = "shop"
config.load_kube_config(kubeconfig)
core = client.CoreV1Api()

print("list:", core.list_namespaced_pod(namespace).items[0].metadata.name)
dynamic_client = dynamic.DynamicClient(client.ApiClient())
pods = dynamic_client.resources.get(api_version="v1", kind="Pod")
print("dynamic:", pods.get(name=pod, namespace=namespace).metadata.name)

version = core.list_namespaced_config_map(namespace).metadata.resource_version
made = core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata={"generateName": "python-"}))
name = made.metadata.name
core.patch_namespaced_config_map(name, namespace, {"data": {"a": "1"}})
core.delete_namespaced_config_map(name, namespace)
watcher = watch.Watch()
for event in watcher.stream(core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=30):
    if event["object"].metadata.name == name:
        print("watch:", event["type"])
        if event["type"] == "DELETED":
            watcher.stop()

print("log:", core.read_namespaced_pod_log(pod, namespace, container=container).splitlines()[0])

command = ["sh", "-c", "read line; echo got $line; echo warned >&2; exit 6"]
running = stream(
    core.connect_get_namespaced_pod_exec,
    pod,
    namespace,
    container=container,
    command=command,
    stdin=True,
    stdout=True,
    stderr=True,
    _preload_content=False,
)
running.write_stdin("hello\n")
running.run_forever(timeout=30)
print("exec:", running.read_stdout().strip(), running.read_stderr().strip(), running.returncode)

forward = portforward(core.connect_get_namespaced_pod_portforward, pod, namespace, ports=port)
socket = forward.socket(int(port))
socket.setblocking(True)
socket.sendall(b"GET / HTTP/1.0\r\n\r\n")
answer = b""
while chunk := socket.recv(65536):
    answer += chunk
print("port-forward:", answer.split(b"\r\n\r\n", 1)[1].decode())
