/** Casts of texts that are no constants, as Redshift reads them. What is no text, or not read by the engine either, passes unchanged. */
const isText = "typeof(a) = 'VARCHAR'"

const invalid = (type: string) => `error('invalid input syntax for type ${type}: "' || a::VARCHAR || '"')`

/** A year of two digits is tried before one of four, which would read two as well. */
const dateForms = [
  ...[
    "%Y%m%d",
    "%m/%d/%y",
    "%m/%d/%Y",
    "%m-%d-%y",
    "%m-%d-%Y",
    "%m.%d.%y",
    "%m.%d.%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
  ],
  ...["%B %d, %Y", "%b %d, %Y", "%b-%d-%y", "%b-%d-%Y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y"],
]
/** The engine would read `01/05/24` as of the year 1. */
const isIso = "regexp_matches(a::VARCHAR, '^\\s*[0-9]{4,}-')"
const listed = (forms: readonly string[]) => `[${forms.map((one) => `'${one}'`).join(", ")}]`
const timestampForms = [
  ...dateForms,
  "%Y%m%d %H%M%S",
  ...["%m/%d/%y", "%m/%d/%Y", "%b %d,%Y", "%B %d, %Y"].flatMap((date) =>
    ["%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S.%f"].map((time) => `${date} ${time}`),
  ),
]

const read: Record<string, string> = {
  read_integer: `(a) AS CASE WHEN ${isText} AND NOT regexp_full_match(a::VARCHAR, '\\s*[+-]?[0-9]+\\s*')
    AND try_cast(a::VARCHAR AS BIGINT) IS NOT NULL THEN ${invalid("integer")} ELSE a END`,
  read_float: `(a) AS CASE WHEN ${isText} AND isinf(try_cast(a::VARCHAR AS DOUBLE)) AND NOT contains(lower(a::VARCHAR), 'inf')
    THEN error('value out of range: overflow') ELSE a END`,
  read_boolean: `(a) AS CASE WHEN ${isText} AND a IS NOT NULL THEN CASE WHEN lower(trim(a::VARCHAR)) IN ('t', 'true', 'y', 'yes', 'on', '1') THEN true
    WHEN lower(trim(a::VARCHAR)) IN ('f', 'false', 'n', 'no', 'off', '0') THEN false ELSE a::BOOLEAN END ELSE a::BOOLEAN END`,
  read_date: `(a) AS CASE WHEN ${isText} AND NOT ${isIso} THEN coalesce(try_strptime(trim(a::VARCHAR), ${listed(dateForms)})::DATE, a::DATE)
    ELSE a::DATE END`,
  read_timestamp: `(a) AS CASE WHEN ${isText} AND NOT ${isIso} THEN coalesce(try_strptime(trim(a::VARCHAR), ${listed(timestampForms)}), a::TIMESTAMP)
    ELSE a::TIMESTAMP END`,
}

/** The same of operands that must not be written more than once. */
const once = Object.keys(read).map(
  (name) => [`${name}_once`, `(a) AS list_transform([a], lambda x: memory.redshift.${name}(x))[1]`] as const,
)

export const textsRead: Record<string, string> = { ...read, ...Object.fromEntries(once) }
