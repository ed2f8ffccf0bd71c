from __future__ import annotations

from tests.cli.conftest import Command, Settled


def test_the_waterfall_shows_every_step(settled: Settled, command: Command) -> None:
    outcome = command("explain", "1001", "--run", settled.out)
    assert outcome.code == 0
    for words in (
        "Test residents",
        "base: in scope 21,600.00",
        "deductible (admission): 700.00",
        "band 1, 0.00 to 10,000.00: 10,000.00 at 50 %",
        "band 2, above 10,000.00: 10,900.00 at 80 %",
        "limit (annual_cap) 9,000.00",
        "base: basic left 12,600.00",
        "7,600.00 at 60 %",
        "9,000.00 + 4,560.00 + 8,140.00 = 21,700.00 ✓",
        "A guide, grade B",
        "The guide is silent above 10000.",
        "part borne by the",
    ):
        assert words in outcome.out, words


def test_json_parts_add_up_to_the_bill(settled: Settled, command: Command) -> None:
    for claim in ("1001", "1002", "1003", "1004"):
        found = command("explain", claim, "--run", settled.out, "--json").json
        assert found["difference_fen"] == 0
        paid = sum(layer["paid_fen"] for layer in found["layers"])
        assert paid + found["cash_fen"] + found["held_fen"] == found["total_fen"]
        assert sum(found["buckets"].values()) == found["total_fen"]
        assert sum(line["amount_fen"] for line in found["lines"]) == found["total_fen"]


def test_the_steps_of_a_layer_lead_to_its_payment(settled: Settled, command: Command) -> None:
    found = command("explain", "1001", "--run", settled.out, "--json").json
    basic, catastrophic = found["layers"]
    steps = {step["code"]: step for step in catastrophic["steps"]}
    assert steps["STEP_BASE"]["amount_fen"] + steps["STEP_DEDUCTIBLE"]["amount_fen"] == 760_000
    assert steps["STEP_RATE"]["amount_fen"] == catastrophic["paid_fen"] == 456_000
    slices = [step["amount_fen"] for step in basic["steps"] if step["code"] == "STEP_SLICE"]
    assert slices == [500_000, 872_000]
    paths = [source["path"] for source in found["assumptions"]]
    assert paths[0] == "layers.basic.bands.2.rate"
    assert all(path.startswith("conventions.") for path in paths[1:]) and "conventions.rounding" in paths


def test_earlier_claims_of_the_person_count(settled: Settled, command: Command) -> None:
    outcome = command("explain", "1002", "--run", settled.out)
    assert "9,000.00 used before (pool_paid), 0.00 left: payment 0.00" in outcome.out


def test_a_held_claim_says_what_is_not_stated(settled: Settled, command: Command) -> None:
    outcome = command("explain", "1003", "--run", settled.out)
    assert "NOT_STATED" in outcome.out
    assert "basic.deductible.admission: the source does not say" in outcome.out
    assert "held, nobody pays yet" in outcome.out


def test_a_claim_that_is_not_payable_says_why(settled: Settled, command: Command) -> None:
    assert "VISIT_NOT_COVERED" in command("explain", "1004", "--run", settled.out).out


def test_chinese(settled: Settled, command: Command) -> None:
    outcome = command("explain", "1001", "--run", settled.out, "--lang", "zh")
    for words in ("费用总额", "起付标准", "测试居民医保", "来源未载明", "统筹基金"):
        assert words in outcome.out


def test_changed_input_is_refused(settled: Settled, command: Command) -> None:
    settled.claims.write_bytes(settled.claims.read_bytes() + b"\r\n")
    outcome = command("explain", "1001", "--run", settled.out)
    assert outcome.code == 2
    assert "claims.csv" in outcome.err and "have changed" in outcome.err


def test_changed_plan_is_refused(settled: Settled, command: Command) -> None:
    settled.plan.write_text(settled.plan.read_text().replace("50%", "55%"))
    assert command("explain", "1001", "--run", settled.out).code == 2


def test_no_such_claim_and_no_run(settled: Settled, command: Command) -> None:
    outcome = command("explain", "9", "--run", settled.out)
    assert (outcome.code, "no claim 9" in outcome.err) == (2, True)
    outcome = command("explain", "9", "--run", settled.folder / "nowhere")
    assert (outcome.code, "manifest.json" in outcome.err) == (2, True)
