"""Figures for Prometheus at /metrics: off unless somebody asks for them, and then not for everybody."""

from clinic.settings import environment

METRICS = environment.flag("METRICS", default=False)
# Who reads them shows this in `Authorization: Bearer`. Without one, only these addresses may ask, and not through a
# proxy, behind which everybody has the same address.
METRICS_TOKEN = environment.text("METRICS_TOKEN", "")
METRICS_NETWORKS = environment.networks("METRICS_NETWORKS", "127.0.0.0/8,::1/128")
