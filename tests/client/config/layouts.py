"""Kubeconfig files as the usual tools write them; ``{ca}``, ``{cert}`` and ``{key}`` stand for base64 of PEM."""

KIND = """
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {ca}
    server: https://127.0.0.1:38765
  name: kind-kind
contexts:
- context:
    cluster: kind-kind
    user: kind-kind
  name: kind-kind
current-context: kind-kind
kind: Config
preferences: {{}}
users:
- name: kind-kind
  user:
    client-certificate-data: {cert}
    client-key-data: {key}
"""

EKS = """
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {ca}
    server: https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com
  name: arn:aws:eks:eu-west-1:111122223333:cluster/prod
contexts:
- context:
    cluster: arn:aws:eks:eu-west-1:111122223333:cluster/prod
    user: arn:aws:eks:eu-west-1:111122223333:cluster/prod
  name: arn:aws:eks:eu-west-1:111122223333:cluster/prod
current-context: arn:aws:eks:eu-west-1:111122223333:cluster/prod
kind: Config
preferences: {{}}
users:
- name: arn:aws:eks:eu-west-1:111122223333:cluster/prod
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - eu-west-1
      - eks
      - get-token
      - --cluster-name
      - prod
      - --output
      - json
      command: aws
      env:
      - name: AWS_PROFILE
        value: work
"""

GKE = """
apiVersion: v1
kind: Config
clusters:
- name: gke_project_europe-west1-b_main
  cluster:
    certificate-authority-data: {ca}
    server: https://203.0.113.7
contexts:
- name: gke_project_europe-west1-b_main
  context:
    cluster: gke_project_europe-west1-b_main
    user: gke_project_europe-west1-b_main
    namespace: team-a
current-context: gke_project_europe-west1-b_main
preferences: {{}}
users:
- name: gke_project_europe-west1-b_main
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: gke-gcloud-auth-plugin
      installHint: Install gke-gcloud-auth-plugin for use with kubectl by following
        https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin
      provideClusterInfo: true
"""

AKS = """
apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: {ca}
    server: https://main-dns-0a1b2c3d.hcp.westeurope.azmk8s.io:443
  name: main
contexts:
- context: {{cluster: main, user: clusterUser_group_main}}
  name: main
current-context: main
users:
- name: clusterUser_group_main
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args: [get-token, --environment, AzurePublicCloud, --server-id, 6dae42f8-4368-4678-94ff-3960e28e3630,
        --login, azurecli]
      command: kubelogin
      env: null
      provideClusterInfo: false
"""

K3S = """
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {ca}
    server: https://127.0.0.1:6443
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
preferences: {{}}
users:
- name: default
  user:
    client-certificate-data: {cert}
    client-key-data: {key}
"""

MINIKUBE = """
apiVersion: v1
clusters:
- cluster:
    certificate-authority: minikube/ca.crt
    extensions:
    - extension:
        last-update: Mon, 01 Jun 2026 10:00:00 CEST
        provider: minikube.sigs.k8s.io
        version: v1.36.0
      name: cluster_info
    server: https://192.168.49.2:8443
  name: minikube
contexts:
- context:
    cluster: minikube
    extensions:
    - extension:
        provider: minikube.sigs.k8s.io
      name: context_info
    namespace: default
    user: minikube
  name: minikube
current-context: minikube
kind: Config
preferences: {{}}
users:
- name: minikube
  user:
    client-certificate: ./minikube/profiles/../client.crt
    client-key: minikube/client.key
"""

OPENSHIFT = """
apiVersion: v1
clusters:
- cluster:
    insecure-skip-tls-verify: true
    server: https://api.crc.testing:6443
  name: api-crc-testing:6443
contexts:
- context:
    cluster: api-crc-testing:6443
    namespace: my-project
    user: developer/api-crc-testing:6443
  name: my-project/api-crc-testing:6443/developer
current-context: my-project/api-crc-testing:6443/developer
kind: Config
preferences: {{}}
users:
- name: developer/api-crc-testing:6443
  user:
    token: sha256~0123456789
"""

DOCKER_DESKTOP = """
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {ca}
    server: https://kubernetes.docker.internal:6443
    tls-server-name: docker-for-desktop
    proxy-url: http://127.0.0.1:3128
    disable-compression: true
  name: docker-desktop
contexts:
- context:
    cluster: docker-desktop
    user: docker-desktop
  name: docker-desktop
current-context: docker-desktop
kind: Config
users:
- name: docker-desktop
  user:
    client-certificate-data: {cert}
    client-key-data: {key}
    as: deployer
    as-uid: "1234"
    as-groups: [team-a, team-b]
    as-user-extra:
      scopes: [view, edit]
"""

LAYOUTS = {
    "kind": KIND,
    "eks": EKS,
    "gke": GKE,
    "aks": AKS,
    "k3s": K3S,
    "minikube": MINIKUBE,
    "openshift": OPENSHIFT,
    "docker-desktop": DOCKER_DESKTOP,
}
