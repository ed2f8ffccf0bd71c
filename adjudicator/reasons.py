"""Why a line or a claim was decided the way it was: stable codes; texts live in catalogs/messages."""

from __future__ import annotations

from enum import IntEnum


class LineReason(IntEnum):
    """Why the fen of a line fell into their buckets (one reason a line)."""

    IN_SCOPE = 0  # nothing taken off
    UPFRONT = 1  # part borne upfront (先行自付)
    OVER_CEILING = 2  # part above the payable price (超限价)
    OVER_CEILING_AND_UPFRONT = 3
    CLASS_C = 4  # excluded by the catalog (丙类, 全自费)
    UNKNOWN_ITEM = 5  # code not in the catalog of the place
    NOT_IN_FORCE = 6  # known, but no version in force on the service date
    RESTRICTED_LEVEL = 7  # restriction of the catalog not met: facility level
    RESTRICTED_SEX = 8
    RESTRICTED_AGE = 9
    RESTRICTED_SETTING = 10
    RESTRICTED_SCHEME = 11
    RESTRICTED_DIAGNOSIS = 12
    OVER_DAYS = 13  # days beyond the payable ones
    OVER_QUANTITY = 14
    RESTRICTED_SECOND_LINE = 15
    RESTRICTION_NOT_MET = 16  # text restriction; the institution says it is not met
    PENDED_RESTRICTION = 17  # text restriction; nobody said whether it is met
    OUTSIDE_STAY = 18  # service date outside the admission or the cover
    OVER_CATEGORY_LIMIT = 19  # category ceiling over the lines of a claim
    GIVEN = 20  # buckets came with the claim, already judged
    NO_CONSENT = 21
    OUT_OF_BOUNDS = 22  # amount larger than the engine accepts


class ClaimStatus(IntEnum):
    """What became of a claim."""

    SETTLED = 0
    NOT_PAYABLE = 1  # all borne by the person, with a reason
    HELD = 2  # not decided: nothing paid, nothing counted, with a reason


class ClaimReason(IntEnum):
    """Why a claim is not settled in the ordinary way (0 when it is)."""

    NONE = 0
    NO_PLAN = 1  # no plan document for the person's cover
    PLAN_NOT_IN_FORCE = 2
    NOT_COVERED = 3  # no coverage span on the date
    WAITING = 4  # inside a waiting period
    SUSPENDED = 5  # cover suspended (arrears ...)
    UNKNOWN_FACILITY = 6
    NOT_DESIGNATED = 7  # facility without an agreement on the date
    OUT_OF_AGREEMENT = 8  # agreement does not reach this kind of visit
    VISIT_NOT_COVERED = 9  # no layer of the plan takes this kind of visit
    UNKNOWN_VALUE = 10  # an attribute's value is not in the plan
    MISSING_VALUE = 11  # an attribute the plan needs was not given
    NOT_STATED = 12  # the plan's source is silent
    NOT_EXACT = 13  # target, minimum or range: a goal, not a rule
    LINE_PENDED = 14
    NEGATIVE_TOTAL = 15
    EXCLUDED = 16  # other party liable, abroad, crime ...
    OUT_OF_BOUNDS = 17  # amount larger than the engine accepts
