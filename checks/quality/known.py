"""The expectations of Great Expectations 1.24: their arguments, and whether they work inside DuckDB.

Kept here so that a policy is checked without loading the library (seconds); a test compares the table with the library.

Seen to work on DuckDB, both ways (passing and failing): every name that is not in `UNSUPPORTED`. What does not work
ends as "error" for itself; `unexpected_rows_expectation` says the same in SQL: rows that
``SELECT * FROM {batch} WHERE NOT regexp_matches(release, '^v[0-9]+$')`` returns are the unexpected ones.
"""

from __future__ import annotations

_ROWS = ("row_condition", "condition_parser")
_COLUMN = ("column", *_ROWS)
_MAP = (*_COLUMN, "mostly")
_LIMITS = ("min_value", "max_value", "strict_min", "strict_max")
_BETWEEN = (*_COLUMN, *_LIMITS)
_PAIR = ("column_A", "column_B", "ignore_row_if", "mostly", *_ROWS)
_MANY = ("column_list", "ignore_row_if", "mostly", *_ROWS)

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "expect_column_distinct_values_to_be_in_set": (*_COLUMN, "value_set"),
    "expect_column_distinct_values_to_contain_set": (*_COLUMN, "value_set"),
    "expect_column_distinct_values_to_equal_set": (*_COLUMN, "value_set"),
    "expect_column_kl_divergence_to_be_less_than": (
        *_COLUMN,
        "partition_object",
        "threshold",
        "internal_weight_holdout",
        "tail_weight_holdout",
        "bucketize_data",
        "min_value",
        "max_value",
    ),
    "expect_column_max_to_be_between": _BETWEEN,
    "expect_column_mean_to_be_between": _BETWEEN,
    "expect_column_median_to_be_between": _BETWEEN,
    "expect_column_min_to_be_between": _BETWEEN,
    "expect_column_most_common_value_to_be_in_set": (*_COLUMN, "value_set", "ties_okay"),
    "expect_column_pair_values_a_to_be_greater_than_b": (*_PAIR, "or_equal"),
    "expect_column_pair_values_to_be_equal": _PAIR,
    "expect_column_pair_values_to_be_in_set": (*_PAIR, "value_pairs_set"),
    "expect_column_proportion_of_non_null_values_to_be_between": _BETWEEN,
    "expect_column_proportion_of_unique_values_to_be_between": _BETWEEN,
    "expect_column_quantile_values_to_be_between": (*_COLUMN, "quantile_ranges", "allow_relative_error"),
    "expect_column_stdev_to_be_between": _BETWEEN,
    "expect_column_sum_to_be_between": _BETWEEN,
    "expect_column_to_exist": ("column", "column_index"),
    "expect_column_type_to_be": ("column", "type_"),
    "expect_column_unique_value_count_to_be_between": _BETWEEN,
    "expect_column_value_lengths_to_be_between": (*_MAP, *_LIMITS),
    "expect_column_value_lengths_to_equal": (*_MAP, "value"),
    "expect_column_value_z_scores_to_be_less_than": (*_MAP, "threshold", "double_sided"),
    "expect_column_values_to_be_between": (*_MAP, *_LIMITS),
    "expect_column_values_to_be_dateutil_parseable": _MAP,
    "expect_column_values_to_be_decreasing": (*_MAP, "strictly"),
    "expect_column_values_to_be_in_set": (*_MAP, "value_set"),
    "expect_column_values_to_be_in_type_list": (*_MAP, "type_list"),
    "expect_column_values_to_be_increasing": (*_MAP, "strictly"),
    "expect_column_values_to_be_json_parseable": _MAP,
    "expect_column_values_to_be_null": _MAP,
    "expect_column_values_to_be_of_type": (*_MAP, "type_"),
    "expect_column_values_to_be_unique": _MAP,
    "expect_column_values_to_match_json_schema": (*_MAP, "json_schema"),
    "expect_column_values_to_match_like_pattern": (*_MAP, "like_pattern", "escape"),
    "expect_column_values_to_match_like_pattern_list": (*_MAP, "like_pattern_list", "match_on", "escape"),
    "expect_column_values_to_match_regex": (*_MAP, "regex"),
    "expect_column_values_to_match_regex_list": (*_MAP, "regex_list", "match_on"),
    "expect_column_values_to_match_strftime_format": (*_MAP, "strftime_format"),
    "expect_column_values_to_not_be_in_set": (*_MAP, "value_set"),
    "expect_column_values_to_not_be_null": _MAP,
    "expect_column_values_to_not_be_outliers": (*_MAP, "method", "multiplier"),
    "expect_column_values_to_not_match_like_pattern": (*_MAP, "like_pattern", "escape"),
    "expect_column_values_to_not_match_like_pattern_list": (*_MAP, "like_pattern_list", "escape"),
    "expect_column_values_to_not_match_regex": (*_MAP, "regex"),
    "expect_column_values_to_not_match_regex_list": (*_MAP, "regex_list"),
    "expect_compound_columns_to_be_unique": _MANY,
    "expect_multicolumn_sum_to_equal": (*_MANY, "sum_total"),
    "expect_multicolumn_values_to_be_equal": _MANY,
    "expect_query_results_to_match_comparison": (
        "base_query",
        "comparison_data_source_name",
        "comparison_query",
        "mostly",
    ),
    "expect_select_column_values_to_be_unique_within_record": _MANY,
    "expect_table_column_count_to_be_between": ("min_value", "max_value"),
    "expect_table_column_count_to_equal": ("value",),
    "expect_table_columns_to_match_ordered_list": ("column_list",),
    "expect_table_columns_to_match_set": ("column_set", "exact_match"),
    "expect_table_row_count_to_be_between": (*_LIMITS, *_ROWS),
    "expect_table_row_count_to_equal": ("value", *_ROWS),
    "expect_table_row_count_to_equal_other_table": ("other_table_name", *_ROWS),
    "unexpected_rows_expectation": ("unexpected_rows_query",),
}
"""Names as written in a policy, with the arguments each takes."""

UNSUPPORTED: frozenset[str] = frozenset(
    {
        "expect_column_values_to_be_dateutil_parseable",
        "expect_column_values_to_be_decreasing",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_json_parseable",
        "expect_column_values_to_match_json_schema",
        "expect_column_values_to_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_match_regex_list",
        "expect_column_values_to_match_strftime_format",
        "expect_column_values_to_not_be_outliers",
        "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_not_match_like_pattern_list",
        "expect_column_values_to_not_match_regex",
        "expect_column_values_to_not_match_regex_list",
        "expect_query_results_to_match_comparison",
    }
)
"""Always "error" on DuckDB: the library has no SQL for them there (the last one needs a second data source)."""

ABOUT_NULLS: frozenset[str] = frozenset(
    {
        "expect_column_values_to_be_null",
        "expect_column_values_to_not_be_null",
        "expect_column_proportion_of_non_null_values_to_be_between",
    }
)
"""Expectations for which a missing value is what they look at."""


def about_shape(name: str) -> bool:
    """True for an expectation of the table or of a type, which an empty batch can keep or break."""
    return name.startswith("expect_table_") or name in {
        "expect_column_to_exist",
        "expect_column_type_to_be",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_of_type",
    }


def tells_no_count(name: str) -> bool:
    """True for an expectation whose result does not say whether there was a value to look at."""
    return name.startswith("expect_column_distinct_values_")
