/**
 * Division with Redshift's types: integers to an integer, decimals to a decimal of the scale that the reference computes, everything
 * with a floating point number to DOUBLE. A macro knows no types, so the planner computes with them: CAST_TO_TYPE and REPLACE_TYPE take
 * a type from an expression that is then dropped, and the scale of `round(decimal, n)` is n.
 */
const isDecimal = "typeof(a + b)[1:3] = 'DEC'"

export const quotients: Record<string, string> = {
  scale_of: "(a) AS greatest(length(cast_to_type(0, a)::VARCHAR) - 2, 0)",
  // Beside DECIMAL(38, 38) a decimal keeps its digits before the point, and has the rest of 38 behind it.
  text_beside_38: "(a) AS length(cast_to_type(0, coalesce(a + 0::DECIMAL(1,0), 0::DECIMAL(38,38)))::VARCHAR)",
  // max(4, s1 + p2 - s2 + 1), and at least 4 where the digits before the point leave less than that.
  quotient_scale: `(a, b) AS least(greatest(4, memory.redshift.scale_of(a) + 40 - memory.redshift.text_beside_38(b)),
    greatest(4, memory.redshift.text_beside_38(a) - 1 - memory.redshift.scale_of(b)), 37)::INTEGER`,
  quotient_type: `(a, b) AS replace_type(a + b, (a + b) % 1::DECIMAL(1,0),
    round((a + b) + 0::DECIMAL(38,37), memory.redshift.quotient_scale(a, b)))`,
  // The engine divides decimals as floating point numbers: of 15 digits before the point and of 15 behind it, each for itself.
  quotient: `(a, c, b) AS cast_to_type(cast_to_type((a - CASE WHEN ${isDecimal} THEN a % c ELSE 0 END) // c, a + b), memory.redshift.quotient_type(a, b))
    + cast_to_type(CASE WHEN ${isDecimal} THEN (a % c) // c ELSE 0 END, memory.redshift.quotient_type(a, b))`,
  // Of operands that must not be written more than once.
  quotient_once:
    "(a, b) AS list_transform([{'a': a, 'b': b}], lambda r: memory.redshift.quotient(r.a, r.b, r.b))[1]",
}
