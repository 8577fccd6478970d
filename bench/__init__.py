"""The benchmarks: one table of what the server costs, next to kube-apiserver with etcd. See docs/benchmarks.md."""
