"""A Java client is generated from the published document, compiled, and asks a served sandbox."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from tests.http.openapi_page import PAGE
from tests.http.served import free_port, need, serving
from tests.http.test_clients import SAMPLES

pytestmark = pytest.mark.slow

PACKAGES = "invokerPackage=org.adjudicator,apiPackage=org.adjudicator.api,modelPackage=org.adjudicator.model"
ANNOTATION = (
    "package javax.annotation; public @interface Generated { String[] value(); String date(); String comments(); }"
)
"""The one name that generated code needs and the generator's own libraries lack (jakarta.annotation-api has it)."""


@pytest.fixture(scope="module")
def generator() -> Path:
    """The generator, which holds the libraries that its clients need."""
    found = importlib.util.find_spec("openapi_generator_cli")
    if found is None and not os.environ.get("CI"):
        pytest.skip("needs the extra clients")
    assert found is not None and found.origin
    return Path(found.origin).with_name("openapi-generator.jar")


def java(*command: str | Path, cwd: Path, **setting: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | setting, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_client_is_generated_compiled_and_answered(generator: Path, tmp_path: Path) -> None:
    need("java", "javac")
    asked = ("-g", "java", "--library", "native", "-i", PAGE, "-o", tmp_path / "generated")
    options = ("--global-property", "models,apis,supportingFiles,modelDocs=false,apiDocs=false,modelTests=false")
    properties = ("--additional-properties", f"openApiNullable=false,{PACKAGES}")
    said = java("java", "-jar", generator, "generate", *asked, *options, *properties, cwd=tmp_path)
    assert not [line for line in said.splitlines() if "WARN" in line or "ERROR" in line]
    (tmp_path / "Generated.java").write_text(ANNOTATION)
    sources = sorted((tmp_path / "generated" / "src" / "main").rglob("*.java"))
    own = (SAMPLES / "GeneratedClient.java", tmp_path / "Generated.java")
    java("javac", "-encoding", "UTF-8", "-d", "classes", "-cp", generator, *own, *sources, cwd=tmp_path)
    path = os.pathsep.join(("classes", str(generator)))
    port = free_port()
    with serving(tmp_path / "sandbox", port):
        address = f"http://127.0.0.1:{port}"
        printed = java("java", "-cp", path, "GeneratedClient", cwd=tmp_path, ADJUDICATOR_ADDRESS=address)
    assert printed.splitlines() == [
        "preview  cash 2160.00",
        "settle   cash 2160.00 of large_amount",
        "find     true",
        "mistakes /total TOTAL_NOT_SUM_OF_LINES",
        "reverse  true 3",
    ]
