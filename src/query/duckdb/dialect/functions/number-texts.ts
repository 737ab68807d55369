/** TO_CHAR and TO_NUMBER of numbers; `semantics/number-texts.ts` reads their formats. */

/** `t` without its point, or its decimals. */
const whole = "split_part(t, '.', 1)"
const decimals = "split_part(t, '.', 2)"

/** A zero before decimals is not written. */
const digits = `CASE WHEN ${whole} = '0' AND d > 0 THEN '' ELSE ${whole} END`
/** With zeros and blanks before them; `#` where there are more than places. */
const padded = `CASE WHEN length(${digits}) > f[1] THEN repeat('#', f[1]::INTEGER)
  ELSE lpad(lpad(${digits}, greatest(f[2], length(${digits}))::INTEGER, '0'), f[1]::INTEGER, ' ') END`

const unsigned = `list_aggregate(list_transform(places, lambda o: CASE WHEN o > 0 THEN substring(${padded}, o, 1)
    WHEN trim(left(${padded}, -o)) = '' THEN ' ' ELSE ',' END), 'string_agg', '')
  || CASE WHEN f[4] = 1 THEN '.' ELSE '' END
  || CASE WHEN length(${digits}) > f[1] THEN repeat('#', d) WHEN fill THEN ${decimals} ELSE left(${decimals}, f[3]) || rtrim(substring(${decimals}, f[3] + 1), '0') END`

/** The sign before the first digit, in a place of its own. */
const before = (positive: string) =>
  `CASE WHEN fill THEN lpad(CASE WHEN x < 0 THEN '-' ELSE '${positive}' END || ltrim(t), (length(t) + 1)::INTEGER, ' ')
   ELSE CASE WHEN x < 0 THEN '-' ELSE trim('${positive}') END || ltrim(t) END`

const roman = (digits: string) =>
  `[${digits
    .split(",")
    .map((one) => `'${one}'`)
    .join(", ")}]`

export const numberTexts: Record<string, string> = {
  unsigned_text: `(t, places, f, d, fill) AS ${unsigned}`,
  signed_text: `(x, t, s, fill) AS CASE s WHEN 'leading' THEN ${before("+")}
    WHEN 'trailing' THEN CASE WHEN fill THEN t ELSE ltrim(t) END || CASE WHEN x < 0 THEN '-' ELSE '+' END
    WHEN 'minusAfter' THEN CASE WHEN fill THEN t ELSE ltrim(t) END || CASE WHEN x < 0 THEN '-' WHEN fill THEN ' ' ELSE '' END
    WHEN 'minusBefore' THEN CASE WHEN x < 0 THEN '-' WHEN fill THEN ' ' ELSE '' END || CASE WHEN fill THEN t ELSE ltrim(t) END
    WHEN 'angle' THEN CASE WHEN x < 0 THEN lpad('<' || ltrim(t), (length(t) + 1)::INTEGER, ' ') || '>' WHEN fill THEN ' ' || t || ' ' ELSE ltrim(t) END
    ELSE ${before(" ")} END`,
  ordinal: `(x, s) AS CASE WHEN s = '' OR x < 0 THEN '' ELSE list_transform([CASE WHEN abs(x)::BIGINT % 100 BETWEEN 11 AND 13 THEN 'th'
    ELSE CASE abs(x)::BIGINT % 10 WHEN 1 THEN 'st' WHEN 2 THEN 'nd' WHEN 3 THEN 'rd' ELSE 'th' END END],
    lambda o: CASE WHEN s = 'TH' THEN upper(o) ELSE o END)[1] END`,
  number_text: `(x, places, f, d, s, fill, prefix, suffix) AS list_transform([cast_to_type(x, round(0::DECIMAL(38,37), d))], lambda v: prefix || memory.redshift.signed_text(v,
    memory.redshift.unsigned_text(abs(v)::VARCHAR, places, f, d, fill), s, fill)
    || memory.redshift.ordinal(v, suffix))[1]`,
  number_of_text: `(a, d) AS cast_to_type(list_transform([a::VARCHAR], lambda t: CASE WHEN regexp_matches(t, '[-<]') THEN '-' ELSE '' END
    || regexp_replace(t, '[^0-9.]', '', 'g'))[1], round(0::DECIMAL(38,37), d))`,
  roman: `(x, fill) AS list_transform([round(x)::BIGINT], lambda n: CASE WHEN n < 1 OR n > 3999 THEN repeat('#', 15) ELSE list_transform([
    ${roman(",M,MM,MMM")}[n // 1000 + 1] || ${roman(",C,CC,CCC,CD,D,DC,DCC,DCCC,CM")}[n // 100 % 10 + 1]
    || ${roman(",X,XX,XXX,XL,L,LX,LXX,LXXX,XC")}[n // 10 % 10 + 1] || ${roman(",I,II,III,IV,V,VI,VII,VIII,IX")}[n % 10 + 1]],
    lambda t: CASE WHEN fill THEN lpad(t, 15, ' ') ELSE t END)[1] END)[1]`,
}
