/** Plays drawn cases on an engine and compares each answer with the evaluator's. */
import assert from "node:assert/strict"
import { compileSource } from "../../../src/governance/compile/compile-source.ts"
import type { BuiltPlan } from "../../../src/governance/plan/plan.ts"
import { type DrawnPolicies, drawPolicies } from "./cases.ts"
import { visibleRows } from "./evaluator.ts"
import { openGovernedDuckDb } from "./personal-queries.ts"
import { openGovernedPostgres } from "./postgres-views.ts"
import { type QueryForm, queryForms } from "./query-forms.ts"
import { newDraw } from "./random.ts"
import { newWorld, secrets, sourceOf, tableColumns, type World } from "./worlds.ts"

interface Case {
  drawn: DrawnPolicies
  form: QueryForm
  readers: readonly number[]
  byOtherView: boolean
}

export interface Played {
  cases: number
  /** Answers compared, and how many of them had rows. */
  answers: number
  withRows: number
}

interface Amount {
  seed: number
  cases: number
}

const casesOfWorld = 50

interface Engine {
  name: "postgres" | "duckdb"
  begin(world: World): Promise<void>
  /** The rows of each case and reader. */
  answers(world: World, cases: readonly { one: Case; plan: BuiltPlan }[]): Promise<(string | null)[][][]>
}

export async function playOnPostgres(amount: Amount): Promise<Played> {
  const server = await openGovernedPostgres()
  try {
    return await play(amount, {
      name: "postgres",
      begin: server.begin,
      answers: async (_world, cases) => await server.read(cases.map(({ one, plan }) => ({ plan, ...one }))),
    })
  } finally {
    await server.close()
  }
}

export async function playOnDuckDb(amount: Amount): Promise<Played> {
  const engine = await openGovernedDuckDb()
  try {
    return await play(amount, {
      name: "duckdb",
      begin: engine.begin,
      answers: async (world, cases) => {
        const answers: (string | null)[][][] = []
        for (const { one, plan } of cases)
          for (const reader of one.readers)
            answers.push(await engine.read(plan, world.people[reader], one.form))
        return answers
      },
    })
  } finally {
    engine.close()
  }
}

async function play({ seed, cases }: Amount, engine: Engine): Promise<Played> {
  const draw = newDraw(seed)
  const forms = queryForms(tableColumns.map(({ name }) => name))
  const played: Played = { cases: 0, answers: 0, withRows: 0 }
  for (let number = 0; played.cases < cases; number++) {
    const world = newWorld(draw, number)
    await engine.begin(world)
    const drawn = Array.from(
      { length: casesOfWorld },
      (): Case => ({
        drawn: drawPolicies(draw),
        form: draw.one([...forms.slice(0, 1), ...forms]),
        readers: [draw.one([0, 1, 4]), draw.one([0, 0, 0, 1, 1, 1, 4, 4, 4, 4, 2, 3])],
        byOtherView: draw.oneIn(4),
      }),
    )
    const compiled = drawn.map((one) => ({ one, plan: planOf(world, engine, one) }))
    const answers = await engine.answers(world, compiled)
    judge(world, { engine, drawn, answers, played })
    played.cases += drawn.length
  }
  return played
}

function planOf(world: World, { name }: Engine, { drawn }: Case): BuiltPlan {
  const plan = compileSource({ source: sourceOf(world, name, "people"), policies: drawn.policies })
  assert.equal(plan.kind, "built", JSON.stringify(plan, undefined, 1).slice(-2000))
  return plan as BuiltPlan
}

function judge(
  world: World,
  {
    engine,
    drawn,
    answers,
    played,
  }: { engine: Engine; drawn: readonly Case[]; answers: readonly (string | null)[][][]; played: Played },
): void {
  const readings = drawn.flatMap((one) => one.readers.map((reader) => ({ one, reader })))
  assert.equal(answers.length, readings.length)
  for (const [at, { one, reader }] of readings.entries()) {
    const source = sourceOf(world, engine.name, "people")
    const evaluation = {
      source,
      policies: one.drawn.policies,
      trees: one.drawn.trees,
      secrets,
      now: world.now,
    }
    const seen = visibleRows(evaluation, world.people[reader], world.rows)
    const [wanted, found] = [sorted(one.form.rows(seen)), sorted(answers[at] ?? [])]
    played.answers++
    if (found.length > 0) played.withRows++
    assert.deepEqual(found, wanted, told(world, engine, { one, reader }))
  }
}

/** Floats as JavaScript writes them. */
function sorted(rows: readonly (string | null)[][]): string[] {
  return rows
    .map((row) => JSON.stringify(row.map((cell) => (cell === null ? null : numberText(cell)))))
    .sort()
}

function numberText(text: string): string {
  if (/^nan$/i.test(text)) return "NaN"
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? `#${Number(text)}` : text
}

function told(world: World, { name }: Engine, { one, reader }: { one: Case; reader: number }): string {
  const person = world.people[reader]
  const plain = (value: unknown) => (value instanceof Set || value instanceof Map ? [...value] : value)
  return `${name}, ${one.form.name}, reader ${reader}: ${JSON.stringify({ policies: one.drawn.policies, person }, (_key, value) => plain(value), 1)}`
}
