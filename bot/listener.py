"""The port we listen on, taken before anything else is opened."""

import os
import socket


def bound(host: str, port: int) -> socket.socket:
    """Raises ValueError with a sentence when it cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        reason = error.strerror or "not possible"
        raise ValueError(f"Port {port} of {host} cannot be used: {reason}.") from error
    return listener
