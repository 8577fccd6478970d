"""Objects that the tests of the command line are about."""

SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: web, example.com/tier: front}
data: {number: "1", html: "x<y&z", yes: "y", lines: "one\\ntwo\\n", date: "2026-01-02", time: "12:30:45"}
"""

OTHER = """
apiVersion: v1
kind: ConfigMap
metadata: {name: another-with-a-longer-name}
"""

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  strategy: {type: RollingUpdate}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: c
        image: nginx
        ports: [{containerPort: 80}]
        env: [{name: A, value: b}, {name: B, value: c}]
      - {name: d, image: busybox}
"""

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""

ALL = "---".join((SETTINGS, OTHER, WEB, SERVICE))
