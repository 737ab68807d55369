const plain =
  /^(?:tinyint|smallint|integer|int|bigint|hugeint|u(?:tinyint|smallint|integer|bigint)|int[248]|real|float[48]?|double(?: precision)?|(?:decimal|numeric)(?: ?\(\d+(?:, ?\d+)?\))?|boolean|bool|date|timestamptz(?:\(\d\))?|text|bpchar|(?:varchar|char|character(?: varying)?)(?: ?\(\d+\))?|timestamp(?:_(?:s|ms|ns))?(?:\(\d\))?(?: with(?:out)? time zone)?)$/i

/** A type of the engine itself, whose name a cast may hold as it stands. */
export function isPlainType(type: string): boolean {
  return plain.test(type)
}
