from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.client import Hospital, served
from tests.service.office import open_office


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    with served(open_office(tmp_path)) as opened:
        yield opened
