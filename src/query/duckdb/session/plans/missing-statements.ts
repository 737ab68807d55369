import { PgError } from "../../../../wire/pgwire/pg-error.ts"
import { isWord, type Token } from "../../../text/tokens.ts"

/** Statements of PostgreSQL or Redshift that the engine's grammar does not have, by their first word. */
const byFirstWord = new Set(
  "checkpoint cluster do import listen load notify reassign refresh reindex security unload".split(" "),
)

/** What CREATE, ALTER and DROP take there and not here, by the first words of its name; the longest comes first. */
const objects = [
  ...["access method", "default privileges", "event trigger", "foreign data wrapper", "foreign table"],
  ...["external schema", "external table", "external function", "external model", "external view"],
  ...[
    "identity provider",
    "masking policy",
    "rls policy",
    "text search",
    "user mapping",
    "materialized view",
  ],
  ...[
    "aggregate",
    "cast",
    "collation",
    "conversion",
    "datashare",
    "domain",
    "extension",
    "function",
    "group",
  ],
  ...[
    "language",
    "large object",
    "library",
    "model",
    "operator",
    "owned",
    "policy",
    "procedure",
    "publication",
  ],
  ...["role", "routine", "rule", "server", "statistics", "subscription", "system", "tablespace", "transform"],
  ...["trigger", "unlogged table"],
].map((words) => words.split(" "))

const changing = ["create", "alter", "drop"]
const beforeObject = ["or", "replace", "constraint", "trusted", "procedural"]

function nameOf(tokens: readonly Token[]): string | undefined {
  const [first, second] = tokens
  if (first?.kind !== "word") return undefined
  if (byFirstWord.has(first.value)) return first.value
  if (isWord(first, "prepare") && isWord(second, "transaction")) return `${first.value} ${second?.value}`
  if (!changing.includes(first.value)) return undefined
  const start = tokens.findIndex((token, at) => at > 0 && !isWord(token, ...beforeObject))
  const object = objects.find((words) => words.every((word, at) => isWord(tokens[start + at], word)))
  return object && `${first.value} ${object.join(" ")}`
}

/** Names a statement that is not there (0A000), which would otherwise read as a mistake of the client's; undefined: it is none. */
export function missingStatement(tokens: readonly Token[]): PgError | undefined {
  const name = nameOf(tokens)?.toUpperCase()
  return name === undefined ? undefined : new PgError("0A000", `${name} is not supported on this port`)
}
