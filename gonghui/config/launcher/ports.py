import socket
import time

from gonghui.config.launcher.errors import LauncherError

PORT_DEFAULT = 8000
PORTS_TRIED = 100


def is_free(host: str, port: int) -> bool:
    """Asked without SO_REUSEPORT: with it two servers would share one port and halve the visitors."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(host: str, wanted: int | None, patience_s: float = 0) -> int:
    """`wanted` or LauncherError; without a wish the first free port from 8000 on."""
    first = wanted or PORT_DEFAULT
    deadline = time.monotonic() + patience_s
    while not (free := is_free(host, first)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if free:
        return first
    if wanted:
        raise LauncherError(f"{host} 的端口 {wanted} 不能用（已被占用或不允许）。请换一个：--port 8080。")
    for port in range(first + 1, first + PORTS_TRIED):
        if is_free(host, port):
            return port
    raise LauncherError(
        f"端口 {first} 到 {first + PORTS_TRIED - 1} 都被占用。请用 --port 指定一个空闲的端口。"
    )


def address_of_this_machine() -> str:
    """The address other machines see, or "" without a network. Connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return ""
