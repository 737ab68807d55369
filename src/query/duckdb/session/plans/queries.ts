import type { SqlAccess } from "../../../../control-plane/sql-users/sql-access.ts"
import type { Governance } from "../../../governed-tables.ts"
import { confineCalls } from "../../bounds/confined.ts"
import { refuseCostly } from "../../bounds/measure.ts"
import { refuseNestedValues } from "../../bounds/nested-values.ts"
import { rewriteFunctionsInFrom } from "../../catalog/from-functions.ts"
import { rewriteForSession } from "../../catalog/rewrite.ts"
import { takeSettingCalls } from "../../catalog/set-config.ts"
import { listVisibleTables } from "../../catalog/show-tables.ts"
import { nodesOf, type Tree } from "../../dialect/syntax-tree.ts"
import { free, versionOf } from "../../governance/still-holds.ts"
import { substituteGoverned } from "../../governance/substitute.ts"
import { refuseHiddenTypes } from "../../rights/hidden-types.ts"
import { pinKnownRelations } from "../../rights/known-relations.ts"
import { isTableNode, refuseReservedNames } from "../../rights/pin-relations.ts"
import { namesReadBy } from "../../rights/read-states.ts"
import { guardKnown, type RestrictedSelect, restrictSelect } from "../../rights/restricted-select.ts"
import { guardSelect } from "../../rights/select-guard.ts"
import { giveMeaning } from "../../semantics/session-meaning.ts"
import { pgColumnNames } from "../../values/column-names.ts"
import { nameColumns } from "../../virtual/other-names.ts"
import { substituteVirtual } from "../../virtual/virtual-reads.ts"
import type { EnginePlan } from "../statement-kinds.ts"
import type { PlanContext } from "./context.ts"

/** A query, after every check. Throws PgError. */
export async function planSelect(
  typed: string,
  tree: Tree,
  context: PlanContext,
  access: SqlAccess,
): Promise<EnginePlan> {
  const columnNames = pgColumnNames(tree)
  const settingCalls = takeSettingCalls(tree, context.facts.setting)
  const sql = settingCalls === undefined ? typed : await context.parser.deparse(tree)
  const checked = await checkSelect(sql, tree, context, access)
  return {
    kind: "engine",
    sql: checked.sql,
    verb: "SELECT",
    writesIn: undefined,
    columnNames,
    settingCalls: settingCalls ?? [],
    tree: checked.tree,
    virtual: checked.virtual,
    reads: namesReadBy(tree),
    positionsHold: checked.sql === typed,
    needs: access.isSuperuser ? "superuser" : checked.needs,
    isVeiled: checked.isVeiled,
    governed: checked.governed,
    notices: [],
  }
}

/** A query or a part of a change, checked and pointed at what it may read. Throws PgError. */
export async function checkSelect(
  sql: string,
  tree: Tree,
  context: PlanContext,
  access: SqlAccess,
): Promise<RestrictedSelect> {
  const { parser } = context
  const place = context.place()
  const { ask } = context
  const known = await pinKnownRelations(tree, { place, ask, databases: context.rules.databases })
  const rules = { ...context.rules, known }
  if (!access.isSuperuser) refuseReservedNames(tree, known)
  const listsTables = !access.isSuperuser && (await listVisibleTables(tree, parser))
  const hasFunctions = rewriteFunctionsInFrom(tree, rules.functions)
  const isMeant = giveMeaning(tree, context.facts, { isStored: context.isStored === true })
  const { isChanged, readsCatalog } = rewriteForSession(tree, context.facts)
  if (readsCatalog) await context.keys.show()
  const isNamed = isChanged && nameColumns(tree, context.virtualTables)
  const rewritten = isChanged || isNamed || isMeant || hasFunctions
  guardSelect(tree, rules)
  if (!access.isSuperuser) guardKnown(tree, rules.functions)
  const isConfined = confineCalls(tree)
  refuseNestedValues(tree)
  refuseCostly(tree, rules.functions.macros)
  if (!access.readsAll) await refuseHiddenTypes(tree, { access, place: context.place(), ask: context.ask })
  const looksUp = [...nodesOf(tree.statements ?? null)].some(isTableNode)
  const governance = access.isSuperuser ? off : context.governed.now()
  const definitions = context.definitions()
  if (looksUp && (!access.readsAll || governance.kind !== "off"))
    return await checkTables({ tree, context, access, rules, governance, definitions })
  const isOther = rewritten || listsTables || isConfined || known.size > 0
  const virtual = await substituteVirtual(tree, context.virtualTables, parser)
  return {
    isVeiled: false,
    sql: isOther ? await parser.deparse(tree) : sql,
    tree,
    needs: [],
    virtual,
    governed:
      !looksUp || access.isSuperuser
        ? free
        : {
            kind: "planned",
            user: rules.user,
            definitions,
            version: versionOf(governance),
            reads: undefined,
          },
  }
}

const off: Governance = { kind: "off" }

interface CheckedTree {
  tree: Tree
  context: PlanContext
  access: SqlAccess
  rules: PlanContext["rules"]
  governance: Governance
  definitions: number
}

/** A query on tables, of somebody whose right to each must be looked up. */
async function checkTables({
  tree,
  context,
  access,
  rules,
  governance,
  definitions,
}: CheckedTree): Promise<RestrictedSelect> {
  const { ask, parser } = context
  const place = context.place()
  const pinned = await restrictSelect(tree, parser, rules, { access, place, ask })
  const { user } = rules
  const reads =
    governance.kind === "off"
      ? undefined
      : await substituteGoverned(pinned, { governance, user, place, parser, ask })
  const virtual = await substituteVirtual(pinned.tree, context.virtualTables, parser)
  const isOther = reads !== undefined || virtual.length > 0
  return {
    needs: pinned.needs,
    virtual,
    isVeiled:
      (!access.readsAll && pinned.views.size > 0) ||
      (reads ?? []).some(({ view }) => view.kind === "filtered"),
    sql: isOther ? await parser.deparse(pinned.tree) : pinned.sql,
    tree: pinned.tree,
    governed: { kind: "planned", user, definitions, version: versionOf(governance), reads },
  }
}
