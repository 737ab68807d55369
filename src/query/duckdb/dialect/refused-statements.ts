import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isWord, type Token } from "../../text/tokens.ts"

interface Refusal {
  /** A statement begins with one of the first, then has one of the second, and so on; OR REPLACE is passed over. */
  words: readonly string[][]
  what: string
  hint: string
}

const noCode = "Write the query itself, or keep it in a view."
const noShare = "Each warehouse here has its own tables; integrations replicate into them."
const byPolicy = "Policies of the governance API do that; see docs/governance."

const refusal = (words: string, what: string, hint: string): Refusal => ({
  words: words.split(" ").map((one) => one.split("|")),
  what,
  hint,
})

/** Statements of Redshift's reference that are not there, by their names. (Source: its "SQL commands".) */
const refusals: readonly Refusal[] = [
  refusal("create|alter|drop|show procedure", "stored procedures", noCode),
  refusal("call", "CALL: stored procedures", noCode),
  refusal("create function|aggregate", "CREATE FUNCTION: user-defined functions", noCode),
  refusal("create external function", "CREATE EXTERNAL FUNCTION: user-defined functions", noCode),
  refusal(
    "create|alter|drop external table|schema|view|model",
    "external schemas and tables",
    "COPY loads files of a bucket into a table.",
  ),
  refusal("create|alter|drop library", "Python libraries", noCode),
  refusal("create|drop|show|explain model", "machine learning models", noCode),
  refusal("create|alter|drop|desc|show datashare|datashares", "datashares", noShare),
  refusal("create|alter|drop|attach|detach|desc rls", "row-level security policies by SQL", byPolicy),
  refusal("create|alter|drop|attach|detach|desc masking", "masking policies by SQL", byPolicy),
  refusal(
    "create|alter|drop|desc identity",
    "identity providers",
    "Users are made by CREATE USER; see docs/sql/users.md.",
  ),
  refusal("unload", "UNLOAD", "Read the query over the port, or COPY (query) TO STDOUT."),
  refusal("cancel", "CANCEL", "pg_cancel_backend, or your client's own way to cancel."),
  refusal("use", "USE", "Connect to the database, or name it: database.schema.table."),
  refusal(
    "alter schema",
    "ALTER SCHEMA",
    "Make another schema, and move what is in it by CREATE TABLE … AS.",
  ),
  refusal(
    "create|alter|drop|refresh materialized",
    "materialized views",
    "CREATE VIEW, or CREATE TABLE … AS and refill it.",
  ),
  refusal("show table|view", "SHOW TABLE and SHOW VIEW", "SHOW COLUMNS FROM TABLE tells of its columns."),
]

function begins(tokens: readonly Token[], words: readonly string[][]): boolean {
  const rest = isWord(tokens[1], "or") && isWord(tokens[2], "replace") ? tokens.slice(2) : tokens
  return words.every((choices, at) => isWord(at === 0 ? tokens[0] : rest[at], ...choices))
}

/** OWNER, DISTSTYLE, SORTKEY, ENCODE and the like of ALTER TABLE. */
function refusedAlter(tokens: readonly Token[]): string | undefined {
  if (!isWord(tokens[0], "alter") || !isWord(tokens[1], "table")) return undefined
  const at = tokens.findIndex(
    (token, index) => index > 2 && isWord(token, "owner", "alter", "row", "masking"),
  )
  const [word, next] = [tokens[at], tokens[at + 1]]
  if (isWord(word, "owner") && isWord(next, "to")) return "ALTER TABLE … OWNER TO: tables have no owners here"
  if (isWord(word, "alter") && isWord(next, "diststyle", "distkey", "sortkey", "compound", "encode"))
    return `ALTER TABLE … ALTER ${next?.value.toUpperCase()}: there are no nodes to spread rows over`
  return undefined
}

/** Names the statement that is not there. @throws PgError 0A000 */
export function refuseByName(tokens: readonly Token[]): void {
  const found = refusals.find(({ words }) => begins(tokens, words))
  if (found !== undefined)
    throw new PgError(
      "0A000",
      `${found.what} ${found.what.endsWith("s") || found.what.includes(" and ") ? "are" : "is"} not supported`,
      {
        hint: found.hint,
      },
    )
  if (tokens.some((token, at) => isWord(token, "connect") && isWord(tokens[at + 1], "by")))
    throw new PgError("0A000", "CONNECT BY is not supported", {
      hint: "WITH RECURSIVE asks for the rows of a tree.",
    })
  const alter = refusedAlter(tokens)
  if (alter !== undefined) throw new PgError("0A000", `${alter}; not supported`)
}
