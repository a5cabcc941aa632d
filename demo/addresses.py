"""Which network addresses this machine answers on, and whether a port is free."""

import errno
import socket

EVERYWHERE = "0.0.0.0"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost"})


def _network_address() -> tuple[str, ...]:
    """The address under which others on the local network reach this machine; none without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: connecting a datagram socket only looks up the route of a packet.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ()
        address = str(probe.getsockname()[0])
    return () if address.startswith("127.") else (address,)


def lan_addresses(bind_address: str) -> tuple[str, ...]:
    """The addresses, without loopback, at which a service bound to `bind_address` can be reached."""
    if bind_address in LOOPBACK_NAMES:
        return ()
    return _network_address() if bind_address == EVERYWHERE else (bind_address,)


def shown_address(bind_address: str) -> str:
    """The address to print for people: the network address if we listen on it, otherwise localhost."""
    return next(iter(lan_addresses(bind_address)), "localhost")


def bind_problem(bind_address: str, port: int) -> str | None:
    """Why no service can listen there, in words; None when one can."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: its SO_REUSEADDR would share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # otherwise connections of a run that just ended block the port for a minute
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind_address, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is taken by another program"
            if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
                return f"cannot be used: this machine has no address {bind_address!r}"
            if error.errno == errno.EACCES:
                return "needs administrator rights (ports below 1024 do)"
            return f"cannot be used: {error.strerror}"
    return None
