"""Answers that end otherwise than HTTP wants: dropped, cut off, slow."""

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

PIECES = 20


class CutAnswer(Response):
    """Promises the whole body, sends its first half and closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _hang_up(receive)


class NoAnswer(Response):
    """Closes the connection before the first byte, where the server lets us; else after the headers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await _hang_up(receive):
            await send({"type": "http.response.start", "status": 200, "headers": [
                (b"content-length", b"100")
            ]})  # fmt: skip


def drip(response: Response, seconds: float) -> Response:
    """The same answer in small pieces over so many seconds."""
    body = bytes(response.body)
    size = max(1, -(-len(body) // PIECES))

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            await asyncio.sleep(seconds / PIECES)
            yield body[start : start + size]

    return StreamingResponse(pieces(), response.status_code, dict(response.headers))


async def _hang_up(receive: Receive) -> bool:
    """Closes the socket of a uvicorn request; False under a server that shows none."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        return False
    transport.close()
    # The server learns of the end of its connection in its own time, and then takes the request for done.
    await asyncio.sleep(0.05)
    return True
