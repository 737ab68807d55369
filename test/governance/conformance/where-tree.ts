/** Conditions as the generator makes them: written as a text for the compiler, and judged here row by row without it. */
import type { Person } from "../../../src/governance/model/person.ts"
import type { ColumnKind } from "../../../src/governance/model/source.ts"

export type WhereTree =
  | { is: "and" | "or"; of: WhereTree[] }
  | { is: "not"; of: WhereTree }
  | { is: "compare"; column: string; operator: string; value: string }
  | { is: "columns"; left: string; operator: string; right: string }
  | { is: "in"; column: string; values: string[] }
  | { is: "like"; column: string; pattern: string; expression: RegExp }
  | { is: "null"; column: string }
  | { is: "between"; column: string; least: string; most: string }
  | { is: "attributeValues"; attribute: string; column: string }
  | { is: "groups"; column: string }
  | { is: "hasAttribute"; name: string; value: string }
  | { is: "isInGroups"; names: string[] }
  | { is: "iam"; id: string }

export type Row = Readonly<Record<string, string | null>>
export type Kinds = Readonly<Record<string, ColumnKind>>
/** Unknown: null. */
type Truth = boolean | null

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

export function whereText(tree: WhereTree, kinds: Kinds): string {
  const constant = (column: string, value: string) =>
    ["integer", "decimal", "float", "boolean"].includes(kinds[column] ?? "") ? value : quoted(value)
  switch (tree.is) {
    case "and":
    case "or":
      return tree.of.map((one) => `(${whereText(one, kinds)})`).join(` ${tree.is.toUpperCase()} `)
    case "not":
      return `NOT (${whereText(tree.of, kinds)})`
    case "compare":
      return `${tree.column} ${tree.operator} ${constant(tree.column, tree.value)}`
    case "columns":
      return `${tree.left} ${tree.operator} "${tree.right}"`
    case "in":
      return `${tree.column} IN (${tree.values.map((value) => constant(tree.column, value)).join(", ")})`
    case "like":
      return `${tree.column} LIKE ${quoted(tree.pattern)}`
    case "null":
      return `${tree.column} IS NULL`
    case "between":
      return `${tree.column} BETWEEN ${constant(tree.column, tree.least)} AND ${constant(tree.column, tree.most)}`
    case "attributeValues":
      return `@attributeValuesContains(${quoted(tree.attribute)}, ${tree.column})`
    case "groups":
      return `@groupsContains(${tree.column})`
    case "hasAttribute":
      return `@hasAttribute(${quoted(tree.name)}, ${quoted(tree.value)})`
    case "isInGroups":
      return `@isInGroups(${tree.names.map(quoted).join(", ")})`
    case "iam":
      return `@iam = ${quoted(tree.id)}`
  }
}

/** As SQL has it: what is compared with null is unknown. */
export function isTrueFor(tree: WhereTree, row: Row, person: Person, kinds: Kinds): Truth {
  const value = (column: string) => row[column] ?? null
  switch (tree.is) {
    case "and": {
      const all = tree.of.map((one) => isTrueFor(one, row, person, kinds))
      return all.includes(false) ? false : all.includes(null) ? null : true
    }
    case "or": {
      const all = tree.of.map((one) => isTrueFor(one, row, person, kinds))
      return all.includes(true) ? true : all.includes(null) ? null : false
    }
    case "not": {
      const inner = isTrueFor(tree.of, row, person, kinds)
      return inner === null ? null : !inner
    }
    case "compare":
      return compare(value(tree.column), tree.operator, tree.value, kinds[tree.column])
    case "columns":
      return compare(value(tree.left), tree.operator, value(tree.right), kinds[tree.left])
    case "in": {
      const here = value(tree.column)
      return here === null ? null : tree.values.some((one) => compare(here, "=", one, kinds[tree.column]))
    }
    case "like": {
      const here = value(tree.column)
      return here === null ? null : tree.expression.test(here)
    }
    case "null":
      return value(tree.column) === null
    case "between": {
      const kind = kinds[tree.column]
      const least = compare(value(tree.column), ">=", tree.least, kind)
      return least === null ? null : least && compare(value(tree.column), "<=", tree.most, kind)
    }
    case "attributeValues": {
      const here = value(tree.column)
      return here === null ? null : (person.attributes.get(tree.attribute)?.has(here) ?? false)
    }
    case "groups": {
      const here = value(tree.column)
      return here === null ? null : person.groups.has(here)
    }
    case "hasAttribute":
      return person.attributes.get(tree.name)?.has(tree.value) ?? false
    case "isInGroups":
      return tree.names.every((name) => person.groups.has(name))
    case "iam":
      return person.iamId === tree.id
  }
}

/** -1, 0 or 1. Texts by their bytes, numbers by size, dates and times by the calendar, false before true. */
function order(a: string, b: string, kind: ColumnKind | undefined): number {
  if (kind === "integer" || kind === "decimal" || kind === "float") return numberOrder(Number(a), Number(b))
  if (kind === "text") return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

/** What is not a number is greater than all numbers, and equal to itself. */
function numberOrder(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return Math.sign(a - b)
}

export function compare(a: string | null, operator: string, b: string | null, kind?: ColumnKind): Truth {
  if (a === null || b === null) return null
  const found = order(a, b, kind)
  switch (operator) {
    case "=":
      return found === 0
    case "<>":
      return found !== 0
    case "<":
      return found < 0
    case "<=":
      return found <= 0
    case ">":
      return found > 0
    default:
      return found >= 0
  }
}
