const width = 120
const height = 28
const margin = 2

interface SparklineProps {
  /** Oldest first; null: not known then. */
  values: readonly (number | null)[]
  /** For those who do not see the line. */
  label: string
}

/** A line without axes: whether it rises or falls. */
export function Sparkline({ values, label }: SparklineProps) {
  const known = values.filter((value) => value !== null)
  if (known.length < 2) return <span className="sparkline-empty" role="img" aria-label={label} />
  const highest = Math.max(...known, 1)
  const x = (index: number) => margin + (index * (width - 2 * margin)) / (values.length - 1)
  const y = (value: number) => height - margin - (value / highest) * (height - 2 * margin)
  const points = values.flatMap((value, index) =>
    value === null ? [] : [`${x(index).toFixed(1)},${y(value).toFixed(1)}`],
  )
  const first = points[0]?.split(",")[0]
  const last = points.at(-1)?.split(",")[0]
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      <polygon points={`${first},${height} ${points.join(" ")} ${last},${height}`} />
      <polyline points={points.join(" ")} />
    </svg>
  )
}
