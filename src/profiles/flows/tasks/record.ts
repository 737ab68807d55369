/** A record on its way from a source to ingestion: JSON values by field. Made by readers, one at a time. */
export type FlowRecord = Record<string, unknown>

/** The value of a field; a name with dots may also lead into nested objects. Absent and null are one: `undefined`. */
export function fieldOf(record: FlowRecord, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name] ?? undefined
  if (!name.includes(".")) return undefined
  let value: unknown = record
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as FlowRecord)[part]
  }
  return value ?? undefined
}

/** Defined rather than assigned: a field may be called `__proto__`. */
export function putField(record: FlowRecord, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true })
  else record[name] = value
}

/** A value as text; nested ones as JSON. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
