import { test } from "node:test"
import { soak } from "./soak.ts"

test("two hundred clients create, modify, describe and delete at once: nothing is left, no 5xx", (context) =>
  soak(context, 4_000))
