import type { DataRule, RowFilter, SubscriptionRule } from "../model/policy.ts"
import { always, any, never } from "../plan/forms.ts"
import type { Predicate } from "../plan/predicates.ts"
import { conditionPredicate, exemption } from "./conditions.ts"
import { columnNamed, type Draft, flag, needSecret, Refusal } from "./draft.ts"
import { kindsOfOneText, listedColumn } from "./listed-column.ts"
import { wherePredicate } from "./where-predicates.ts"

/** Whom the rule lets ask for rows. That the person has a profile is asked beside it. */
export function subscriptionPredicate(draft: Draft, rule: SubscriptionRule): Predicate {
  switch (rule.kind) {
    case "anyone":
      return always
    case "entitlements":
      return conditionPredicate(draft, rule.condition)
    case "manual":
    case "approval":
      return flag(draft, { kind: "subscribed", sourceId: draft.source.id })
  }
}

/** The rows that the rule lets a person see. @throws Refusal */
export function rowPredicate(draft: Draft, rule: Exclude<DataRule, { kind: "mask" }>): Predicate {
  return any([exemption(draft, rule.unless), keptRows(draft, rule)])
}

function keptRows(draft: Draft, rule: Exclude<DataRule, { kind: "mask" }>): Predicate {
  switch (rule.kind) {
    case "rowFilter":
      return filterPredicate(draft, rule.filter)
    case "purpose":
      return any(rule.anyOf.map((name) => flag(draft, { kind: "purpose", name })))
    case "time":
      return agePredicate(draft, rule)
    case "minimize":
      return samplePredicate(draft, rule.percent)
  }
}

function filterPredicate(draft: Draft, filter: RowFilter): Predicate {
  switch (filter.kind) {
    case "attribute":
      return {
        kind: "attributeValue",
        column: listedColumn(draft, filter.column),
        attribute: filter.attribute,
      }
    case "group":
      return { kind: "groupName", column: listedColumn(draft, filter.column) }
    case "where":
      return wherePredicate(draft, filter.text)
  }
}

/** About a thousand years: what every engine can count back from now. */
export const mostUnits = {
  second: 2_000_000_000,
  minute: 525_000_000,
  hour: 8_750_000,
  day: 365_000,
  month: 12_000,
  year: 1_000,
} as const

function agePredicate(draft: Draft, { keeps, than }: Extract<DataRule, { kind: "time" }>): Predicate {
  const { eventTimeColumn } = draft.source
  if (eventTimeColumn === undefined)
    throw new Refusal("the source declares no event time column for the time rule")
  const column = columnNamed(draft, eventTimeColumn)
  if (column.kind !== "date" && column.kind !== "timestamp" && column.kind !== "timestamptz")
    throw new Refusal(`the event time column "${column.name}" holds no dates or timestamps`)
  return { kind: "age", column, keeps, than }
}

function samplePredicate(draft: Draft, percent: number): Predicate {
  if (!(percent >= 0 && percent <= 100)) throw new Refusal(`a share of ${percent} percent cannot be kept`)
  if (percent === 100) return always
  if (percent === 0) return never
  const { columns, keyColumns, saltId } = draft.source
  const drawn =
    keyColumns === undefined
      ? columns.filter(({ kind }) => kindsOfOneText.has(kind))
      : keyColumns.map((name) => listedColumn(draft, name))
  if (drawn.length === 0) throw new Refusal("the source has no columns by which a sample can be drawn")
  return { kind: "sample", columns: drawn, secretId: needSecret(draft, saltId), percent }
}
