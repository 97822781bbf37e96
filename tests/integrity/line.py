"""A line to a server, which a test may cut and mend again, as cables and restarts do."""

import select
import socket
import threading
from contextlib import suppress

from storefront.demo.payments.server import listen


class Line:
    """Forwards connections from a port of its own to a server, while it is not cut."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._ends: list[socket.socket] = []
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Take connections at the same port again."""
        self._listening = listen("127.0.0.1", self.port)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def cut(self) -> None:
        """Hang up on everybody, and refuse new connections."""
        for end in (self._listening, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            far = socket.create_connection(self._server)
            self._ends += [near, far]
            threading.Thread(target=_carry, args=(near, far), daemon=True).start()


def _carry(near: socket.socket, far: socket.socket) -> None:
    to = {near: far, far: near}
    with suppress(OSError, ValueError):
        while True:
            for end in select.select([near, far], [], [])[0]:
                said = end.recv(65536)
                if not said:
                    near.close()
                    far.close()
                    return
                to[end].sendall(said)
