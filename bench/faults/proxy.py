"""A TCP proxy before PostgreSQL that can cut a connection at its COMMIT, before or after the server has seen it.

`python -m bench.faults.proxy --port 0 --target /folder/.s.PGSQL.5432` prints `listening PORT`, then a line per cut, and one
per order once it is obeyed. It reads orders from standard input, one a line: `before 3` cuts the next three commits before
the server sees them (nothing was committed), `after 2` once the server has confirmed them (they are committed, and nobody
is told), `reset` cuts every connection now. It ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from dataclasses import dataclass, field
from typing import Literal

COMMIT = b"COMMIT\0"  # as the client's query (simple or parsed), and as the server's confirmation
_CHUNK_BYTES = 64 * 1024

Moment = Literal["before", "after"]


@dataclass
class CommitCutter:
    """Forwards bytes between clients and one server. `cuts` is what was done, in order."""

    target: str
    cuts: list[Moment] = field(default_factory=list)
    _orders: list[Moment] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def order(self, moment: Moment, count: int) -> None:
        """Cut the next `count` commits."""
        self._orders += [moment] * count

    def reset(self) -> None:
        """Cut every connection now."""
        for writer in list(self._open):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until either side ends."""
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, server_writer}
        swallow = asyncio.Event()
        ways = {
            asyncio.create_task(self._to_server(reader, server_writer, swallow)),
            asyncio.create_task(self._to_client(server_reader, writer, swallow)),
        }
        try:
            _, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                other.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            for each in (writer, server_writer):
                self._open.discard(each)
                each.transport.abort()

    async def _to_server(
        self, client: asyncio.StreamReader, server: asyncio.StreamWriter, swallow: asyncio.Event
    ) -> None:
        before = b""
        while chunk := await client.read(_CHUNK_BYTES):
            seen = before + chunk
            before = chunk[-len(COMMIT) + 1 :]
            if COMMIT in seen and self._orders:
                moment = self._orders.pop(0)
                if moment == "before":
                    self._note(moment)
                    return
                swallow.set()
            server.write(chunk)
            await server.drain()

    async def _to_client(
        self, server: asyncio.StreamReader, client: asyncio.StreamWriter, swallow: asyncio.Event
    ) -> None:
        unseen = b""
        while chunk := await server.read(_CHUNK_BYTES):
            if swallow.is_set():
                unseen = unseen[-len(COMMIT) :] + chunk
                if COMMIT in unseen:
                    self._note("after")
                    return
                continue
            client.write(chunk)
            await client.drain()

    def _note(self, moment: Moment) -> None:
        self.cuts.append(moment)
        _say(f"cut {moment}")


async def _obey(cutter: CommitCutter) -> None:
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := (await orders.readline()).decode().split():
        match line:
            case ["before" | "after" as moment, count]:
                cutter.order(moment, int(count))
            case ["reset"]:
                cutter.reset()
        _say(f"ordered {' '.join(line)}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _main(port: int, target: str) -> None:
    cutter = CommitCutter(target)
    server = await asyncio.start_server(cutter.serve, "127.0.0.1", port)
    _say(f"listening {server.sockets[0].getsockname()[1]}")
    async with server:
        await _obey(cutter)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--target", required=True)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(arguments.port, arguments.target))
