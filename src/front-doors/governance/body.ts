import { type Document, parseDocument } from "yaml"
import { Fault } from "../../domain/faults.ts"
import { mediaType, type WireRequest } from "../../wire/http/message.ts"

/** (Fact: bodies may be YAML, its media types not said; these are in use.) */
const yamlTypes = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"]
/** How many nodes the aliases of a YAML document may repeat. */
const aliasLimit = 100
const depthLimit = 64
const notJson = "The body is not JSON. If it is YAML, send it with content-type application/yaml."

/** What a body says; `undefined`: there is none. @throws Fault validation */
export function bodyOf(request: WireRequest): unknown {
  if (request.body.length === 0) return undefined
  const type = mediaType(request)
  const text = textOf(request.body)
  if (text.trim() === "") return undefined
  if (type !== undefined && yamlTypes.includes(type)) return yamlOf(text)
  // What clients say of JSON when told nothing (text/plain, a form) differs, and is not held against them.
  return jsonOf(text)
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body)
  } catch (error) {
    if (error instanceof TypeError) throw new Fault("validation", "The body is not UTF-8.")
    throw error
  }
}

function jsonOf(text: string): unknown {
  try {
    return shallow(JSON.parse(text), "JSON")
  } catch (error) {
    // The parser's own words repeat a part of the body, which may be a secret.
    if (error instanceof SyntaxError) throw new Fault("validation", notJson)
    throw error
  }
}

/** YAML 1.2, core schema, no tags of others, no key twice, few repetitions by aliases. */
function yamlOf(text: string): unknown {
  try {
    const document = parseDocument(text, {
      version: "1.2",
      schema: "core",
      uniqueKeys: true,
      customTags: null,
    })
    return shallow(readValue(document), "YAML")
  } catch (error) {
    // Of a document that is nested too deeply for the parser.
    if (error instanceof RangeError) throw new Fault("validation", "The body is nested too deeply.")
    throw error
  }
}

function readValue(document: Document.Parsed): unknown {
  const [mistake] = [...document.errors, ...document.warnings]
  if (mistake !== undefined) {
    const line = mistake.linePos?.[0].line
    throw new Fault(
      "validation",
      `The body is not YAML that is taken here: ${mistake.code}, line ${line ?? "?"}.`,
    )
  }
  try {
    return document.toJS({ maxAliasCount: aliasLimit })
  } catch (error) {
    if (error instanceof ReferenceError)
      throw new Fault("validation", "The body's YAML aliases repeat too much, or name no anchor.")
    throw error
  }
}

/** What is nested more deeply than any body of this API would cost whoever walks through it. */
function shallow(value: unknown, format: string): unknown {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthLimit) throw new Fault("validation", `The body's ${format} is nested too deeply.`)
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []))
  }
  return value
}
