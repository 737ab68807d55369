import { identifier, ownNamesOnly } from "./names.ts"
import { accountRights, fingerprintRows, impersonationRights, managedObjects } from "./objects.ts"
import { hasOwners, isSingleDatabase, type SetupPlan } from "./plan.ts"
import {
  type AccountPassword,
  accountDrops,
  accountStatements,
  customerRightsReturn,
  databaseDrop,
  databaseRights,
  databaseStatement,
  groupStatements,
  objectDrops,
  ownedDrops,
  passwordChange,
  remainsQuery,
} from "./statements.ts"

/** A script for a person to run. The same input gives the same bytes. */
export type ScriptKind =
  | { kind: "initial-create"; password: AccountPassword }
  | { kind: "create" }
  | { kind: "cleanup" }
  | { kind: "delete" }
  /** `previous`: what is in the server. `password`: if it is another. */
  | { kind: "edit"; previous: SetupPlan; password: AccountPassword | undefined }

export interface ScriptPlace {
  host: string
  port: number
}

export function scriptText(plan: SetupPlan, which: ScriptKind, place: ScriptPlace): string {
  const { runsIn, statements, closing = [] } = partsOf(plan, which)
  const head = [
    `Millrace governance: ${which.kind}, type Redshift, for a server that speaks ${plan.dialect} SQL`,
    `host ${place.host} port ${place.port}`,
    `run in database ${runsIn}`,
    `fingerprint ${plan.fingerprint}`,
  ]
  const all = hasOwners(plan.dialect) ? [ownNamesOnly, ...statements, "RESET search_path"] : statements
  return [...head.map(comment), "", ...all.map(statementText), ...closing.map(comment), ""].join("\n")
}

interface Parts {
  runsIn: string
  statements: string[]
  closing?: string[]
}

function partsOf(plan: SetupPlan, which: ScriptKind): Parts {
  switch (which.kind) {
    case "initial-create":
      return initialCreate(plan, which.password)
    case "create":
      return create(plan)
    case "cleanup":
    case "delete":
      return removal(plan, which.kind)
    case "edit":
      return edit(plan, which.previous, which.password)
  }
}

function initialCreate(plan: SetupPlan, password: AccountPassword): Parts {
  const ownDatabase = isSingleDatabase(plan) ? [] : [databaseStatement(plan), ...databaseRights(plan)]
  return {
    runsIn: plan.initialDatabase,
    statements: [...accountStatements(plan, password, "nothing"), ...ownDatabase],
    closing: [`next: run the script of /integrations/scripts/create in database ${plan.database}`],
  }
}

function create(plan: SetupPlan): Parts {
  const user = identifier(plan.systemUser)
  return {
    runsIn: plan.database,
    statements: [
      ...asOwner(plan, [...managedObjects(plan), ...fingerprintRows(plan)]),
      ...accountRights(plan),
    ],
    closing: [
      "what a view shows, its owner must be allowed to read; for each schema of yours:",
      `GRANT USAGE ON SCHEMA "your_schema" TO ${user};`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA "your_schema" TO ${user};`,
    ],
  }
}

/** The objects are the account's, whoever runs the script. */
function asOwner({ dialect, systemUser }: SetupPlan, statements: readonly string[]): string[] {
  if (!hasOwners(dialect)) return [...statements]
  const [begin, end] =
    dialect === "postgres"
      ? [`SET ROLE ${identifier(systemUser)}`, "RESET ROLE"]
      : [`SET SESSION AUTHORIZATION ${identifier(systemUser)}`, "RESET SESSION AUTHORIZATION"]
  return [begin, ...statements, end]
}

function removal(plan: SetupPlan, kind: "cleanup" | "delete"): Parts {
  const left = kind === "cleanup" ? [remainsQuery(plan)] : []
  if (isSingleDatabase(plan))
    return {
      runsIn: plan.database,
      statements: [...left, ...objectDrops(), ...ownedRemoval(plan), ...accountDrops(plan)],
    }
  return { runsIn: plan.initialDatabase, statements: [...left, databaseDrop(plan), ...accountDrops(plan)] }
}

/** One dialect has a statement for all that an account owns and may do; the other takes rights back one by one. */
function ownedRemoval(plan: SetupPlan): string[] {
  const owned = ownedDrops(plan)
  return owned.length > 0 ? owned : customerRightsReturn(plan)
}

function edit(plan: SetupPlan, previous: SetupPlan, password: AccountPassword | undefined): Parts {
  const [role, before] = [plan.impersonationRole, previous.impersonationRole]
  const isOtherRole = role !== before
  const isOtherUser = plan.systemUser !== previous.systemUser
  const changed = password === undefined ? [] : [passwordChange(plan, password)]
  const renamed = isOtherUser
    ? [`ALTER USER ${identifier(previous.systemUser)} RENAME TO ${identifier(plan.systemUser)}`]
    : []
  return {
    runsIn: plan.database,
    statements: [
      ...renamed,
      ...changed,
      ...(isOtherRole ? groupStatements(plan) : []),
      ...asOwner(plan, [
        ...(isOtherRole || isOtherUser ? managedObjects(plan) : []),
        ...(isOtherRole && before !== undefined
          ? impersonationRights("REVOKE", { dialect: plan.dialect, role: before })
          : []),
        ...fingerprintRows(plan),
      ]),
      ...(isOtherRole && before !== undefined ? [`DROP GROUP ${identifier(before)}`] : []),
    ],
  }
}

/** A name may hold the end of a line, which would end a comment. */
function comment(text: string): string {
  return `-- ${text.replaceAll(/[\r\n]/g, " ")}`
}

function statementText(statement: string): string {
  return `${statement};\n`
}
