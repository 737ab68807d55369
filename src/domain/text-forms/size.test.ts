import assert from "node:assert/strict"
import { test } from "node:test"
import { parseSize } from "./size.ts"

const sizes: [string, number | undefined][] = [
  ["0", 0],
  ["1048576", 1_048_576],
  ["64MiB", 64 * 2 ** 20],
  ["1.5GiB", 1.5 * 2 ** 30],
  ["500 MB", 500e6],
  ["2kB", 2_000],
  ["10 gib", undefined],
  ["-1GiB", undefined],
  ["GiB", undefined],
  ["999999999999999TiB", undefined],
  ["", undefined],
]

for (const [text, bytes] of sizes) test(`"${text}" is ${bytes}`, () => assert.equal(parseSize(text), bytes))
