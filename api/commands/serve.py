"""`adjudicator serve`: the settlement service over HTTP, as a sandbox unless a file of keys is given."""

from __future__ import annotations

from contextlib import closing
from socket import socket

from api.failures import CannotRunError
from api.http import sandbox
from api.http.serving import bound_socket
from api.http.serving import run as run_service
from api.http.settings import SANDBOX_KEYS, Keys, Settings, keys_of
from api.http.site import Site
from api.ledger.database import Database, open_database, served_alone
from api.ledger.migrating import migrate, schema_of
from api.rules import load_rules
from api.service.loading import check_keys, load_institutions
from api.service.signers import list_keys
from api.service.world import SystemWorld
from api.terminal import Terminal, program


def run(settings: Settings, terminal: Terminal) -> int:
    """Open the ledger, load the rules, serve."""
    keys = keys_of(settings)
    if not settings.database_url:
        settings.folder.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.ledger, there=not settings.sandbox)
    with closing(database), served_alone(database), bound_socket(settings.host, settings.port) as taken:
        return _serve(settings, database, keys, taken, terminal)


def _serve(settings: Settings, database: Database, keys: Keys, taken: socket, terminal: Terminal) -> int:
    say = terminal.say
    if database.notice:
        terminal.print(say(database.notice), style="yellow")
    terminal.print(say("SERVE_LOADING"))
    if not settings.sandbox:
        schema_of(database)  # a ledger that was made; a wrong address would begin an empty one
    migrate(database)
    if settings.sandbox and list_keys(database):
        raise CannotRunError("SERVE_SANDBOX_OF_SITE", url=database.address)
    check_keys(database, keys.identity, settings.keys)
    rules = load_rules()
    load_institutions(database, rules.tables)
    address = f"http://{settings.host}:{settings.port}"
    beginning = _begin_sandbox(settings, database, address, terminal) if settings.sandbox else ""

    def listening(site: Site) -> None:
        if settings.sandbox:
            sandbox.settle_histories(site)
        terminal.print(say("SERVE_LISTENING", address=address, ledger=database.address), soft_wrap=True)
        if beginning:
            terminal.print(say("SERVE_SANDBOX", line=beginning), soft_wrap=True)

    return run_service(settings, database, rules, keys, taken, listening)


def _begin_sandbox(settings: Settings, database: Database, address: str, terminal: Terminal) -> str:
    """Fill the sandbox; give the line that sends it a first request."""
    claim = sandbox.fill(database, settings.folder, SANDBOX_KEYS.identity, SystemWorld())
    return f"{program()} sign POST {address}/v1/previews {claim} | curl -sK -"
