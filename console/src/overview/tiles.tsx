import type { ReactNode } from "react"
import type { StatusReport } from "../api/types.ts"
import { bytesText, durationText, rateText, shortCountText } from "../display/formats.ts"
import type { Tone } from "../display/state-badge.tsx"
import { recentRowsPerSecond, rowsArrived } from "../live/history.ts"
import { useHistory } from "../live/live-context.tsx"
import { texts } from "../texts.ts"
import { retainedOf, worstLag } from "./figures.ts"

const soonSeconds = 6 * 3_600

/** The answer to "is all well?" before anything is read. */
export function Tiles({ status }: { status: StatusReport }) {
  const history = useHistory()
  const { overview } = texts
  const { integrations } = status
  const failed = integrations.filter((one) => one.status === "failed").length
  const attention = integrations.filter((one) => one.status === "needs_attention").length
  const rates = integrations.flatMap(({ id }) => recentRowsPerSecond(history.of(id)) ?? [])
  const rows = integrations.reduce((sum, one) => sum + rowsArrived(one), 0)
  const lag = worstLag(status)
  const retained = retainedOf({ pipelines: integrations.flatMap(({ pipelines }) => pipelines) })
  const toLoss = retained?.secondsToLoss ?? null
  return (
    <dl className="tiles">
      <Tile
        label={overview.integrations}
        tone={failed > 0 ? "bad" : attention > 0 ? "warn" : "good"}
        detail={overview.integrationsDetail(failed, attention)}
      >
        {integrations.length}
      </Tile>
      <Tile label={overview.rows} detail={overview.rowsDetail(shortCountText(rows))}>
        {rateText(rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0))}
        <span className="tile-unit">{overview.perSecond}</span>
      </Tile>
      <Tile label={overview.lag} detail={lag === null ? overview.noLag : overview.lagDetail(lag.name)}>
        {durationText(lag?.lagMs ?? null)}
      </Tile>
      <Tile
        label={overview.retained}
        tone={toLoss !== null && toLoss < soonSeconds ? "warn" : undefined}
        detail={toLoss === null ? overview.retainedDetail : overview.timeToLoss(durationText(toLoss * 1_000))}
      >
        {bytesText(retained?.bytes ?? null)}
      </Tile>
    </dl>
  )
}

interface TileProps {
  label: string
  detail: string
  tone?: Tone | undefined
  children: ReactNode
}

export function Tile({ label, detail, tone, children }: TileProps) {
  return (
    <div className={tone === undefined ? "tile" : `tile tone-${tone}`}>
      <dt>{label}</dt>
      <dd className="tile-value">{children}</dd>
      <dd className="tile-detail">{detail}</dd>
    </div>
  )
}
