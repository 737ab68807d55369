import type { WhereColumn, WhereNode } from "./where-node.ts"
import {
  needSign,
  readColumn,
  readLiteral,
  readText,
  takeSign,
  unexpected,
  type WhereReader,
} from "./where-reader.ts"

/** A helper that asks about the person: `@name(…)`, or `@iam` with what it is compared with. */
export function readHelper(reader: WhereReader): WhereNode {
  const token = reader.tokens[reader.next]
  switch (token?.text.toLowerCase()) {
    case "attributevaluescontains":
      return inBrackets(reader, () => {
        const attribute = readText(reader)
        needSign(reader, ",")
        return { kind: "attributeValues", attribute, column: columnAndPlaceholder(reader) }
      })
    case "groupscontains":
      return inBrackets(reader, () => ({ kind: "groups", column: columnAndPlaceholder(reader) }))
    case "hasattribute":
      return inBrackets(reader, () => {
        const name = readText(reader)
        needSign(reader, ",")
        return { kind: "hasAttribute", name, value: readText(reader) }
      })
    case "isingroups":
      return inBrackets(reader, () => ({ kind: "isInGroups", names: readTexts(reader) }))
    case "isusingpurpose":
      return inBrackets(reader, () => ({ kind: "isUsingPurpose", name: readText(reader) }))
    case "iam":
      return readDirectory(reader)
    default:
      throw unexpected(
        reader,
        "one of @attributeValuesContains, @groupsContains, @columnTagged, @hasAttribute, @isInGroups, @isUsingPurpose, @iam",
      )
  }
}

function inBrackets(reader: WhereReader, read: () => WhereNode): WhereNode {
  reader.next++
  needSign(reader, "(")
  const node = read()
  needSign(reader, ")")
  return node
}

/**
 * The reference product takes a third argument, which stands in the list of a person who has no values, since its engines
 * compare with no empty list. Here such a person sees no rows, so that it is read and has no effect. A column may be
 * written in single quotes there.
 */
function columnAndPlaceholder(reader: WhereReader): WhereColumn {
  const token = reader.tokens[reader.next]
  const column =
    token?.kind === "text"
      ? ({ kind: "named", name: readText(reader), isQuoted: false } as const)
      : readColumn(reader)
  if (column === undefined) throw unexpected(reader, "a column")
  if (takeSign(reader, ",")) readLiteral(reader)
  return column
}

function readTexts(reader: WhereReader): string[] {
  const texts = [readText(reader)]
  while (takeSign(reader, ",")) texts.push(readText(reader))
  return texts
}

function readDirectory(reader: WhereReader): WhereNode {
  reader.next++
  if (takeSign(reader, "=")) return { kind: "isOfDirectory", iamIds: [readText(reader)] }
  if (takeSign(reader, "<>") || takeSign(reader, "!="))
    return { kind: "not", of: { kind: "isOfDirectory", iamIds: [readText(reader)] } }
  throw unexpected(reader, "`=` or `<>` and a text")
}
