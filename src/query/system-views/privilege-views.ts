import { everyone, type Grant } from "../../domain/sql-access.ts"
import type { Cell, VirtualCaller, VirtualColumn, VirtualTable, VirtualType } from "../virtual-table.ts"

/** One of the cloud's views of who may do what: which grants it shows, and how. */
interface PrivilegeView {
  columns: Record<string, VirtualType>
  isShown(grant: Grant, database: string): boolean
  /** In the order of the columns. */
  row(grant: Grant): Cell[]
}

const identity = { identity_id: "integer", identity_name: "text", identity_type: "text" } as const

/** Redshift shows a number for each user; Millrace gives users none, so `identity_id` is NULL. */
function identityOf({ grantee }: Grant): Cell[] {
  return [undefined, grantee, grantee === everyone ? "public" : "user"]
}

const isOnTables = ({ privilege }: Grant) => privilege !== "usage" && privilege !== "create"

const views: Record<string, PrivilegeView> = {
  svv_relation_privileges: {
    columns: {
      namespace_name: "text",
      relation_name: "text",
      privilege_type: "text",
      ...identity,
      admin_option: "boolean",
    },
    isShown: (grant, database) => grant.database === database && grant.table !== "",
    row: (grant) => [grant.schema, grant.table, grant.privilege.toUpperCase(), ...identityOf(grant), false],
  },
  svv_schema_privileges: {
    columns: {
      namespace_name: "text",
      privilege_type: "text",
      ...identity,
      admin_option: "boolean",
      privilege_scope: "text",
    },
    isShown: ({ schema, table, ...grant }, database) =>
      grant.database === database && schema !== "" && table === "",
    row: (grant) => [
      grant.schema,
      grant.privilege.toUpperCase(),
      ...identityOf(grant),
      false,
      isOnTables(grant) ? "TABLES" : "SCHEMA",
    ],
  },
  svv_database_privileges: {
    columns: {
      database_name: "text",
      privilege_type: "text",
      ...identity,
      admin_option: "boolean",
      privilege_scope: "text",
    },
    isShown: ({ schema }) => schema === "",
    row: (grant) => [
      grant.database,
      grant.privilege.toUpperCase(),
      ...identityOf(grant),
      false,
      isOnTables(grant) ? "TABLES" : "DATABASE",
    ],
  },
}

/**
 * The cloud's views of privileges, as the statements that granted them named their objects, in lower case. Administrators see
 * all, others their own and everyone's. `grants`: all there are now.
 */
export function privilegeTables(grants: () => readonly Grant[]): VirtualTable[] {
  return Object.entries(views).map(([name, view]) => ({
    name,
    schema: "pg_catalog",
    readableBy: "everyone" as const,
    columns: Object.entries(view.columns).map(([column, type]): VirtualColumn => ({ name: column, type })),
    rows: async (caller) =>
      grants()
        .filter((grant) => isSeen(grant, caller) && view.isShown(grant, caller.database.toLowerCase()))
        .map(view.row),
  }))
}

function isSeen({ grantee }: Grant, { user, access }: VirtualCaller): boolean {
  return access.isSuperuser || grantee === user || grantee === everyone
}
