"""The reference server over HTTP and SOAP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from hedui.padis.mock.desk import Desk
from hedui.padis.mock.soap import read_call, result, wsdl

TEXT = "application/octet-stream"
TAKING = ("timeout", "cut", "late", "twice", "")


class _Gone(Exception):
    """The connection ends here, on purpose."""


async def _half(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
    raise _Gone


def _cut(body: bytes) -> Response:
    """An answer that ends in the middle."""
    return StreamingResponse(_half(body), headers={"content-length": str(len(body) + 10)}, media_type=TEXT)


def application(desk: Desk, *, started: Callable[[], None] = lambda: None) -> FastAPI:
    """The server over a desk.

    ``PUT /batches/{batch}`` (or POST, with ``X-Name`` and ``X-Digest``) takes a file, ``GET`` gives its receipt; ``GET /receipts`` lists
    later receipts. ``/soap`` is the same as a web service. ``/_control`` is for tests: faults to come, an empty store, and what is in it.

    Args:
        desk: Takes the files.
        started: Called when the server listens.
    """
    app = FastAPI(title="PADIS reference server", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_told(started))
    _batches(app, desk)
    _receipts(app, desk)
    _soap(app, desk)
    _control(app, desk)
    return app


def _told(started: Callable[[], None]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        started()
        yield

    return lifespan


async def _taken(desk: Desk, batch: str, name: str, content: bytes, digest: str) -> tuple[str, bytes]:
    """The fault that the request meets, and the receipt where the file was taken."""
    fault = desk.faults.next()
    if fault not in TAKING:
        return fault, b""
    receipt = await run_in_threadpool(desk.accept, batch=batch, name=name, content=content, digest=digest, late=fault == "late")
    if fault == "twice":
        await run_in_threadpool(desk.deliver_again, batch)
    if fault == "timeout":
        await asyncio.sleep(desk.faults.hold)
    return fault, receipt


def _batches(app: FastAPI, desk: Desk) -> None:
    @app.api_route("/batches/{batch}", methods=["PUT", "POST"])
    async def put(batch: str, request: Request) -> Response:
        content = await request.body()
        name, digest = request.headers.get("x-name", ""), request.headers.get("x-digest", "")
        fault, receipt = await _taken(desk, batch, name, content, digest)
        if fault == "throttle":
            return Response(status_code=429, headers={"retry-after": str(desk.faults.wait)})
        if fault == "error":
            return Response(status_code=500)
        if fault in ("lost", "cut"):
            return _cut(receipt or b"lost")
        return Response(status_code=202) if fault == "late" else Response(receipt, media_type=TEXT)

    @app.get("/batches/{batch}")
    async def get(batch: str) -> Response:
        receipt = await run_in_threadpool(desk.receipt, batch)
        if receipt is None:
            return Response(status_code=404)
        return Response(receipt, media_type=TEXT) if receipt else Response(status_code=202)


def _receipts(app: FastAPI, desk: Desk) -> None:
    @app.get("/receipts")
    async def listed() -> Response:
        return JSONResponse(await run_in_threadpool(desk.later))

    @app.get("/receipts/{name}")
    async def receipt(name: str) -> Response:
        found = await run_in_threadpool(desk.later_receipt, name)
        return Response(status_code=404) if found is None else Response(found, media_type=TEXT)


def _soap(app: FastAPI, desk: Desk) -> None:
    @app.get("/soap")
    async def describe(request: Request) -> Response:
        return Response(wsdl(str(request.url.replace(query=""))), media_type="text/xml")

    @app.post("/soap")
    async def call(request: Request) -> Response:
        operation, values = read_call(await request.body())
        if operation == "query":
            found = await run_in_threadpool(desk.receipt, values["batch"])
            text = "NOTKNOWN" if found is None else found.decode() if found else "PENDING"
            return Response(result(operation, text), media_type="text/xml")
        fault, receipt = await _taken(desk, values["batch"], values["name"], values["content"], values["digest"])
        if fault in ("lost", "cut"):
            return _cut(result(operation, receipt.decode() or "lost"))
        if fault == "error":
            return Response(status_code=500)
        text = {"throttle": "BUSY", "late": "PENDING"}.get(fault, receipt.decode())
        return Response(result(operation, text), media_type="text/xml")


def _control(app: FastAPI, desk: Desk) -> None:
    @app.post("/_control/faults")
    async def plan(request: Request) -> Response:
        desk.faults.plan(await request.json())
        return Response(status_code=204)

    @app.post("/_control/reset")
    async def reset(request: Request) -> Response:
        await run_in_threadpool(desk.clear)
        desk.faults.reset(**await request.json())
        return Response(status_code=204)

    @app.get("/_control/store")
    async def store() -> Response:
        told = await run_in_threadpool(desk.told)
        return JSONResponse({**told, "kept": [asdict(one) for one in await run_in_threadpool(desk.kept)]})
