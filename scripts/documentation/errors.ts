import { faultKinds } from "../../src/domain/faults.ts"
import { type ProblemKind, problemKinds } from "../../src/domain/problems.ts"
import { unreachable } from "../../src/domain/unreachable.ts"
import { rdsFaults } from "../../src/front-doors/rds/faults.ts"
import { redshiftFaults } from "../../src/front-doors/redshift/faults.ts"
import { engines } from "../../src/server/registries.ts"
import type { FaultCode } from "../../src/wire/aws-query/fault.ts"

type Reaction = (typeof problemKinds)[keyof typeof problemKinds]["reaction"]

/** The page of everything that can be reported to people, in the form it is checked in. */
export function errorPage(): string {
  return `${[introduction, ...problems(), requests, ...faults(), exitCodes].join("\n")}\n`
}

const introduction = `# Errors

<!-- Written by scripts/error-page.ts from the tables in the code. -->

## What can stop rows

These codes stand in an integration's \`Errors\` (\`aws rds describe-integrations\`) and in \`millrace status\`.
`

function problems(): string[] {
  const rows = (Object.keys(problemKinds) as ProblemKind[]).map((kind) => {
    const { code, reaction, remedy } = problemKinds[kind]
    const advice = engines.sources.records.flatMap((engine) => engine.advice?.[kind] ?? [])
    return `| \`${code}\` | ${whatItDoes(reaction)} | ${[remedy, ...advice].join(" ")} |`
  })
  return ["| Code | Millrace | What to do |", "| --- | --- | --- |", ...rows]
}

function whatItDoes(reaction: Reaction | "giveUp"): string {
  switch (reaction) {
    case "retry":
      return "tries again by itself, for as long as it takes"
    case "person":
      return "tries again by itself, but a person must remove the cause"
    case "halt":
      return "shows `failed`, keeps what it has, and goes on by itself once a person has removed the cause"
    case "resync":
      return "resyncs everything, by itself"
    case "yield":
      return "ends the pipeline in this process: another one goes on with it"
    case "giveUp":
      return "has stopped: delete the integration and create it anew"
    default:
      return unreachable(reaction)
  }
}

const requests = `
## Refused requests

What each refusal is called on the wire.

| Refusal | RDS API | Redshift API |
| --- | --- | --- |`

function faults(): string[] {
  return faultKinds.map(
    (kind) => `| ${words(kind)} | ${shown(rdsFaults[kind])} | ${shown(redshiftFaults[kind])} |`,
  )
}

function shown({ code, status }: FaultCode): string {
  return `\`${code}\` (${status})`
}

/** integrationNotFound → integration not found */
function words(kind: string): string {
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

const exitCodes = `
## Exit codes of \`millrace\`

| Code | Meaning |
| --- | --- |
| 0 | fine |
| 1 | failed; the last line on standard error says why |
| 2 | wrong usage or wrong configuration; nothing was started |
| 3 | \`status\` has answered, and something that it shows is not well: an integration with errors, a table in \`Failed\`, a pipeline that nobody reports on, an engine that is away, a database that cannot be opened |`
