import type { Json, Model } from "../resource-type.ts"

/** Without what is not set. */
export function modelOf(values: Readonly<Record<string, Json | undefined>>): Model {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  )
}

export function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined
}

export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined
}

/** The members of a list that are objects: the schema allows no others. */
export function modelsOf(value: Json | undefined): Model[] {
  if (!Array.isArray(value)) return []
  return value.filter((one): one is Model => typeof one === "object" && one !== null && !Array.isArray(one))
}

export function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : []
}

/** A list without members is a property that has no value. */
export function filled(list: Json[]): Json | undefined {
  return list.length === 0 ? undefined : list
}

/** Resources list tags, the service has a map of them. */
export function tagsFrom(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(modelsOf(value).map(({ Key, Value }) => [textOf(Key) ?? "", textOf(Value) ?? ""]))
}

/** Undefined: there are none. */
export function tagList(tags: Readonly<Record<string, string>>): Json | undefined {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  return list.length === 0 ? undefined : list
}

/** A member that is kept as the JSON text of what was given. */
export function documentOf(text: string | undefined): Json | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Json)
}

export function documentText(value: Json | undefined): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value)
}
