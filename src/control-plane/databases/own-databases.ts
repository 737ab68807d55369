import { Fault } from "../../domain/faults.ts"
import { destinationMistake } from "../../domain/integration.ts"
import type { Store } from "../../state/store.ts"
import type { Caller } from "../control-plane.ts"
import { orUnavailable } from "../pipelines/or-unavailable.ts"
import { requireAdmin } from "../sql-users/roles.ts"
import type { DatabaseHost } from "./destination-databases.ts"

/** Databases of the first warehouse that people have made and may write, beside the one that is there from the start. */
export interface OwnDatabases {
  has(name: string): boolean
  /**
   * Makes one, empty; it is there when this returns.
   * @throws Fault accessDenied, invalidValue, integrationExists (the name is taken)
   */
  create(caller: Caller, name: string): Promise<void>
  /** It is dropped. */
  forget(name: string): Promise<void>
}

type Stores = Pick<Store, "ownDatabases" | "databases">

/** Reads what there is. One process has the warehouse, and so knows of every change. */
export async function openOwnDatabases(
  { ownDatabases, databases }: Stores,
  host: DatabaseHost,
): Promise<OwnDatabases> {
  const targetArn = host.warehouseArn
  const folded = (name: string) => name.toLowerCase()
  const isTaken = async (name: string) => {
    const ordered = (await databases.all()).filter((one) => one.targetArn === targetArn)
    const names = [...(await orUnavailable(host.names())), ...ordered.map((one) => one.name)]
    return names.some((one) => folded(one) === folded(name))
  }
  const known = new Set<string>()
  const destinations = new Set((await databases.all()).map((one) => folded(one.name)))
  const there = new Set(await orUnavailable(host.names()))
  for (const name of await ownDatabases.of(targetArn)) {
    // A stop between the record and the file, on the way in or out.
    if (!there.has(name)) await ownDatabases.remove(targetArn, name)
    // What an integration fills is never people's to write, whatever was recorded before.
    else if (!destinations.has(folded(name))) known.add(folded(name))
  }
  return {
    has: (name) => known.has(folded(name)),
    async create(caller, name) {
      requireAdmin(caller, "create databases")
      const mistake = destinationMistake(name)
      if (mistake !== undefined) throw new Fault("invalidValue", mistake)
      const exists = new Fault("integrationExists", `database "${name}" already exists`)
      if (await isTaken(name)) throw exists
      // Recorded first: a file without its record would be closed to writers.
      if (!(await ownDatabases.add({ targetArn, name, owner: caller.name }))) throw exists
      try {
        await orUnavailable(host.ensure(name))
      } catch (error) {
        await ownDatabases.remove(targetArn, name)
        throw error
      }
      known.add(folded(name))
    },
    async forget(name) {
      known.delete(folded(name))
      await ownDatabases.remove(targetArn, name)
    },
  }
}
