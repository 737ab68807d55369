import { ownValue } from "../../domain/own-value.ts"
import type { EngineFormats } from "../entries/format.ts"
import { configurationKeyTree, distinction, type KeyNode } from "./key-tree.ts"

const hidden = "(hidden)"

/**
 * A valid millrace.yaml with the usual values of what it leaves out, and without its secrets: what stands there as a
 * reference (`${NAME}`) stays one, other secrets and passwords in URLs are `(hidden)`.
 */
export function shownConfiguration(document: unknown, engines: EngineFormats): unknown {
  return shown(document ?? {}, configurationKeyTree(engines))
}

function shown(value: unknown, node: KeyNode): unknown {
  if (typeof value === "string") return node.secret === true ? withoutSecret(value) : withoutPasswords(value)
  if (Array.isArray(value)) return value.map((one) => shown(one, node.items ?? {}))
  if (typeof value !== "object" || value === null) return value
  return shownBlock(value as Record<string, unknown>, branchOf(node, value as Record<string, unknown>))
}

function shownBlock(value: Record<string, unknown>, { properties = {}, additionalProperties }: KeyNode) {
  const others = typeof additionalProperties === "object" ? additionalProperties : {}
  const names = [...new Set([...Object.keys(value), ...Object.keys(properties)])]
  const entries = names.map((name) => {
    const node = ownValue(properties, name) ?? others
    return [name, shown(ownValue(value, name) ?? node.default, node)] as const
  })
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined))
}

function branchOf(node: KeyNode, value: Record<string, unknown>): KeyNode {
  const branch = node.oneOf?.find((one) => {
    const told = distinction(one)
    return told !== undefined && ownValue(value, told.key) === told.value
  })
  return branch ?? node
}

/** As `references.ts` reads them: `$${` begins none. */
const reference = /\$\$\{|\$\{[^}]*\}/g
const escaped = "$${"
/** In place of a reference while a text is looked at: no text of a configuration has this character. */
const mark = "\u0000"

function withoutSecret(text: string): string {
  return marked(text).replaceAll(mark, "") === "" ? text : hidden
}

const urlPassword = /^([a-z][a-z0-9+.-]*:\/\/[^:@/?#]*):([^/?#]*)@/i
const passwordParameter = /([?&](?:password|sslpassword|sslkey)=)([^&#]*)/gi

/** References may hold any character: they are out of the way while the URL's parts are found. */
function withoutPasswords(text: string): string {
  const references = (text.match(reference) ?? []).filter((one) => one !== escaped)
  const masked = marked(text)
    .replace(urlPassword, (whole, before: string, password: string) =>
      isHarmless(password) ? whole : `${before}:${keptMarks(password)}@`,
    )
    .replace(passwordParameter, (whole, before: string, password: string) =>
      isHarmless(password) ? whole : `${before}${keptMarks(password)}`,
    )
  return references.reduce((shown, one) => shown.replace(mark, () => one), masked)
}

function marked(text: string): string {
  return text.replace(reference, (one) => (one === escaped ? one : mark))
}

/** Nothing, or references alone. */
function isHarmless(password: string): boolean {
  return password.replaceAll(mark, "") === ""
}

/** What is hidden takes its references' places along, so that the later ones find theirs. */
function keptMarks(password: string): string {
  return `${hidden}${mark.repeat(password.split(mark).length - 1)}`
}
