/** What generated statements are made of. */
export const numbers = [
  "0",
  "1",
  "-1",
  "2",
  "range",
  "x",
  "1e300",
  "'nan'::DOUBLE",
  "'inf'::DOUBLE",
  "NULL",
  "2147483647",
  "-2147483648",
  "9223372036854775807",
  "(-9223372036854775808)",
  "170141183460469231731687303715884105727",
  "0.1::DECIMAL(38,37)",
  "1000000000",
  "65536",
  "-0.0",
]
export const texts = [
  "''",
  "'a'",
  "'%_a%a%a%b'",
  "'ä€😀'",
  "NULL::VARCHAR",
  "'[[1]]'",
  '\'{"a":{"a":1}}\'',
  "'$..a'",
  "s",
  "'\\\\'",
  "'(a|b)*c'",
  "'%%%%%%%%%%_b'",
  "'2024-02-30'",
  "'{}{}'",
  "'%s %d'",
]
/** Of one value of any kind, of two, of three: most calls fail to bind, which is an answer, too. */
export const unary =
  `abs acos array_length ascii avg bin bit_count bit_length bitstring cardinality ceil chr concat count dayname days_in_month
  decode degrees encode epoch even exp factorial flatten floor format_bytes from_base64 gamma grade_up hash hex isfinite
  json_array_length json_group_array json_group_structure json_keys json_pretty json_quote json_structure json_type json_valid
  last_day len length list list_distinct list_reverse list_sort list_sum list_unique ln lower ltrim map_entries map_from_entries max md5 median min
  mode monthname nfc_normalize octet_length ord parse_path pi radians range regexp_escape reverse round row_to_json sha256 sign sqrt
  stddev strip_accents strlen struct_pack sum to_base64 to_days to_json to_timestamp trim typeof unhex unicode unnest upper url_decode
  url_encode variance year kurtosis histogram entropy mad approx_count_distinct bool_and product string_agg any_value first`.split(
    /\s+/,
  )
export const binary =
  `add age array_append array_cat array_contains array_extract array_has array_has_all array_position array_resize atan2 bar
  bit_position concat concat_ws contains date_diff date_part date_trunc divide editdist3 ends_with equi_width_bins format gcd generate_series get_bit
  greatest hamming ilike_escape instr jaccard jaro_similarity jaro_winkler_similarity json_contains json_exists json_extract
  json_extract_string json_merge_patch json_transform json_value lag lcm lead left left_grapheme levenshtein list_concat list_contains
  list_element list_grade_up list_has_any list_intersect list_position list_resize list_select list_slice list_value list_where list_zip log lpad
  map map_contains map_extract mod nextafter nth_value nullif pow prefix printf quantile_cont quantile_disc range reduce regexp_extract
  regexp_extract_all regexp_full_match regexp_matches regexp_split_to_array repeat right rpad set_bit split_part starts_with
  strftime string_split string_to_array strpos strptime substring substring_grapheme time_bucket timezone to_base translate trunc
  try_strptime xor arg_max arg_min approx_quantile approx_top_k max_by reservoir_quantile corr covar_pop regr_slope wavg`.split(
    /\s+/,
  )
export const ternary =
  `array_slice date_add date_diff equi_width_bins generate_series jaro_similarity lag lead levenshtein list_resize list_slice lpad
  make_date make_timestamp range regexp_extract regexp_replace replace rpad set_bit split_part substr substring time_bucket translate
  overlay bar json_extract_path nvl2 decode dateadd datediff add_months convert_timezone charindex`.split(
    /\s+/,
  )
export const windows =
  `lag lead ntile nth_value first_value last_value row_number rank dense_rank percent_rank cume_dist fill sum min max list count`.split(
    /\s+/,
  )
export const types = [
  "INT",
  "BIGINT",
  "VARCHAR",
  "JSON",
  "DOUBLE",
  "DATE",
  "TIMESTAMPTZ",
  "INT[]",
  "VARCHAR[]",
  "JSON[]",
  "STRUCT(a INT)",
  "MAP(VARCHAR,INT)",
  "BLOB",
  "BIT",
  "UUID",
  "INTERVAL",
  "HUGEINT",
  "DECIMAL(38,10)",
  "VARIANT",
  "INT[3]",
  "UNION(a INT, b VARCHAR)",
  "TIME",
  "BOOLEAN",
]

export const times = (count: number, wrap: (text: string) => string, text: string) => {
  let out = text
  for (let n = 0; n < count && out.length < 200_000; n++) out = wrap(out)
  return out
}

/** Constructs around an expression. */
export const wraps: ((text: string) => string)[] = [
  (text) => `(${text})`,
  (text) => `[${text}]`,
  (text) => `{'a': ${text}}`,
  (text) => `abs(${text})`,
  (text) => `nullif(${text}, 2)`,
  (text) => `coalesce(${text}, 1)`,
  (text) => `CASE ${text} WHEN 1 THEN 2 WHEN 2 THEN 3 END`,
  (text) => `CASE WHEN true THEN ${text} ELSE 1 END`,
  (text) => `(SELECT ${text})`,
  (text) => `ARRAY(SELECT ${text})`,
  (text) => `${text}::VARCHAR::INT`,
  (text) => `${text} + 1`,
  (text) => `NOT ${text}`,
  (text) => `- ${text}`,
  (text) => `${text} IS NULL`,
  (text) => `(${text} -> 'a')`,
  (text) => `${text}[1]`,
  (text) => `list_transform([1], lambda v: ${text})`,
  (text) => `hex(${text})`,
  (text) => `${text} || ${text.length < 2000 ? text : "s"}`,
  (text) => `concat(${text}, s, s)`,
  (text) => `repeat(${text}, 3)`,
  (text) => `to_json(${text})`,
  (text) => `list_value(${text}, ${text.length < 500 ? text : "1"})`,
  (text) => `decode(${text}, 1, 2, 3)`,
  (text) => `replace(${text}, 'a', 'bb')`,
  (text) => `row(${text})`,
  (text) => `EXISTS (SELECT 1 WHERE ${text})`,
  (text) => `split_part(${text}, ',', 1)`,
  (text) => `${text} IN (SELECT ${text.length < 500 ? text : "1"})`,
  (text) => `TRY(${text})`,
  (text) => `round_even(${text}, 1)`,
  (text) => `x.${text}`,
]
