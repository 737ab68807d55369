import { randomInt } from "node:crypto"
import fc from "fast-check"
import { LONG_SUITE_VARIABLE } from "./long-suite-variable.ts"

/**
 * Of every random test; it is repeated with `MILLRACE_TEST_SEED=<the seed that it printed>`. In the quick suite it is always
 * the same, so that what fails there fails by a change and not by luck. The long suite takes another each time.
 */
export const testSeed: number = Number(process.env.MILLRACE_TEST_SEED ?? usualSeed())

function usualSeed(): number {
  return process.env[LONG_SUITE_VARIABLE] === undefined ? 20_261_129 : randomInt(2 ** 31)
}

/** To be printed. */
export const shownSeed = `MILLRACE_TEST_SEED=${testSeed}`

// Also of what is drawn without naming a seed: importing this file is enough.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: testSeed })
