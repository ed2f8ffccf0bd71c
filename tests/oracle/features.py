"""Names of everything the plan language can say about a claim: the generator must reach each of them."""

from __future__ import annotations

VALUES = (
    "scalar exact assumed not_stated not_stated_why target minimum range absent index by_word by_number by_mark "
    "by_nth by_amount by_counter by_group rows since adjusted adjust_points adjust_each adjust_add adjust_times "
    "adjust_person_share adjust_set adjust_at_least adjust_at_most formula formula_amount formula_counter "
    "formula_number formula_negative formula_tables formula_above formula_at_least formula_at_most source"
)
CONDITIONS = (
    "word one_of not number range mark mark_not yes_no any all none amount counter nth item_price stay_day "
    "missing_number"
)
DOCUMENT = (
    "inherits compose valid_until default attribute_number attribute_mark attribute_marks amounts excluded "
    "year_start year_by order_by rounding assumed_convention"
)
LINES = (
    "ceiling_before ceiling_after ceiling_none upfront_table upfront_item catalogue_ignored category_before "
    "category_after"
)
LAYERS = (
    "when requires_no base_list base_weights base_counter groups groups_other groups_base groups_overlap_buckets "
    "base_limits base_limits_counter deductible deductible_list deductible_counter deductible_times "
    "deductible_at_most proportional lowest_rate_first highest_rate_first borne_by first_pay first_pay_group "
    "bands_many bands_closed bands_from_deductible bands_running bands_whole bands_phase bands_edge_value "
    "rounding_layer rounding_group rounding_band rounding_unit rounding_mode already_paid flat flat_number "
    "flat_less flat_when flat_take at_least limit_payment limit_counter limit_times limit_when limit_left "
    "limit_coinsurance charges beyond_bill hospital personal_account"
)
COUNTERS = (
    "none year quarter month day episode claim rolling keys holder adds weights weight_tables count numbers "
    "sets counts_if clears_if shared also_adds"
)
CLAIMS = (
    "lines buckets catalog given reason negative_line zero_amount same_second order_type opening several_years "
    "large refund_total missing_attribute unknown_word"
)
OUTCOMES = (
    "settled held not_payable NOT_STATED NOT_EXACT UNKNOWN_VALUE MISSING_VALUE NEGATIVE_TOTAL EXCLUDED "
    "VISIT_NOT_COVERED PLAN_NOT_IN_FORCE cut over_base over_eligible beyond_bill first_pay account over_limit "
    "upfront self_funded several_slices counter_moves"
)

FEATURES = tuple(
    f"{part}.{name}"
    for part, names in (
        ("value", VALUES),
        ("condition", CONDITIONS),
        ("document", DOCUMENT),
        ("lines", LINES),
        ("layer", LAYERS),
        ("counter", COUNTERS),
        ("claim", CLAIMS),
        ("outcome", OUTCOMES),
    )
    for name in names.split()
)
