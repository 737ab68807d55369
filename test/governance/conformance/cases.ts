/** Policies as people may write them, drawn by chance: several on a column, conflicting, nested, staged, for other sources. */
import type { Condition } from "../../../src/governance/model/condition.ts"
import type { Circumstances, DataRule, Mask, Policy } from "../../../src/governance/model/policy.ts"
import type { Draw } from "./random.ts"
import { type WhereTree, whereText } from "./where-tree.ts"
import { attributes, drawValue, groups, kinds, type TableColumn, tableColumns, tagNames } from "./worlds.ts"

export interface DrawnPolicies {
  policies: Policy[]
  trees: Map<string, WhereTree>
}

const now = new Date("2026-01-01T00:00:00Z")

export function drawPolicies(draw: Draw): DrawnPolicies {
  const trees = new Map<string, WhereTree>()
  const subscriptions = draw.oneIn(12) ? [] : draw.oneIn(6) ? [1, 2] : [1]
  const data = Array.from({ length: 1 + draw.below(3) }, (_, at) => at)
  return {
    trees,
    policies: [
      ...subscriptions.map(
        (at): Policy => ({
          ...head(draw, `subscription${at}`),
          kind: "subscription",
          rule: draw.one([
            { kind: "anyone" },
            { kind: "anyone" },
            { kind: "manual" },
            { kind: "entitlements", condition: condition(draw, 1) },
            { kind: "approval", permissions: ["GOVERNANCE"] },
          ]),
        }),
      ),
      ...data.map(
        (at): Policy => ({
          ...head(draw, `data${at}`),
          kind: "data",
          rules: Array.from({ length: 1 + draw.below(3) }, () => rule(draw, trees)),
        }),
      ),
    ],
  }
}

function head(draw: Draw, key: string) {
  return { key, name: key, isStaged: draw.oneIn(12), circumstances: circumstances(draw) }
}

function circumstances(draw: Draw): Circumstances {
  if (!draw.oneIn(3)) return { operator: "any", of: [{ kind: "everything" }] }
  const drawn = () =>
    draw.one([
      { kind: "everything" as const },
      { kind: "source" as const, name: draw.one(["people", "orders"]) },
      { kind: "schema" as const, name: draw.one(["sales", "other"]) },
      { kind: "tag" as const, tag: draw.one(["HR", "HR.Pay", "Public"]) },
      { kind: "anyTag" as const },
      { kind: "noTags" as const },
      { kind: "columnTag" as const, tag: draw.one(tagNames) },
      {
        kind: "columnRegex" as const,
        pattern: draw.one(["^n.me$", "(x|Y)+z", "[a-c]o"]),
        ignoresCase: draw.oneIn(2),
      },
    ])
  return { operator: draw.one(["any", "all"]), of: [drawn(), ...(draw.oneIn(2) ? [drawn()] : [])] }
}

function condition(draw: Draw, level: number): Condition {
  const kind = draw.below(level < 4 ? 6 : 3)
  const name = draw.one(Object.keys(attributes) as (keyof typeof attributes)[])
  if (kind === 0) return { kind: "group", name: draw.one(groups) }
  if (kind === 1) return { kind: "attribute", name, value: draw.one(attributes[name]) }
  if (kind === 2) return { kind: "purpose", name: draw.one(["Audit", "Audit.Tax", "Market"]) }
  if (kind === 3) return { kind: "not", of: condition(draw, level + 1) }
  return { kind: kind === 4 ? "any" : "all", of: [condition(draw, level + 1), condition(draw, level + 1)] }
}

function rule(draw: Draw, trees: Map<string, WhereTree>): DataRule {
  const unless = draw.oneIn(2) ? { unless: condition(draw, 1) } : {}
  const kind = draw.below(12)
  if (kind === 0)
    return { ...unless, kind: "purpose", anyOf: [draw.one(["Audit", "Audit.Tax", "Marketing"])] }
  if (kind === 1) return { ...unless, kind: "minimize", percent: draw.one([0, 50, 66.6, 90, 100]) }
  if (kind === 2)
    return {
      ...unless,
      kind: "time",
      keeps: draw.one(["newer", "older"]),
      than: draw.one([
        { count: 1, unit: "year" as const },
        { count: 30, unit: "day" as const },
        { count: 8, unit: "month" as const },
        { count: 36, unit: "hour" as const },
        { count: 600_000, unit: "second" as const },
      ]),
    }
  if (kind < 5) return { ...unless, kind: "rowFilter", filter: rowFilter(draw, trees) }
  return { ...unless, ...maskRule(draw, trees) }
}

function rowFilter(
  draw: Draw,
  trees: Map<string, WhereTree>,
): Extract<DataRule, { kind: "rowFilter" }>["filter"] {
  const kind = draw.below(3)
  if (kind === 0) return { kind: "group", column: draw.one(["region", "name", "code"]) }
  if (kind === 1)
    return {
      kind: "attribute",
      ...draw.one([
        { column: "region", attribute: "region" },
        { column: "born", attribute: "born" },
        { column: "id", attribute: "clearance" },
        { column: "flag", attribute: "clearance" },
      ]),
    }
  return { kind: "where", text: where(draw, trees) }
}

function where(draw: Draw, trees: Map<string, WhereTree>): string {
  const tree = whereTree(draw, 1)
  const text = whereText(tree, kinds)
  trees.set(text, tree)
  return text
}

const comparable = tableColumns.filter(({ kind }) => kind !== "other")
const likes = [
  { pattern: "a%", expression: /^a.*$/su },
  { pattern: "%\\%%", expression: /%/su },
  { pattern: "_\\\\_", expression: /^.\\.$/su },
  { pattern: "%n_", expression: /n.$/su },
  { pattern: "a!b", expression: /^a!b$/su },
]

function whereTree(draw: Draw, level: number): WhereTree {
  const kind = draw.below(level < 5 ? 14 : 10)
  if (kind >= 12) return { is: "not", of: whereTree(draw, level + 1) }
  if (kind >= 10)
    return { is: draw.one(["and", "or"]), of: [whereTree(draw, level + 1), whereTree(draw, level + 1)] }
  return testOf(draw, kind)
}

function testOf(draw: Draw, kind: number): WhereTree {
  const of = draw.one(comparable)
  const operator = draw.one(["=", "<>", "<", "<=", ">", ">="])
  switch (kind) {
    case 0:
      return { is: "null", column: of.name }
    case 1:
      return { is: "in", column: of.name, values: [constant(draw, of), constant(draw, of)] }
    case 2:
      return { is: "like", column: draw.one(["name", "code"]), ...draw.one(likes) }
    case 3:
      return { is: "between", column: of.name, least: constant(draw, of), most: constant(draw, of) }
    case 4:
      return {
        is: "columns",
        operator,
        ...draw.one([
          { left: "name", right: "code" },
          { left: "id", right: "big" },
        ]),
      }
    case 5:
      return personTest(draw)
    default:
      return { is: "compare", column: of.name, operator, value: constant(draw, of) }
  }
}

function personTest(draw: Draw): WhereTree {
  return draw.one<WhereTree>([
    { is: "attributeValues", attribute: "region", column: draw.one(["region", "name"]) },
    { is: "groups", column: "name" },
    { is: "hasAttribute", name: "clearance", value: draw.one(attributes.clearance) },
    { is: "isInGroups", names: [draw.one(groups), draw.one(groups)] },
    { is: "iam", id: "okta" },
  ])
}

/** Never null, and nothing that only a float can hold. */
function constant(draw: Draw, of: TableColumn): string {
  for (;;) {
    const value = drawValue(draw, of, now)
    if (value !== null && !/[eN]/.test(of.kind === "float" ? value : "")) return value
  }
}

const masks: readonly Mask[] = [
  { kind: "null" },
  { kind: "constant", value: "hidden" },
  { kind: "constant", value: "5" },
  { kind: "constant", value: "true" },
  { kind: "hash" },
  { kind: "hash", joinableInProject: "sales" },
  { kind: "regex", pattern: "([a-z])[0-9]+", replacement: "<\\1\\\\>" },
  { kind: "regex", pattern: "\\d{3}|[^a-zA-Z0-9]", replacement: "$1*" },
  { kind: "partial", first: 1, last: 1, character: "*" },
  { kind: "partial", first: 0, last: 2, character: "#" },
  { kind: "dateTrunc", unit: "month" },
  { kind: "dateTrunc", unit: "week" },
  { kind: "dateTrunc", unit: "quarter" },
  { kind: "dateTrunc", unit: "hour" },
  { kind: "round", bucket: 10 },
  { kind: "round", bucket: 0.5 },
]

function maskRule(draw: Draw, trees: Map<string, WhereTree>): DataRule {
  const mask = draw.one(masks)
  const of = draw.one(comparable)
  const isFitting = ({ kind }: TableColumn) =>
    mask.kind === "round"
      ? /integer|decimal|float/.test(kind)
      : mask.kind === "dateTrunc"
        ? /date|time/.test(kind)
        : kind === "text"
  const likely = draw.one(tableColumns.filter(isFitting)).name
  const choice = draw.one([
    { kind: "name" as const, name: likely },
    { kind: "name" as const, name: likely },
    { kind: "name" as const, name: likely },
    { kind: "tag" as const, tag: draw.one(tagNames) },
    { kind: "anyTag" as const },
    { kind: "noTags" as const },
    {
      kind: "regex" as const,
      pattern: draw.one(["^(name|code)$", "B", "[^a-m]"]),
      ignoresCase: draw.oneIn(2),
    },
  ])
  const when = draw.one([
    {},
    {},
    {
      when: {
        column: of.name,
        operator: draw.one(["=", "<>", "<", ">"] as const),
        value: constant(draw, of),
      },
    },
    { when: { where: where(draw, trees) } },
  ])
  return { kind: "mask", columns: [choice], mask, ...when }
}
