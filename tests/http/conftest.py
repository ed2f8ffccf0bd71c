from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.http.app import create_app
from api.http.serving import make_site
from api.http.settings import SANDBOX_KEYS
from api.wire.identity_numbers import holds_identity_number
from api.wire.logs import logger_to
from tests.http.client import Hospital
from tests.service.office import KEYRING, open_office, rules_of


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    office, log = open_office(tmp_path), io.BytesIO()
    rules, _, _ = rules_of("beijing")
    failures: list[Exception] = []
    keys = replace(SANDBOX_KEYS, identity=KEYRING)
    site = make_site(office.database, rules, keys, logger_to(log), failures.append, office.world)
    app = create_app(site)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Hospital(app, http, office, log)
    office.database.close()
    assert failures == []
    assert not holds_identity_number(log.getvalue().decode())
