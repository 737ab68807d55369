import { useMemo } from "react"
import type { ProcessReport } from "../api/types.ts"
import { type Column, Grid } from "../display/grid.tsx"
import { Age } from "../display/time.tsx"
import { healthTexts as words } from "../texts/administration.ts"

type Warehouse = ProcessReport["warehouses"][number]

interface WarehouseGridProps {
  warehouses: readonly Warehouse[]
  atMs: number
  unknownAfterMs: number
}

export function WarehouseGrid({ warehouses, atMs, unknownAfterMs }: WarehouseGridProps) {
  const columns = useMemo(() => columnsWith(atMs, unknownAfterMs), [atMs, unknownAfterMs])
  return (
    <section aria-labelledby="warehouses">
      <div className="section-head">
        <h2 id="warehouses">{words.warehouses}</h2>
      </div>
      {warehouses.length === 0 ? (
        <p className="sub">{words.noWarehouses}</p>
      ) : (
        <Grid
          label={words.warehouses}
          rows={warehouses}
          columns={columns}
          keyOf={({ arn }) => arn}
          nameOf={({ arn }) => arn}
        />
      )}
    </section>
  )
}

/** Processes tell of warehouses less often than of pipelines. */
const timesSlower = 10

function columnsWith(atMs: number, unknownAfterMs: number): Column<Warehouse>[] {
  const { arn, seen, unopened } = words.warehouseColumns
  return [
    {
      id: "arn",
      label: arn,
      width: "minmax(10rem, 3fr)",
      cell: (one) => <span title={one.arn}>{one.arn}</span>,
      sortBy: (one) => one.arn,
    },
    {
      id: "seen",
      label: seen,
      width: "minmax(8rem, 1fr)",
      cell: ({ silentMs }) => <Age atMs={atMs - silentMs} staleAfterMs={timesSlower * unknownAfterMs} />,
      sortBy: ({ silentMs }) => silentMs,
    },
    {
      id: "unopened",
      label: unopened,
      width: "minmax(9rem, 1fr)",
      fromPx: 620,
      isNumber: true,
      cell: (one) => one.unopened,
      sortBy: (one) => one.unopened,
    },
  ]
}
