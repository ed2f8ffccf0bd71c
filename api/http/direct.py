"""Routes served as they stand: an endpoint is called with its request, and what it answers is sent.

The framework makes the document out of the routes. For a request it would also look for arguments, dependencies and a
type of answer that no endpoint here has; that took a fifth of the time of the event loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send


def direct(router: APIRouter) -> list[Route]:
    """Give the routes of a router, whose endpoints are coroutines of a request and the texts in its path."""
    return [_Direct(route) for route in router.routes if isinstance(route, APIRoute)]


class _Direct(Route):
    """One route; `Observed` finds it in the scope, as it would the framework's own."""

    def __init__(self, described: APIRoute) -> None:
        super().__init__(described.path, _Answering(described.endpoint), methods=described.methods)
        self.methods = described.methods  # and no HEAD, which the document does not name

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether a request is for this route."""
        match, found = super().matches(scope)
        return match, {**found, "route": self} if found else found


class _Answering:
    """An endpoint as an application."""

    def __init__(self, endpoint: Callable[..., Awaitable[Response]]) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._endpoint(Request(scope, receive, send), **scope["path_params"])
        await response(scope, receive, send)
