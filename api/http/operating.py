"""Routes for those who operate the service: unsigned, because they tell nothing about anyone."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.http.describing import open_to_anyone
from api.http.site import Json, Site
from api.wire.answers import HealthAnswer, ReadyAnswer, VersionAnswer
from api.wire.problems import refuse

router = APIRouter()


@router.get("/health", operation_id="health", **open_to_anyone("The process answers", HealthAnswer))
async def health(_request: Request) -> Response:
    """Say that the process answers."""
    return Json(b'{"healthy":true}')


@router.get("/ready", operation_id="ready", **open_to_anyone("It can settle", ReadyAnswer, 503))
async def ready(request: Request) -> Response:
    """Say whether it can settle: the ledger can be read, and its writer is at work."""
    site: Site = request.app.state.site
    if not site.writer.alive or not await site.read(site.answers):
        raise refuse("NOT_READY")
    return Json(b'{"ready":true}')


@router.get("/version", operation_id="version", **open_to_anyone("Versions and hashes", VersionAnswer))
async def version(request: Request) -> Response:
    """Give the version, and hashes of all that decides what is paid: engine, plans, tables."""
    site: Site = request.app.state.site
    return Json(site.version)


@router.get("/metrics", operation_id="metrics", **open_to_anyone("Figures for Prometheus", None))
async def metrics(request: Request) -> Response:
    """Give figures in the Prometheus format."""
    site: Site = request.app.state.site
    return Response(site.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
