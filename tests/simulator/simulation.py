"""The simulation: hospitals, a network and a crashing process around the production service, ledger and engine."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import orjson

from api.service.answers import Answer
from api.service.requests import ClaimRequest, Message
from api.service.service import Service
from tests.persons import number
from tests.service.office import open_office
from tests.simulator.beliefs import check_beliefs
from tests.simulator.hospital import Hospital, ViolationError
from tests.simulator.world import Crash, CrashingWorld, Network

HOSPITALS = ("H11000000001", "H11000000004", "H11000000005")
LOST_ANSWERS, CRASHES, PREVIEWS = 0.08, 0.012, 0.5
"""Chances: of an answer to be lost, of the process to die at a point, of a preview in a step."""

SENT, GROUP = 12, 48
"""Messages that a hospital sends in a step, and that arrive together, at most."""

ASKED_AGAIN = 40
"""Messages of each hospital that are looked up one by one at the end."""


class Simulation:
    """One seed. `counts` tells what happened: fresh effects, replays, refusals, crashes ..."""

    def __init__(self, seed: int, folder: Path, persons: int) -> None:
        self.chance = random.Random(seed)
        self.world = CrashingWorld(self.chance, CRASHES)
        self.network = Network(self.chance)
        everyone = tuple(number(order) for order in range(persons))
        members = "person_id,scheme,place,group,sex,birth_date,valid_from\n" + "".join(
            f"{person},employee_basic,110000,{'retired' if n % 3 == 0 else 'in_service'},male,19{40 + n % 50}-12-31,\n"
            for n, person in enumerate(everyone)
        )
        self.office = open_office(folder, self.world, members=members)
        self.hospitals = {code: Hospital(code, everyone, self.chance) for code in HOSPITALS}
        self.counts: Counter[str] = Counter()
        self.world.armed = True

    def run(self, operations: int) -> None:
        """Deliver so many messages, let everything come to rest, and check what is left."""
        while self.operations < operations:
            self._step()
        self._come_to_rest()
        self._check()

    @property
    def operations(self) -> int:
        """Messages that were decided or repeated, and previews."""
        return sum(self.counts[kind] for kind in ("fresh", "replayed", "refused", "conflict", "preview"))

    def _step(self) -> None:
        self.world.pass_time()
        for hospital in self.hospitals.values():
            for _ in range(self.chance.randrange(SENT)):
                foreign = [
                    s for other in self.hospitals.values() if other is not hospital for s in other.settlements[-3:]
                ]
                self.network.send(hospital.something(self.world.now, foreign))
            for message in hospital.waiting:
                if self.chance.random() < 0.02:
                    self.network.send(message)
        self._deliver(self.network.arriving(self.chance.randrange(1, GROUP)))
        if self.chance.random() < PREVIEWS:
            self._preview()

    def _deliver(self, messages: list[Message]) -> None:
        try:
            answers = self.office.service.submit(messages)
        except Crash as crash:
            self.counts["crash"] += 1
            self.counts[f"crash {crash}"] += 1
            self._restart()
            return
        for message, answer in zip(messages, answers, strict=True):
            self._count(answer)
            if self.chance.random() < LOST_ANSWERS:
                self.counts["lost answer"] += 1
            else:
                self.hospitals[message.principal.institution].hear(message, answer)

    def _restart(self) -> None:
        """Start the process again on what the disk has."""
        self.office.database.close()
        self.office = replace(self.office, service=Service(self.office.database, self.office.tools))

    def _count(self, answer: Answer) -> None:
        kind = {"done": "fresh", "nothing": "fresh"}.get(answer.outcome, answer.outcome)
        self.counts["replayed" if answer.replayed else kind] += 1

    def _preview(self) -> None:
        """Preview a claim and settle it at once: the same figures, unless the process died in between."""
        hospital = self.chance.choice(list(self.hospitals.values()))
        message = hospital.something(self.world.now, [])
        self.counts["preview"] += 1
        if not isinstance(message.request, ClaimRequest) or message.message_id in hospital.answered:
            self.network.send(message)
            return
        preview = orjson.loads(self.office.service.preview(message.principal, message.request).body)
        self._deliver([message])
        answer = hospital.answered.get(message.message_id)
        if answer is not None and answer.outcome == "done" and hospital.sent[message.message_id] is message:
            settled = orjson.loads(answer.body)
            differs = [name for name in preview.keys() & settled.keys() if preview[name] != settled[name]]
            if differs or "funds" not in preview:
                raise ViolationError(f"preview and settlement differ in {differs}")

    def _come_to_rest(self) -> None:
        """Every message arrives, and every hospital asks until it knows."""
        self.world.armed = False
        while self.network.under_way:
            self.network.step += 100
            self._deliver(self.network.arriving(GROUP))
        for hospital in self.hospitals.values():
            for message in list(hospital.waiting):
                answer = self.office.service.find(message.principal, message.message_id)
                (again,) = self.office.service.submit([message])
                if answer is not None and again.outcome != "conflict" and answer.body != again.body:
                    raise ViolationError(f"{message.message_id} is found otherwise than it is answered")
                hospital.hear(message, again)

    def _check(self) -> None:
        """What the hospitals believe is what the ledger says, and the ledger is sound."""
        with self.office.database.read() as connection:
            check_beliefs(connection, self.hospitals.values())
        for hospital in self.hospitals.values():
            for message_id in self.chance.sample(sorted(hospital.answered), ASKED_AGAIN):
                found = self.office.service.find(hospital.sent[message_id].principal, message_id)
                if found is None or found.body != hospital.answered[message_id].body:
                    raise ViolationError(f"{message_id} is found otherwise than it was answered: {found}")
        findings = self.office.verify().findings
        if findings:
            raise ViolationError("\n".join(finding.render() for finding in findings[:5]))


def simulate(seed: int, operations: int, folder: Path, persons: int = 150) -> Simulation:
    """Run one seed to its end. A violation names the seed."""
    simulation = Simulation(seed, folder, persons)
    try:
        simulation.run(operations)
    except ViolationError as violation:
        raise ViolationError(f"seed {seed}: {violation}") from violation
    finally:
        simulation.office.database.close()
    return simulation
