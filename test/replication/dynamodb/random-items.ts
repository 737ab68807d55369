import assert from "node:assert/strict"
import { test } from "node:test"
import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import type { TestHome } from "../../support/pipeline.ts"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { type Random, randomFrom } from "../random.ts"
import { assertEqual, fixture, type Item, skip } from "./fixture.ts"

function randomValue(random: Random, depth = 0): AttributeValue {
  const text = () => random.pick(["", "ä€😀", 'quote " \\ \n', "x".repeat(random.below(200)), "plain"])
  const number = () =>
    random.pick(["0", "-1", "3.14", "1E+125", "-9.9E-129", "12345678901234567890123456789012345678"])
  const bytes = () => Uint8Array.from({ length: random.below(5) }, () => random.below(256))
  const some = <T>(make: (index: number) => T) =>
    Array.from({ length: 1 + random.below(3) }, (_, at) => make(at))
  const makers: (() => AttributeValue)[] = [
    () => ({ S: text() }),
    () => ({ N: number() }),
    () => ({ B: bytes() }),
    () => ({ BOOL: random.chance(0.5) }),
    () => ({ NULL: true }),
    () => ({ SS: some((at) => `${at}${text()}`) }),
    () => ({ NS: some((at) => `${at}.5`) }),
    () => ({ BS: some((at) => Uint8Array.of(at, 1)) }),
  ]
  if (depth < 3) {
    makers.push(() => ({ L: some(() => randomValue(random, depth + 1)) }))
    makers.push(() => ({ M: Object.fromEntries(some((at) => [`k${at}`, randomValue(random, depth + 1)])) }))
    makers.push(() => ({ M: {} }))
    makers.push(() => ({ L: [] }))
  }
  return random.pick(makers)()
}

export interface ItemsInto {
  warehouse: string
  /** Absent: a DuckDB. */
  home?: () => Promise<TestHome>
  /** SQL of the warehouse for the type of a sort key. */
  sortType: string
}

export function testRandomItems({ warehouse, home, sortType }: ItemsInto): void {
  test(`items of any shape into ${warehouse}: what was there, what changes while it is copied, and what comes later`, {
    skip,
  }, async (context) => {
    context.diagnostic(shownSeed)
    const random = randomFrom(testSeed)
    const opened = await home?.()
    const under = await fixture(context, { hash: "S", range: "N" }, opened && { home: opened })
    const keyOf = (n: number): Item => ({ id: { S: `cart ${n % 7}` }, sort: { N: String(n) } })
    const write = async () => {
      const n = random.below(300)
      if (random.chance(0.25)) return await under.remove(keyOf(n))
      await under.put({
        ...keyOf(n),
        a: randomValue(random),
        [random.pick(["b", "ü b", '"'])]: randomValue(random),
      })
    }
    for (let i = 0; i < 300; i++) await write()
    await under.start()
    for (let i = 0; i < 150; i++) await write()
    await assertEqual(under)
    for (let i = 0; i < 150; i++) await write()
    await assertEqual(under)
    const rows = await under.home.read(
      `SELECT DISTINCT ${sortType} FROM "${under.database}".public."${under.table}" WHERE id LIKE 'cart %'`,
    )
    assert.match(String(rows), /^(DECIMAL\(38,10\)|numeric)$/)
  })
}
