import { unreachable } from "../unreachable.ts"
import { matchesName, type NameRegex } from "./data-filter-regex.ts"

/** The parts of a filter's patterns. */
export type FilterForm = "database.table" | "database.schema.table"

/** One part of a pattern. Names are compared exactly, case included. */
export type NamePattern =
  | { kind: "literal"; name: string }
  | { kind: "any" }
  | { kind: "regex"; regex: NameRegex }

export interface FilterClause {
  verdict: "include" | "exclude"
  database: NamePattern
  /** Only in the form with three parts. */
  schema: NamePattern | undefined
  name: NamePattern
}

/**
 * Which tables an integration replicates, present and future ones. Once there is a filter nothing is replicated but what
 * a clause includes; clauses count in their order, and the last that matches a table decides.
 */
export interface DataFilter {
  form: FilterForm
  clauses: FilterClause[]
}

/** The place of a table; the schema counts only in the form with three parts. */
export interface TablePlace {
  database: string
  schema: string
  name: string
}

export function includesTable(filter: DataFilter, table: TablePlace): boolean {
  const decisive = filter.clauses.findLast((clause) => matchesTable(clause, table))
  return decisive?.verdict === "include"
}

function matchesTable(clause: FilterClause, table: TablePlace): boolean {
  return (
    matches(clause.database, table.database) &&
    (clause.schema === undefined || matches(clause.schema, table.schema)) &&
    matches(clause.name, table.name)
  )
}

function matches(pattern: NamePattern, name: string): boolean {
  switch (pattern.kind) {
    case "literal":
      return pattern.name === name
    case "any":
      return true
    case "regex":
      return matchesName(pattern.regex, name)
    default:
      return unreachable(pattern)
  }
}

/**
 * The databases that include clauses name outright, in order of appearance. In the three-part form these are all from
 * which tables can come.
 */
export function databasesOf(filter: DataFilter): string[] {
  const names = filter.clauses
    .filter((clause) => clause.verdict === "include")
    .flatMap(({ database }) => (database.kind === "literal" ? [database.name] : []))
  return [...new Set(names)]
}

/** Names the one pipeline of a source that takes all databases of its server: they become schemas. */
const wholeServer = "*"

/** The source databases that have a pipeline each. */
export function pipelineDatabases(filter: DataFilter): string[] {
  switch (filter.form) {
    case "database.table":
      return [wholeServer]
    case "database.schema.table":
      return databasesOf(filter)
    default:
      return unreachable(filter.form)
  }
}

/** One spelling for filters that say the same in the same order; parses back to an equal filter. */
export function canonicalText(filter: DataFilter): string {
  return filter.clauses.map(clauseText).join(", ")
}

function clauseText({ verdict, database, schema, name }: FilterClause): string {
  const parts = schema === undefined ? [database, name] : [database, schema, name]
  return `${verdict}: ${parts.map(patternText).join(".")}`
}

function patternText(pattern: NamePattern): string {
  switch (pattern.kind) {
    case "literal":
      return /^[a-zA-Z0-9_$-]+$/.test(pattern.name) ? pattern.name : `"${pattern.name.replaceAll('"', '""')}"`
    case "any":
      return "*"
    case "regex":
      return `/${pattern.regex.source}/`
    default:
      return unreachable(pattern)
  }
}
