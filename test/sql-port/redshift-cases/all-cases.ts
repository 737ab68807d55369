import { aggregates } from "./aggregates.ts"
import type { Topic } from "./case-table.ts"
import { dates } from "./dates.ts"
import { numbers } from "./numbers.ts"
import { patterns } from "./patterns.ts"
import { refusals } from "./refusals.ts"
import { statements } from "./statements.ts"
import { strings } from "./strings.ts"

export const topics: readonly Topic[] = [
  ...patterns,
  ...numbers,
  ...strings,
  ...dates,
  ...aggregates,
  ...statements,
  ...refusals,
]
