"""A TCP proxy on loopback that can cut uploads off half way, as a broken network does."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

RESET = struct.pack("ii", 1, 0)
_CHUNK = 4096


class CuttingProxy:
    """Passes everything on; while ``cut_after`` is a number, each PUT is reset after so many bytes of it.

    Attributes:
        port: where it listens.
        cut_after: bytes of a PUT, its head included, that still pass; None passes all.
        cuts: how many uploads were cut off.
    """

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut_after: int | None = None
        self.cuts = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._upstream), 10)
            pair = (client, server)
            with self._lock:
                self._open.update(pair)
            remaining = [2]
            for source, target, is_upload in ((client, server, True), (server, client, False)):
                thread = threading.Thread(
                    target=self._pump, args=(source, target, is_upload, pair, remaining), daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _pump(self, source, target, is_upload, pair, remaining) -> None:
        passed = 0
        try:
            while data := source.recv(_CHUNK):
                if is_upload:
                    passed = len(data) if data.startswith(b"PUT ") else passed + len(data)
                    if (
                        self.cut_after is not None
                        and passed > self.cut_after
                        and data[:4] not in (b"HEAD", b"GET ")
                    ):
                        self._reset(pair)
                        return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        finally:
            with self._lock:
                remaining[0] -= 1
                if not remaining[0]:
                    for connection in pair:
                        self._open.discard(connection)
                        connection.close()

    def _reset(self, pair) -> None:
        self.cuts += 1
        for connection in pair:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting_proxy(upstream: int) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(upstream)
    try:
        yield proxy
    finally:
        proxy.close()
