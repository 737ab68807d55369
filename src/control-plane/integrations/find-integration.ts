import { Fault } from "../../domain/faults.ts"
import type { Integration } from "../../domain/integration.ts"
import type { IntegrationStore } from "../../state/integrations/integrations.ts"

/** By id, ARN or name. @throws Fault integrationNotFound */
export async function findIntegration(store: IntegrationStore, identifier: string): Promise<Integration> {
  const all = await store.all()
  const found = all.find(({ id, arn, name }) => [id, arn, name].includes(identifier))
  if (found !== undefined) return found
  throw new Fault("integrationNotFound", `There is no integration ${identifier.slice(0, 200)}.`)
}
