/** A JSON value as an object has it. */
export type SourceValue = string | number | boolean | null | SourceValue[] | { [name: string]: SourceValue }

export type SourceObject = { [name: string]: SourceValue }

export function isSourceObject(value: SourceValue | undefined): value is SourceObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** The value at a path of names and list positions (`address.city`, `phones.0`); undefined: there is none. Own members only. */
export function sourceAt(object: SourceObject, path: readonly string[]): SourceValue | undefined {
  let value: SourceValue | undefined = object
  for (const part of path) {
    if (Array.isArray(value)) value = /^\d{1,6}$/.test(part) ? value[Number(part)] : undefined
    else if (isSourceObject(value)) value = Object.hasOwn(value, part) ? value[part] : undefined
    else return undefined
  }
  return value
}

/** As text; undefined: there is nothing. Lists and objects are their JSON. */
export function textOf(value: SourceValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  const text = typeof value === "object" ? JSON.stringify(value) : String(value)
  return text.trim() === "" ? undefined : text
}
