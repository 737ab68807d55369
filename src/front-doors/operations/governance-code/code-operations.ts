import { z } from "zod"
import type { Caller } from "../../../control-plane/control-plane.ts"
import type { CodeChange } from "../../../control-plane/governance/code/code-changes.ts"
import { isSame } from "../../../control-plane/governance/code/code-changes.ts"
import { type CodeFolder, CodeProblem } from "../../../control-plane/governance/code/code-folder.ts"
import {
  applyFolder,
  type CodeOutcome,
  exportedFolder,
  planFolder,
} from "../../../control-plane/governance/code/govern-by-code.ts"
import { requireAdmin } from "../../../control-plane/sql-users/roles.ts"
import { Fault } from "../../../domain/faults.ts"
import { bodyOf } from "../operation-body.ts"
import type { Operation, OperationSources } from "../operations.ts"
import { readFolder } from "./read-folder.ts"
import { writtenFolder } from "./write-folder.ts"

const body = z.strictObject({
  files: z.array(z.strictObject({ name: z.string().min(1).max(500), text: z.string() })).max(1_000),
})

/** What may be governed is kept in files: what they would change, for whom; to make it so; what there is. */
export const codeOperations: readonly Operation[] = [
  {
    name: "PlanGovernance",
    method: "POST",
    path: "/governance/plan",
    body,
    changes: false,
    readers: "admins",
    run: async (sources, caller, _, given) => told(await governed(sources, caller, given, planFolder)),
  },
  {
    name: "ApplyGovernance",
    method: "POST",
    path: "/governance/apply",
    body,
    changes: true,
    auditedParameters: (given) => ({ files: bodyOf(body, given).files.map(({ name }) => name) }),
    async run(sources, caller, _, given) {
      const outcome = await governed(sources, caller, given, applyFolder)
      const entries = (which: "before" | "after") =>
        Object.fromEntries(outcome.changes.map((one) => [`${one.kind} ${one.key}`, one[which] ?? null]))
      sources.tell?.({ before: entries("before"), after: entries("after") })
      return told(outcome)
    },
  },
  {
    name: "ExportGovernance",
    method: "GET",
    path: "/governance/export",
    changes: false,
    readers: "admins",
    async run({ store, enforcement }, caller) {
      requireAdmin(caller, "export what is governed")
      return { files: writtenFolder(await exportedFolder({ ...store, enforcement })) }
    },
  },
]

async function governed(
  { store, enforcement }: OperationSources,
  caller: Caller,
  given: unknown,
  work: (
    plane: Parameters<typeof planFolder>[0],
    caller: Parameters<typeof planFolder>[1],
    folder: CodeFolder,
  ) => Promise<CodeOutcome>,
): Promise<CodeOutcome> {
  requireAdmin(caller, "govern by files")
  const { folder, told: telling } = readFolder(bodyOf(body, given).files)
  try {
    return await work({ ...store, enforcement }, { name: caller.name, permissions: ["GOVERNANCE"] }, folder)
  } catch (error) {
    if (error instanceof CodeProblem) throw new Fault("validation", telling(error))
    throw error
  }
}

function told({ changes, effects, more }: CodeOutcome): object {
  return {
    changes: changes.map((one) => ({
      ...{ action: one.action, kind: one.kind, key: one.key },
      members: changed(one),
    })),
    effects,
    more,
  }
}

/** Names of what is another in an entry that is changed. */
function changed({ action, before, after }: CodeChange): string[] {
  if (action !== "update") return []
  const [old, now] = [membersOf(before), membersOf(after)]
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => !isSame(old.get(name), now.get(name)))
}

function membersOf(value: unknown): Map<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : [])
}
