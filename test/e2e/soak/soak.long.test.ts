import { test } from "node:test"
import { soak } from "./soak.ts"

test("two hundred clients for a minute: nothing is left, no 5xx", (context) => soak(context, 60_000))
