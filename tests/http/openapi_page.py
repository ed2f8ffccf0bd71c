"""docs/openapi.json: `python -m tests.http.openapi_page` writes it anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI

from api.http import agency, books, operating, routes
from api.http.app import DESCRIPTION, TITLE, VERSION
from api.http.describing import document

PAGE = Path(__file__).parents[2] / "docs" / "openapi.json"


def published(document: dict[str, Any]) -> str:
    """The document as it is published."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


if __name__ == "__main__":
    app = FastAPI(title=TITLE, version=VERSION, description=DESCRIPTION)
    app.include_router(routes.router)
    app.include_router(books.router)
    app.include_router(agency.router)
    app.include_router(operating.router)
    PAGE.write_text(published(document(app)), encoding="utf-8")
