"""Replies onto the wire, with the ways in which a connection misbehaves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.doubles.standin.shapes import Reply


async def respond(send: Any, reply: Reply, receive: Any) -> None:
    """Send `reply` the way it says."""
    data = reply.body if isinstance(reply.body, str) else json.dumps(reply.body, ensure_ascii=False)
    raw = data.encode()
    headers = {"content-type": "application/json", **reply.headers}
    if reply.how in ("", "cut"):
        headers["content-length"] = str(len(raw))
    encoded = [(k.encode(), v.encode()) for k, v in headers.items()]
    if reply.how == "hang":
        await receive()
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    if reply.how == "drip":
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"\n", "more_body": True})
            await asyncio.wait({gone}, timeout=0.05)
        return
    if reply.how == "cut":
        await send({"type": "http.response.body", "body": raw[: len(raw) // 3], "more_body": True})
        raise ConnectionResetError("cut on purpose")
    await send({"type": "http.response.body", "body": raw})


async def lifespan(receive: Any, send: Any) -> None:
    """Say that the application is ready, and later that it is done."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
