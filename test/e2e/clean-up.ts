import type { TestContext } from "node:test"

const stacks = new WeakMap<TestContext, (() => Promise<unknown>)[]>()

/**
 * Runs at the test's end, last registered first and each in any case: what was started last depends on what was
 * started before it. (The runner's own `after` runs in order and stops at the first failure.)
 */
export function atEnd(context: TestContext, work: () => Promise<unknown>): void {
  const known = stacks.get(context)
  if (known !== undefined) return void known.push(work)
  const stack = [work]
  stacks.set(context, stack)
  context.after(async () => {
    const errors: unknown[] = []
    for (const each of stack.splice(0).reverse()) await each().catch((error) => errors.push(error))
    if (errors.length > 0)
      throw errors.length === 1 ? errors[0] : new AggregateError(errors, errors.join("; "))
  })
}
