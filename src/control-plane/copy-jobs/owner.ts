import { Problem } from "../../domain/problems.ts"
import { foldName } from "../../domain/sql-access.ts"
import type { CopyDestination, CopyWarehouse } from "../../loading/copy-target.ts"
import type { Caller } from "../control-plane.ts"
import { allows } from "../sql-users/sql-access.ts"
import type { SqlUsers } from "../sql-users/sql-users.ts"

/** A job has its owner's rights, as they are now. @throws Problem copyNotAllowed */
export async function requireOwner(
  { users, copies: { rights } }: { users: SqlUsers; copies: Pick<CopyWarehouse, "rights"> },
  owner: string,
  destination: Omit<CopyDestination, "columns">,
): Promise<Caller> {
  const access = await users.accessOf(owner)
  if (access === undefined)
    throw new Problem("copyNotAllowed", `Its owner, the user ${owner}, does not exist any more.`)
  const { database, schema, table } = destination
  const scope = { database: foldName(database), schema: foldName(schema), table: foldName(table) }
  const may =
    access.isSuperuser ||
    (rights === undefined ? allows(access, "insert", scope) : await rights.mayInsert(owner, destination))
  if (!may)
    throw new Problem(
      "copyNotAllowed",
      `Its owner, the user ${owner}, may not insert into ${schema}.${table}.`,
    )
  const user = users.find(owner)
  return { name: owner, role: access.isSuperuser ? "admin" : (user?.role ?? "partner:") }
}
