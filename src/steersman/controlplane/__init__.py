"""The control plane put together, to be embedded in a program or served by ``steersman serve``."""

from steersman.controlplane.control_plane import ControlPlane

__all__ = ["ControlPlane"]
