/** Every value of a JSON text with the place where it stands, in an order that the order of members does not change. */
const places = (json: string) =>
  `(SELECT list_sort(list(fullkey || ' ' || type || ' ' || coalesce(atom::VARCHAR, ''))) FROM json_tree(CAST(${json} AS JSON)))`

/**
 * The same without regard to the order of lists: the values below each element of the outer list, without their numbers. A list of one value
 * is that value.
 */
const sets = (json: string) => `(SELECT list_sort(list(leaves)) FROM (
  SELECT regexp_extract(fullkey, '^[^\\[]*\\[\\d+\\]') AS element, regexp_extract(fullkey, '^[^\\[]*') AS list,
    list_sort(list(regexp_replace(fullkey, '\\[\\d+\\]', '', 'g') || ' ' || type || ' ' || atom::VARCHAR)) AS leaves
  FROM json_tree(CAST(${json} AS JSON)) WHERE atom IS NOT NULL OR type = 'NULL' GROUP BY ALL))`

const oneIfSame = (of: (json: string) => string) =>
  `(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE (${of("a")} IS NOT DISTINCT FROM ${of("b")})::INTEGER END`

/** Functions of StackQL that the engine lacks, in the engine's words. (Source: StackQL's language specification, functions.) */
export const stackqlFunctions: Record<string, string> = {
  // A patch document that must stay text.
  string: "(a) AS CAST(a AS VARCHAR)",
  iif: "(c, a, b) AS CASE WHEN c THEN a ELSE b END",
  total: "(a) AS coalesce(sum(a), 0)::DOUBLE",
  julianday: "(a) AS julian(a::TIMESTAMP)",
  json_patch: "(a, b) AS json_merge_patch(a, b)",
  json_equal: oneIfSame(places),
  aws_policy_equal: oneIfSame(sets),
}
