/** Before and behind a number that is kept as it is written. U+E001 is for private use, so no text of a client has it by chance. */
const mark = "\u{e001}"

/** A text of JSON with such numbers is changed before the engine reads it: `1.50` would become 1.5, `1e3` 1000.0. */
const otherwise = String.raw`[0-9]\.[0-9]*0([^0-9]|$)|[0-9][eE]|[0-9]{16}`
/** In valid JSON a string is taken as a whole, so the search is linear. */
const stringOrNumber = String.raw`("(?:[^"\\]|\\.)*")|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)`

export const jsonNumbers: Record<string, string> = {
  kept_numbers: `(a) AS CASE WHEN regexp_matches(a::VARCHAR, '${otherwise}') AND json_valid(a) THEN
    regexp_replace(replace(regexp_replace(a::VARCHAR, '${stringOrNumber}', '\\1${mark}\\2${mark}', 'g'), '${mark}${mark}', ''),
      '${mark}([^${mark}]*)${mark}', '"${mark}\\1${mark}"', 'g') ELSE a::VARCHAR END`,
  plain_numbers: `(a) AS regexp_replace(a, '"?${mark}"?', '', 'g')`,
}
