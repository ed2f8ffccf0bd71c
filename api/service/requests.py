"""What the service is asked: requests, and the principal who asks. Amounts are int64 fen; days count from 1970-01-01.

Values are words of the plan language (docs/claims-files.md section 3); whoever decodes a request has read the codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a principal may do."""

    INSTITUTION = "institution"  # settles, reverses and reads its own
    OPERATOR = "operator"  # of the agency: loads members, closes periods, undoes with cascade
    REVIEWER = "reviewer"  # confirms what an operator prepared
    AUDITOR = "auditor"  # reads everything, changes nothing
    ADMIN = "admin"  # institutions, keys and settings; sees no settlement


EVERYONES = frozenset({Role.OPERATOR, Role.REVIEWER, Role.AUDITOR})
"""Roles of the agency that see what every institution did."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: decided by the signing key. `institution`: 定点医药机构编号 (fixmedins_code), empty for the agency."""

    key_id: str
    institution: str
    role: Role

    @property
    def sees(self) -> str | None:
        """The institution whose rows it sees, None for those of all. Every question for rows by an id is asked with it,
        so that what is another's is not there; an administrator, who has no institution, sees no row."""
        return None if self.role in EVERYONES else self.institution


class LineRequest(NamedTuple):
    """One fee line (费用明细). Refunds inside a claim have a negative quantity and a negative amount.

    line_id: feedetl_sn, unique in its claim. service_day: None for the day of admission. amount_fen may differ from
    price x quantity by one fen, because hospitals round each line in their own way. confirmed: the institution's answer
    on a restriction (限制使用标志, lmt_used_flag); None: not said.
    """

    line_id: str
    item_code: str
    amount_fen: int
    service_day: int | None = None
    quantity_e4: int | None = None
    price_e6: int | None = None
    confirmed: bool | None = None


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """One bill to settle or to preview. The facility is the principal's; cover and person's marks come from the books.

    visit_id: 就诊ID (mdtrt_id). receipt_id: number of the bill in the visit (setl_batch, chrg_bchno); a visit and
    receipt are settled once. person_id: 人员编号 (psn_no). visit: kind of visit (med_type). scheme: insurance scheme
    (insutype), where the person has several. admission, discharge: days; None follows the rule of claims files.
    words, numbers, amounts: attributes and amounts that a plan declares beside those named here, by name, sorted.
    total_fen: the bill, which is the sum of the lines.
    """

    visit_id: str
    receipt_id: str
    person_id: str
    visit: str
    total_fen: int
    lines: tuple[LineRequest, ...]
    scheme: str | None = None
    admission: int | None = None
    discharge: int | None = None
    filing: str | None = None
    transfer: str | None = None
    disease: str | None = None
    diagnosis: str | None = None
    episode: str | None = None
    series: str | None = None
    delivery: str | None = None
    days: int | None = None
    children: int | None = None
    units: int | None = None
    words: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, int], ...] = ()
    amounts: tuple[tuple[str, int], ...] = ()


class UndoReason(StrEnum):
    """Why something is reversed; it decides nothing and is kept."""

    UNKNOWN_OUTCOME = "unknown_outcome"  # 冲正: the answer never came
    MISTAKE = "mistake"  # wrong person, wrong lines
    RETURNED = "returned"  # 退费: goods or services were returned
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ReverseRequest:
    """Undo what a message did, or a settlement. Exactly one of the two is given.

    original_message_id: 原发送方报文ID (omsgid of 2601), the principal's own message: a settlement, or a reversal,
    which is then itself undone; one that never came may never succeed later. settlement_id: 结算ID (setl_id of 2208
    and 2305).
    """

    original_message_id: str | None = None
    settlement_id: str | None = None
    reason: UndoReason = UndoReason.OTHER


@dataclass(frozen=True, slots=True)
class ReadjudicateRequest:
    """Settle a person's year anew by the books and rules at hand, as a named job of the agency asks for each person.

    person_key: the key of the ledger, not the number. year: of the days from admission to settlement.
    """

    person_key: str
    year: int


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Open counters of a holder at the values that an older system had: plan, counter, keys, period, value.

    holder: the key of a person in the ledger, or another holder, such as `household:H1`.
    """

    holder: str
    counters: tuple[tuple[str, str, str, int, int], ...]


@dataclass(frozen=True, slots=True)
class DepositRequest:
    """Credit a personal account (划入). holder: the key of the person. counter: the plan's name of the balance."""

    holder: str
    plan: str
    counter: str
    amount_fen: int


BalanceRequest = OpenRequest | DepositRequest
Request = ClaimRequest | ReverseRequest | ReadjudicateRequest | BalanceRequest
"""The business payload: two requests with one message id must be equal in it, whatever bytes carried them."""


@dataclass(frozen=True, slots=True)
class Nonce:
    """What a request was signed with once (a digest), and until when it is remembered (seconds since 1970)."""

    digest: bytes
    kept_until: int


@dataclass(frozen=True, slots=True)
class Message:
    """A request that takes effect at most once. message_id: 发送方报文ID (msgid), unique in its institution.

    nonce: is kept with what becomes of the message, and decides nothing but whether it was sent before; None where that
    is known.
    """

    principal: Principal
    message_id: str
    request: Request
    nonce: Nonce | None = None
