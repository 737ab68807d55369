import { unreachable } from "../../domain/unreachable.ts"
import { isStructure } from "../shapes/constraints.ts"
import type { Shape, ShapeValue, StructureShape } from "../shapes/shape.ts"

const named: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  // A parser turns a bare carriage return into a line feed, and clients trim bare white space.
  "\r": "&#xD;",
  "\n": "&#xA;",
  "\t": "&#x9;",
}

/** Nearly every text is so: an answer of a hundred integrations holds a thousand. */
const isPlain = /^[\x20-%'-;=?-~]*$/

/** Text as XML content. What XML 1.0 cannot carry at all becomes U+FFFD: an answer must stay readable. */
export function escapeXml(text: string): string {
  if (isPlain.test(text)) return text
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}")
    .replaceAll(/[&<>\r\n\t]/g, (character) => named[character] ?? character)
}

export function element(name: string, content: string): string {
  return content === "" ? `<${name}/>` : `<${name}>${content}</${name}>`
}

export function textElement(name: string, text: string): string {
  return element(name, escapeXml(text))
}

/** The members of a structure, in the order of the shape; absent ones are left out. */
export function membersXml(shape: StructureShape, value: { [name: string]: ShapeValue | undefined }): string {
  return Object.entries(shape.members)
    .map(([name, member]) => {
      const given = value[name]
      return given === undefined ? "" : element(name, contentXml(member, given))
    })
    .join("")
}

function contentXml(shape: Shape, value: ShapeValue): string {
  switch (shape.kind) {
    case "string":
    case "integer":
    case "double":
    case "boolean":
      return escapeXml(String(value))
    case "timestamp":
      if (!(value instanceof Date)) throw new TypeError("a timestamp must be a Date")
      return value.toISOString()
    case "list":
      if (!Array.isArray(value)) throw new TypeError("a list must be an array")
      return value.map((item) => element(shape.itemName, contentXml(shape.item, item))).join("")
    case "map":
      if (!isStructure(value)) throw new TypeError("a map must be an object")
      return Object.entries(value)
        .map(([key, item]) =>
          element("entry", textElement("key", key) + element("value", contentXml(shape.value, item ?? ""))),
        )
        .join("")
    case "structure":
      if (!isStructure(value)) throw new TypeError("a structure must be an object")
      return membersXml(shape, value)
    default:
      return unreachable(shape)
  }
}
