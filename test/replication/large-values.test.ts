import { test } from "node:test"
import { largeValues } from "./large-values.ts"

test("values of 12 MB", () => largeValues(12, 2))
