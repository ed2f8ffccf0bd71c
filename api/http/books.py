"""Routes that fill the books: cover of persons, by an operator; institutions, by an administrator."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request, Response

from api.http.describing import asked
from api.http.site import Json, SignedBy
from api.service.requests import Role
from api.wire.books import CoverAnswer, CoverMessage, InstitutionAnswer, InstitutionMessage
from api.wire.reading import read_cover, read_institutions

BY_OPERATOR, BY_ADMIN = (Role.OPERATOR,), (Role.ADMIN,)
STATUSES = (400, 413, 415, 422)

by_operator, by_admin = SignedBy(BY_OPERATOR), SignedBy(BY_ADMIN)

router = APIRouter(prefix="/v1")


@router.put("/cover", operation_id="putCover", **asked(BY_OPERATOR, CoverAnswer, STATUSES, CoverMessage, "books"))
async def put_cover(request: Request) -> Response:
    """Put all spans of cover of some persons in the place of what was known; whole or not at all."""
    signed = await by_operator(request)
    loaded = await signed.site.read(partial(signed.site.service.put_cover, read_cover(signed.body)))
    said = {"new": loaded.new, "changed": loaded.changed, "unchanged": loaded.unchanged}
    return Json(said)


@router.put(
    "/institutions",
    operation_id="putInstitutions",
    **asked(BY_ADMIN, InstitutionAnswer, STATUSES, InstitutionMessage, "books"),
)
async def put_institutions(request: Request) -> Response:
    """Add institutions, or change their names and places."""
    signed = await by_admin(request)
    rows = read_institutions(signed.body)
    await signed.site.read(partial(signed.site.service.put_institutions, rows))
    return Json({"institutions": len(rows)})
