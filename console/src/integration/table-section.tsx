import { useMemo, useState } from "react"
import { mayOperate } from "../api/session.ts"
import type { IntegrationReport } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { countText } from "../display/formats.ts"
import { Grid } from "../display/grid.tsx"
import { useSession } from "../shell/session-context.tsx"
import { texts } from "../texts.ts"
import { type Order, OrderDialog } from "./order-dialog.tsx"
import { tableColumns } from "./table-columns.tsx"
import { TableDetails } from "./table-details.tsx"
import { fitsTable, type TableRow, tableRows } from "./table-rows.ts"

const words = texts.integration

export function TableSection({ integration }: { integration: IntegrationReport }) {
  const [filter, setFilter] = useState("")
  const [state, setState] = useState("")
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [order, setOrder] = useState<Order | null>(null)
  const [openKey, setOpenKey] = useState<string | null>(null)
  const mayAct = mayOperate(useSession())
  const all = tableRows(integration)
  const rows = all.filter((row) => fitsTable(row, filter, state))
  const chosen = all.filter(({ key }) => selected.has(key))
  const open = all.find(({ key }) => key === openKey)
  const columns = useMemo(() => tableColumns(setOpenKey), [])
  const ask = (kind: Order["kind"]) =>
    setOrder({ kind, tables: chosen.length > 0 ? chosen : all, isAll: chosen.length === 0 })
  return (
    <section aria-labelledby="tables">
      <div className="section-head">
        <h2 id="tables">{words.tables}</h2>
        <span className="sub" role="status">
          {chosen.length > 0
            ? words.selected(chosen.length)
            : words.tablesShown(countText(rows.length), countText(all.length))}
        </span>
        {mayAct ? (
          <OrderButtons isSome={chosen.length > 0} onAsk={ask} />
        ) : (
          <span className="sub">{words.viewerHint}</span>
        )}
        <StateFilter rows={all} state={state} onState={setState} />
        <input
          type="search"
          className="filter"
          aria-label={words.filter}
          placeholder={words.filter}
          value={filter}
          onChange={({ target }) => setFilter(target.value)}
        />
      </div>
      <Grid
        label={words.tables}
        rows={rows}
        columns={columns}
        keyOf={({ key }) => key}
        nameOf={({ label }) => label}
        selection={mayAct ? { selected, onSelect: setSelected } : undefined}
      />
      {order !== null && (
        <OrderDialog integrationId={integration.id} order={order} onClose={() => setOrder(null)} />
      )}
      {open !== undefined && (
        <TableDetails integrationId={integration.id} row={open} onClose={() => setOpenKey(null)} />
      )}
    </section>
  )
}

function OrderButtons({ isSome, onAsk }: { isSome: boolean; onAsk(kind: Order["kind"]): void }) {
  return (
    <>
      <Button onClick={() => onAsk("verify")}>{isSome ? words.verify : words.verifyAll}</Button>
      <Button onClick={() => onAsk("resync")}>{isSome ? words.resync : words.resyncAll}</Button>
    </>
  )
}

interface StateFilterProps {
  rows: readonly TableRow[]
  state: string
  onState(state: string): void
}

function StateFilter({ rows, state, onState }: StateFilterProps) {
  const states = [...new Set(rows.map(({ table }) => table.state))].sort()
  return (
    <select
      className="select"
      aria-label={words.state}
      value={state}
      onChange={({ target }) => onState(target.value)}
    >
      <option value="">{words.anyState}</option>
      {states.map((one) => (
        <option key={one} value={one}>
          {texts.tableStates[one] ?? one}
        </option>
      ))}
    </select>
  )
}
