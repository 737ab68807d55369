import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { amplifiers, functionName, growthOf, unitsOfConstant } from "./growth.ts"
import { growthInLists } from "./lists.ts"
import type { MacroWeights } from "./macro-weights.ts"
import { hasStar, isGrouped, usesOfTables } from "./tables-and-stars.ts"
import {
  type Column,
  type Cost,
  inSteps,
  lastName,
  noSource,
  one,
  type Place,
  plus,
  type Query,
  renamed,
  type Source,
  tooComplex,
  tooWide,
  treeLimits,
  treesOf,
} from "./tree-limits.ts"

/** One statement's count. */
class Measure {
  /** Nodes as they were written. */
  private written = 0
  private subqueryJoins = 0
  private hasAmplifier = false
  private greatestGrowth = 1
  private cteCount = 0
  private uses: ReadonlyMap<string, number> = new Map()
  private readonly macros: MacroWeights

  constructor(macros: MacroWeights) {
    this.macros = macros
  }

  statement(tree: Tree): void {
    this.uses = usesOfTables(tree)
    const place: Place = {
      ctes: new Map(),
      names: new Map(),
      queries: 0,
      subqueries: 0,
      groupings: 0,
      lambdas: 0,
    }
    for (const statement of treesOf(tree.statements)) {
      if (isTree(statement.node)) this.check(this.query(statement.node, place))
    }
    const limit = this.hasAmplifier ? treeLimits.growthOfLongValues : treeLimits.growth
    if (this.greatestGrowth > limit) {
      throw tooComplex(`a value may become more than ${limit} times as long as what it is made of`, inSteps)
    }
  }

  private check<T extends Source>(source: T): T {
    if (source.size > this.written + treeLimits.copies) {
      throw tooComplex(
        `aliases, stars and functions that are written out add more than ${treeLimits.copies} expressions`,
        inSteps,
      )
    }
    if (source.columns.length + source.others > treeLimits.columns) throw tooWide(treeLimits.columns)
    if (source.relations > treeLimits.relations)
      throw tooComplex(`more than ${treeLimits.relations} tables`, inSteps)
    if (source.joins > treeLimits.joins)
      throw tooComplex(
        `more than ${treeLimits.joins} joins in one query`,
        `${inSteps} A subquery with GROUP BY or LIMIT counts as one.`,
      )
    return source
  }

  private query(node: Tree, outer: Place): Query {
    const grouped = isGrouped(node)
    const place = {
      ...outer,
      queries: outer.queries + 1,
      groupings: outer.groupings + (grouped ? 1 : 0),
    }
    if (place.queries > treeLimits.queries)
      throw tooComplex(`more than ${treeLimits.queries} queries inside each other`, inSteps)
    if (place.groupings > treeLimits.groupings)
      throw tooComplex(`more than ${treeLimits.groupings} aggregations inside each other`, inSteps)
    const inside = this.withCtes(node, place)
    if (node.type === "SELECT_NODE") return this.select(node, inside)
    return this.combined(node, inside)
  }

  private withCtes(node: Tree, place: Place): Place {
    const entries = isTree(node.cte_map) ? treesOf(node.cte_map.map) : []
    if (entries.length === 0) return place
    this.cteCount += entries.length
    if (this.cteCount > treeLimits.ctes)
      throw tooComplex(`more than ${treeLimits.ctes} queries in WITH`, "Make views or tables of some.")
    const ctes = new Map(place.ctes)
    const inside = { ...place, ctes }
    for (const entry of entries) {
      const name = textAt(entry, "key").toLowerCase()
      const value = isTree(entry.value) ? entry.value : {}
      const body = isTree(value.query) && isTree(value.query.node) ? value.query.node : undefined
      if (body === undefined) continue
      const query = this.query(body, inside)
      ctes.set(name, {
        query: { ...query, columns: renamed(query.columns, value.aliases) },
        isMerged: query.isMergeable && (this.uses.get(name) ?? 0) <= 1,
      })
    }
    return inside
  }

  private combined(node: Tree, place: Place): Query {
    const sides = ["left", "right"].flatMap((key) => (isTree(node[key]) ? [node[key]] : []))
    const parts = [...sides, ...treesOf(node.children)].map((side) =>
      this.query(side, { ...place, queries: place.queries - 1 }),
    )
    const rest = this.rest(node, ["left", "right", "children", "cte_map"], place)
    const [first] = parts
    const columns = (first?.columns ?? []).map((column, at) => ({
      ...column,
      size: Math.max(...parts.map((part) => part.columns[at]?.size ?? 1)),
      growth: Math.max(...parts.map((part) => part.columns[at]?.growth ?? 1)),
    }))
    const sum = (key: "relations" | "size") => parts.reduce((total, part) => total + part[key], 0)
    return this.check({
      columns,
      others: first?.others ?? 0,
      joins: 0,
      relations: sum("relations"),
      size: sum("size") + rest.size,
      isMergeable: false,
    })
  }

  private select(node: Tree, outer: Place): Query {
    const joinsBefore = this.subqueryJoins
    this.subqueryJoins = 0
    const from = isTree(node.from_table) ? this.source(node.from_table, outer) : noSource
    const names = new Map<string, Cost>()
    for (const column of from.columns) names.set(column.name, column)
    const place: Place = { ...outer, names }
    const columns: Column[] = []
    let others = 0
    let size = from.size
    for (const item of treesOf(node.select_list)) {
      const cost = this.expression(item, place)
      if (hasStar(item)) {
        const width = from.columns.length + Math.max(1, from.others)
        size += cost.size * width
        others += Math.max(1, from.others)
        for (const column of from.columns) columns.push(column)
        if (columns.length + others > treeLimits.columns) break
        continue
      }
      size += cost.size
      const name = textAt(item, "alias").toLowerCase() || lastName(item)
      columns.push({ ...cost, name })
      if (textAt(item, "alias") !== "") names.set(name, cost)
    }
    size += this.rest(node, ["select_list", "from_table", "cte_map"], place).size
    if (Array.isArray(node.group_sets) && node.group_sets.length > treeLimits.groupingSets) {
      throw tooComplex(
        `more than ${treeLimits.groupingSets} grouping sets`,
        "CUBE makes 2 to the power of its columns.",
      )
    }
    const joins = from.joins + this.subqueryJoins
    this.subqueryJoins = joinsBefore
    const isMergeable = !isGrouped(node) && treesOf(node.modifiers).length === 0
    return this.check({ columns, others, joins, relations: from.relations, size, isMergeable })
  }

  private source(node: Tree, place: Place): Source {
    switch (node.type) {
      case "BASE_TABLE":
        return this.table(node, place)
      case "JOIN":
        return this.join(node, place)
      case "SUBQUERY": {
        const body = isTree(node.subquery) && isTree(node.subquery.node) ? node.subquery.node : undefined
        if (body === undefined) return noSource
        const query = this.query(body, place)
        const columns = renamed(query.columns, node.column_name_alias)
        return { ...query, columns, joins: query.isMergeable ? query.joins : 0 }
      }
      case "PIVOT":
        return this.pivot(node, place)
      default: {
        const cost = this.rest(node, [], place)
        return { ...noSource, others: 1, relations: 1, size: cost.size }
      }
    }
  }

  private table(node: Tree, place: Place): Source {
    this.written++
    const cte =
      textAt(node, "schema_name") === ""
        ? place.ctes.get(textAt(node, "table_name").toLowerCase())
        : undefined
    if (cte === undefined) return { ...noSource, others: 1, relations: 1, size: 1 }
    const { query, isMerged } = cte
    return {
      columns: renamed(query.columns, node.column_name_alias),
      others: query.others,
      joins: isMerged ? query.joins : 0,
      relations: 1,
      size: 1,
    }
  }

  private join(node: Tree, place: Place): Source {
    const [left, right] = [node.left, node.right].map((side) =>
      isTree(side) ? this.source(side, place) : noSource,
    )
    if (left === undefined || right === undefined) return noSource
    const names = new Map<string, Cost>(
      [...left.columns, ...right.columns].map((column) => [column.name, column]),
    )
    const rest = this.rest(node, ["left", "right"], { ...place, names })
    return this.check({
      columns: [...left.columns, ...right.columns],
      others: left.others + right.others,
      joins: left.joins + right.joins + 1,
      relations: left.relations + right.relations,
      size: left.size + right.size + rest.size + 1,
    })
  }

  private pivot(node: Tree, place: Place): Source {
    const source = isTree(node.source) ? this.source(node.source, place) : noSource
    const columns = treesOf(node.pivots).reduce(
      (product, pivot) => product * Math.max(1, treesOf(pivot.entries).length),
      Math.max(1, treesOf(node.aggregates).length),
    )
    if (columns > treeLimits.pivotColumns) {
      throw tooComplex(`PIVOT makes more than ${treeLimits.pivotColumns} columns`, "Name fewer values.")
    }
    const rest = this.rest(node, ["source"], place)
    return this.check({
      ...source,
      columns: [],
      others: source.columns.length + source.others + columns,
      size: source.size + rest.size,
    })
  }

  private note(cost: Cost): Cost {
    if (cost.growth > this.greatestGrowth) this.greatestGrowth = cost.growth
    if (cost.size > this.written + treeLimits.copies) this.check({ ...noSource, size: cost.size })
    return cost
  }

  /** All expressions below a node that is none itself, but for some of its members. */
  private rest(node: Tree, except: readonly string[], place: Place): Cost {
    let size = 0
    let growth = 1
    for (const [key, value] of Object.entries(node)) {
      if (except.includes(key) || typeof value !== "object" || value === null) continue
      const cost = this.any(value, place)
      size += cost.size
      growth = Math.max(growth, cost.growth)
    }
    return { size, growth }
  }

  private any(value: TreeValue, place: Place): Cost {
    if (Array.isArray(value)) {
      let size = 0
      let growth = 1
      for (const item of value) {
        if (typeof item !== "object" || item === null) continue
        const cost = this.any(item, place)
        size += cost.size
        growth = Math.max(growth, cost.growth)
      }
      return { size, growth }
    }
    if (!isTree(value)) return { size: 0, growth: 1 }
    return typeof value.class === "string" ? this.expression(value, place) : this.rest(value, [], place)
  }

  private expression(node: Tree, place: Place): Cost {
    this.written++
    switch (node.class) {
      case "CONSTANT":
        return this.note({ size: 1, growth: unitsOfConstant(node) })
      case "COLUMN_REF":
        return place.names.get(lastName(node)) ?? one
      case "SUBQUERY":
        return this.subquery(node, place)
      case "LAMBDA": {
        const lambdas = place.lambdas + 1
        if (lambdas > treeLimits.lambdas)
          throw tooComplex(`more than ${treeLimits.lambdas} lambdas inside each other`, inSteps)
        return this.note(plus(this.rest(node, [], { ...place, lambdas })))
      }
      case "FUNCTION":
        return this.call(node, place)
      default:
        return this.note(plus(this.rest(node, [], place)))
    }
  }

  private call(node: Tree, place: Place): Cost {
    if (amplifiers.has(functionName(node))) this.hasAmplifier = true
    const children = Array.isArray(node.children) ? node.children : []
    const costs = children.map((child) => this.any(child, place))
    const rest = this.rest(node, ["children"], place)
    const macro = this.macros.get(textAt(node, "function_name").toLowerCase())
    const size = costs.reduce(
      // Copies of one column or constant are no work: only what they are part of may double.
      (sum, cost, at) => sum + cost.size * (cost.size > 1 ? Math.max(1, macro?.copies[at] ?? 1) : 1),
      1 + (macro?.size ?? 0) + rest.size,
    )
    // A macro's own text is no copy of what the user wrote.
    this.written += macro?.size ?? 0
    const growths = costs.map(({ growth }) => growth)
    return this.note({ size, growth: growthOf(node, children, growths) * growthInLists(node) })
  }

  private subquery(node: Tree, place: Place): Cost {
    const subqueries = place.subqueries + 1
    if (subqueries > treeLimits.subqueries) {
      throw tooComplex(
        `more than ${treeLimits.subqueries} subqueries inside expressions of each other`,
        inSteps,
      )
    }
    const body = isTree(node.subquery) && isTree(node.subquery.node) ? node.subquery.node : undefined
    const query = body && this.query(body, { ...place, subqueries })
    this.subqueryJoins += 1 + (query?.isMergeable ? query.joins : 0)
    const rest = this.rest(node, ["subquery"], place)
    const growth = Math.max(1, ...(query?.columns ?? []).map((column) => column.growth))
    return this.note({ size: 1 + rest.size + (query?.size ?? 0), growth })
  }
}

/** Refuses what the engine's binder and planner must not be given. Throws 54001. */
export function refuseCostly(tree: Tree, macros: MacroWeights): void {
  new Measure(macros).statement(tree)
}
