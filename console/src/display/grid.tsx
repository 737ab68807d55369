import { useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react"
import { texts } from "../texts.ts"

export interface Column<Row> {
  id: string
  label: string
  /** A track of CSS grid: `minmax(10rem, 2fr)`. */
  width: string
  /** The column is shown where the grid is at least this wide, in px. */
  fromPx?: number
  isNumber?: boolean
  cell(row: Row): ReactNode
  /** Absent: the column cannot be sorted by. Null goes last. */
  sortBy?(row: Row): string | number | null
}

interface GridProps<Row> {
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  keyOf(row: Row): string
  nameOf(row: Row): string
  /** Narrower, and it scrolls to the side. */
  narrowestRem?: number
  selection?: { selected: ReadonlySet<string>; onSelect(selected: ReadonlySet<string>): void } | undefined
}

interface Sort {
  id: string
  isDescending: boolean
}

const rowHeightPx = 46

/** A table of any length: only the rows in sight are in the document, and their numbers tell which of how many they are. */
export function Grid<Row>({
  label,
  rows,
  columns,
  keyOf,
  nameOf,
  narrowestRem = 0,
  selection,
}: GridProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null)
  const [sort, setSort] = useState<Sort | null>(null)
  const width = useWidth(scroller)
  const shown = columns.filter(({ fromPx = 0 }) => width >= fromPx)
  const sorted = useMemo(() => sortedRows(rows, columns, sort), [rows, columns, sort])
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan: 8,
  })
  const template = [...(selection ? ["2.75rem"] : []), ...shown.map((one) => one.width)].join(" ")
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
    <div className="grid-scroller" ref={scroller} tabIndex={0} role="group" aria-label={label}>
      <div
        role="table"
        aria-label={label}
        aria-rowcount={sorted.length + 1}
        style={{ minWidth: `${narrowestRem}rem` }}
      >
        <div role="rowgroup" className="grid-head">
          <div role="row" className="grid-row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
            {selection && <SelectAll keys={sorted.map(keyOf)} {...selection} />}
            {shown.map((column) => (
              <ColumnHead key={column.id} column={column} sort={sort} onSort={setSort} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = sorted[index]
            if (row === undefined) return null
            return (
              <div
                role="row"
                key={keyOf(row)}
                className="grid-row"
                aria-rowindex={index + 2}
                style={{
                  gridTemplateColumns: template,
                  transform: `translateY(${start}px)`,
                  height: rowHeightPx,
                }}
              >
                {selection && <SelectOne id={keyOf(row)} name={nameOf(row)} {...selection} />}
                {shown.map((column) => (
                  <div key={column.id} role="cell" className={column.isNumber ? "cell cell-number" : "cell"}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            )
          })}
        </div>
      </div>
      {sorted.length === 0 && <p className="grid-none">{texts.grid.none}</p>}
    </div>
  )
}

interface SelectionProps {
  selected: ReadonlySet<string>
  onSelect(selected: ReadonlySet<string>): void
}

function SelectAll({ keys, selected, onSelect }: SelectionProps & { keys: string[] }) {
  const isAll = keys.length > 0 && keys.every((key) => selected.has(key))
  return (
    <div role="columnheader" className="cell">
      <input
        type="checkbox"
        aria-label={texts.grid.selectAll}
        checked={isAll}
        onChange={() => onSelect(new Set(isAll ? [] : keys))}
      />
    </div>
  )
}

function SelectOne({ id, name, selected, onSelect }: SelectionProps & { id: string; name: string }) {
  const toggle = () => {
    const next = new Set(selected)
    if (!next.delete(id)) next.add(id)
    onSelect(next)
  }
  return (
    <div role="cell" className="cell">
      <input
        type="checkbox"
        aria-label={texts.grid.select(name)}
        checked={selected.has(id)}
        onChange={toggle}
      />
    </div>
  )
}

interface ColumnHeadProps<Row> {
  column: Column<Row>
  sort: Sort | null
  onSort(sort: Sort | null): void
}

function ColumnHead<Row>({ column, sort, onSort }: ColumnHeadProps<Row>) {
  const { id, label, sortBy, isNumber } = column
  const own = sort?.id === id ? sort : null
  const order = own === null ? "none" : own.isDescending ? "descending" : "ascending"
  const className = isNumber ? "cell cell-number" : "cell"
  if (sortBy === undefined)
    return (
      <div role="columnheader" className={className}>
        {label}
      </div>
    )
  return (
    <div role="columnheader" className={className} aria-sort={order}>
      <button
        type="button"
        className="sort-button"
        title={texts.grid.sortBy(label)}
        onClick={() => onSort(own?.isDescending ? null : { id, isDescending: own !== null })}
      >
        {label}
        <span aria-hidden="true">{own === null ? "" : own.isDescending ? " ↓" : " ↑"}</span>
      </button>
    </div>
  )
}

/** As given where nothing was chosen: the caller's order says what matters. */
function sortedRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: Sort | null,
): readonly Row[] {
  const sortBy = columns.find(({ id }) => id === sort?.id)?.sortBy
  if (sort === null || sortBy === undefined) return rows
  const keyed = rows.map((row) => ({ row, key: sortBy(row) }))
  const direction = sort.isDescending ? -1 : 1
  keyed.sort(({ key: a }, { key: b }) => {
    if (a === b) return 0
    if (a === null) return 1
    if (b === null) return -1
    return direction * (a < b ? -1 : 1)
  })
  return keyed.map(({ row }) => row)
}

function useWidth(ref: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return width
}
