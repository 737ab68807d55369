import type { Batch, StagedPart } from "../../replication/contracts/warehouse.ts"

/** All parts that a batch uses up. */
export function partsOf({ tables }: Pick<Batch, "tables">): StagedPart[] {
  return tables.flatMap(({ parts, alteration, commits }) => [
    ...parts,
    ...(alteration?.fill === undefined ? [] : [alteration.fill]),
    ...(commits === undefined ? [] : [commits]),
  ])
}
