import type { ResyncOrdered } from "../control-plane/pipelines/resync.ts"
import { plainLines } from "../domain/text-forms/plain-text.ts"
import { askMillrace, integrationPath } from "./asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "./operate.ts"
import { print } from "./output.ts"

/** Has tables resynced beside the live ones. */
export async function resync(
  integration: string | undefined,
  table: string | undefined,
  configPath: string | undefined,
): Promise<ExitCode> {
  if (integration === undefined) return misused("resync needs --integration NAME (or its id or ARN).")
  return await operating(configPath, "admin", async (access) => {
    const path = integrationPath(integration, "resync")
    const answer = await askMillrace<ResyncOrdered>(access, {
      method: "POST",
      path,
      body: table === undefined ? {} : { table },
    })
    if (typeof answer === "string") return failed(answer)
    const { tables, refused } = plainLines(answer)
    for (const { table, reason } of refused) print(`${table} cannot be copied. ${reason}\n`)
    if (tables.length === 0) return refused.length === 0 ? 0 : 1
    print(
      `${tables.length === 1 ? `${tables[0]} is` : `${tables.length} tables are`} being resynced; readers see the old rows until each copy is complete. \`millrace status\` shows how far it is.\n`,
    )
    return 0
  })
}
