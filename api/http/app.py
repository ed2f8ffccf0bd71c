"""The application: the routes, a problem body for all that goes wrong, and one log line for every request."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import agency, books, operating, routes, sandbox
from api.http.describing import MODELS, document
from api.http.direct import direct
from api.http.site import Site
from api.ledger.database import OutcomeUnknownError
from api.ledger.rows import AuditRow
from api.service.requests import Role
from api.wire.identity_numbers import without_identity_numbers
from api.wire.problems import MEDIA_TYPE, Problem, RequestError
from api.wire.values import ID

TITLE = "adjudicator"
VERSION = "1"
"""Version of the interface: it is in the paths, and changes when a client would have to."""

DESCRIPTION = """Real-time settlement of basic medical insurance claims. Requests are signed; docs/api.md describes
formats, signing and problems."""

UNROUTED = {404: "NO_SUCH_ADDRESS", 405: "METHOD_NOT_ALLOWED"}
"""Problems of requests that no route takes."""


def create_app(site: Site) -> FastAPI:
    """Make the application around a site; its writer begins and ends with it."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        site.start()
        yield
        site.close()

    app = FastAPIOffline(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        lifespan=running,
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},  # its default is an address in the internet
        redirect_slashes=False,
    )
    app.state.site = site
    routers = [routes.router, books.router, agency.router, operating.router]
    if site.clock is not None:
        routers.append(sandbox.router)
    for router in routers:
        app.include_router(router)
    described = document(app, (*MODELS, *sandbox.MODELS) if site.clock is not None else MODELS)
    app.openapi = lambda: described  # type: ignore[method-assign]
    app.router.routes[:0] = itertools.chain.from_iterable(map(direct, routers))
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_exception_handler(OutcomeUnknownError, _unknown)
    app.add_middleware(Observed, site=site)
    return app


class Observed:
    """Gives every request an id and a place, logs, counts and audits it, and turns what nobody expected into a problem
    body."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site
        self._process, self._numbers = site.world.new_id(), itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and record how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, audited = time.perf_counter(), 0, False
        state = scope.setdefault("state", {})
        state["request_id"] = f"{self._process}-{next(self._numbers)}"

        async def sending(message: Message) -> None:
            nonlocal status, audited
            if message["type"] == "http.response.start":
                if not audited:
                    audited = True  # and not again for the answer that this could not be done
                    await self._audit(scope, message["status"])
                status = message["status"]
            await send(message)

        try:
            state["stay"] = self._site.room.enter()
            await self._app(scope, receive, sending)
        except RequestError as refused:
            await _problem(refused.problem, state)(scope, receive, sending)
        except Exception as failure:
            self._site.log.error("defect", request_id=state["request_id"], exc_info=failure)
            if not status:
                await _problem(Problem("DEFECT"), state)(scope, receive, sending)
        finally:
            if "stay" in state:
                state["stay"].leave()
            self._record(scope, status, time.perf_counter() - begun)

    async def _audit(self, scope: Scope, status: int) -> None:
        """Write down what a key of the agency asked, and what any key asked that it may not."""
        state, principal = scope["state"], scope["state"].get("principal")
        if principal is None or (principal.role is Role.INSTITUTION and status != 403):
            return
        outcome = "done" if status < 400 else "refused" if status < 500 else "failed"
        deed = f"{scope['method']} {_route(scope)}"
        subject = state.get("subject") or " ".join(filter(ID.fullmatch, scope.get("path_params", {}).values()))
        await self._site.audit(
            AuditRow(
                request_id=state["request_id"],
                at=self._site.world.now_ms(),
                actor=principal.key_id,
                role=principal.role.value,
                deed=deed,
                subject=without_identity_numbers(subject),
                outcome=outcome,
            )
        )

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        site, state = self._site, scope["state"]
        route = _route(scope)
        method = scope["method"] if route != "none" else "any"
        site.metrics.requests.labels(route, method, status).inc()
        site.metrics.seconds.labels(route).observe(seconds)
        said = {name: state[name] for name in ("code", "request_id") if name in state}
        if principal := state.get("principal"):
            said |= {"key_id": principal.key_id, "institution": principal.institution, "role": principal.role.value}
        milliseconds = round(seconds * 1000, 3)
        site.log.info("answered", route=route, method=method, status=status, milliseconds=milliseconds, **said)


def _route(scope: Scope) -> str:
    """Give the path of a route as it is published, never as it was sent."""
    route = scope.get("route")
    path: str = getattr(route, "path_format", getattr(route, "path", "none"))
    return path


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _problem(error.problem, request.scope["state"])


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    found = _problem(Problem(UNROUTED.get(error.status_code, "NO_SUCH_ADDRESS")), request.scope["state"])
    found.headers.update(error.headers or {})
    return found


async def _unknown(request: Request, _error: Exception) -> Response:
    return _problem(Problem("OUTCOME_UNKNOWN"), request.scope["state"])


def _problem(problem: Problem, state: dict[str, Any]) -> Response:
    state["code"] = problem.code
    headers = {"Retry-After": str(problem.fields.get("seconds", 1))} if problem.status in (429, 503) else None
    return Response(problem.body(state["request_id"]), problem.status, headers, MEDIA_TYPE)
