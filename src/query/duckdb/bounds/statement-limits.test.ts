import assert from "node:assert/strict"
import { test } from "node:test"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { tokenize } from "../../text/tokens.ts"
import { refuseTooComplex } from "./statement-limits.ts"

const judge = (sql: string) => refuseTooComplex(sql, tokenize(sql))

/** Each of these kept the engine's parser or planner, which all sessions share, busy for minutes or took gigabytes. */
const tooComplex: [string, string][] = [
  [`SELECT ${"-+".repeat(1000)}1`, "42601"],
  [`SELECT ${"/*".repeat(20_000)}${"*/".repeat(20_000)} 1`, "54001"],
  [`SELECT '--' ${"/**/".repeat(20_000)} 1`, "54001"],
  [`SELECT 1${" UNION ALL SELECT 1".repeat(20_000)}`, "54001"],
]

test("what the engine could not be stopped in never reaches it", () => {
  for (const [sql, code] of tooComplex) {
    assert.throws(
      () => judge(sql),
      (error: unknown) => error instanceof PgError && error.code === code,
    )
  }
})

test("lines drawn in comments, long strings and lists pass", () => {
  judge(`/${"*".repeat(120)}/ SELECT 1 --${"-".repeat(5000)}\n`)
  judge(`SELECT '${"=".repeat(5000)}', "${"-".repeat(5000)}", $$${"/*".repeat(5000)}$$`)
  judge(`SELECT 1 IN (${"1,".repeat(50_000)}1)`)
  judge(`SELECT 1${" UNION ALL SELECT 1".repeat(1000)}`)
})
