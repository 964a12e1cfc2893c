"""A port for a server of a test or benchmark."""

from __future__ import annotations

import socket


def free_port() -> int:
    """From the system, never from a list: Granian shares its port, and two tests on one would answer for each other."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
