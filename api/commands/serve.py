"""`adjudicator serve`: the settlement service over HTTP, as a sandbox unless a file of keys is given."""

from __future__ import annotations

from api.failures import CannotRunError
from api.http import sandbox
from api.http.serving import run as run_service
from api.http.settings import SANDBOX_KEYS, Settings, keys_of
from api.http.site import Site
from api.ledger.database import Database, open_database
from api.ledger.migrating import migrate
from api.rules import load_rules
from api.service.loading import load_institutions
from api.service.signers import list_keys
from api.service.world import SystemWorld
from api.terminal import Terminal, program


def run(settings: Settings, terminal: Terminal) -> int:
    """Open the ledger, load the rules, serve."""
    keys = keys_of(settings)
    if not settings.database_url:
        settings.folder.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.ledger)
    say = terminal.say
    if database.notice:
        terminal.print(say(database.notice), style="yellow")
    terminal.print(say("SERVE_LOADING"))
    migrate(database)
    rules = load_rules()
    load_institutions(database, rules.tables)
    if settings.sandbox and list_keys(database):
        raise CannotRunError("SERVE_SANDBOX_OF_SITE", url=database.address)
    address = f"http://{settings.host}:{settings.port}"
    beginning = _begin_sandbox(settings, database, address, terminal) if settings.sandbox else ""

    def listening(site: Site) -> None:
        if settings.sandbox:
            sandbox.settle_histories(site)
        terminal.print(say("SERVE_LISTENING", address=address, ledger=database.address), soft_wrap=True)
        if beginning:
            terminal.print(say("SERVE_SANDBOX", line=beginning), soft_wrap=True)

    try:
        return run_service(settings, database, rules, keys, listening)
    finally:
        database.close()


def _begin_sandbox(settings: Settings, database: Database, address: str, terminal: Terminal) -> str:
    """Fill the sandbox; give the line that sends it a first request."""
    claim = sandbox.fill(database, settings.folder, SANDBOX_KEYS.identity, SystemWorld())
    return f"{program()} sign POST {address}/v1/previews {claim} | curl -sK -"
