import type { ReactNode } from "react"
import type { OwnerReport, PipelineReport, RetentionFacts } from "../api/types.ts"
import { bytesText, countText, durationText, percentText, shortCountText } from "../display/formats.ts"
import { Sparkline } from "../display/sparkline.tsx"
import { recentRowsPerSecond } from "../live/history.ts"
import { useHistory } from "../live/live-context.tsx"
import { texts } from "../texts.ts"
import { copyProgress } from "./table-rows.ts"

const words = texts.integration

interface PipelineCardProps {
  integrationId: string
  pipeline: PipelineReport
}

export function PipelineCard({ integrationId, pipeline }: PipelineCardProps) {
  const { sourceDatabase, destinationDatabase, phase, lagMs, lagP50Ms, lagP99Ms, totals, retention } =
    pipeline
  const samples = useHistory().of(integrationId)
  const highest = Math.max(0, ...samples.flatMap((one) => one.lagMs ?? []))
  const spanMs = (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0)
  const summary =
    samples.length < 2
      ? words.noSamples
      : words.lagChartSummary(durationText(lagMs), durationText(highest), durationText(spanMs))
  return (
    <div className="card">
      <h3>{words.flow(sourceDatabase, destinationDatabase)}</h3>
      <CopyBar pipeline={pipeline} rowsPerSecond={recentRowsPerSecond(samples)} />
      <dl className="facts">
        <Fact label={words.position}>{texts.phases[phase] ?? phase}</Fact>
        <Fact label={words.lag}>{durationText(lagMs)}</Fact>
        <Fact label={words.lagP50}>{durationText(lagP50Ms)}</Fact>
        <Fact label={words.lagP99}>{durationText(lagP99Ms)}</Fact>
        <Fact label={words.changes}>{countText(totals.changes)}</Fact>
        <Fact label={words.transactions}>{countText(totals.transactions)}</Fact>
        <Retention retention={retention} />
        <Fact label={words.owner}>
          <Owner owner={pipeline.owner} />
        </Fact>
      </dl>
      <div className="lag-line">
        <Sparkline values={samples.map((one) => one.lagMs)} label={`${words.lagChart}. ${summary}`} />
        <p className="sub">{summary}</p>
      </div>
    </div>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Retention({ retention }: { retention: RetentionFacts | null }) {
  if (retention === null) return null
  const { retainedBytes, budgetBytes, secondsToLoss } = retention
  return (
    <>
      <Fact label={words.retained}>
        {bytesText(retainedBytes)}{" "}
        <span className="sub">
          {budgetBytes === null ? words.noBudget : words.budget(bytesText(budgetBytes))}
        </span>
      </Fact>
      <Fact label={words.timeToLoss}>
        {secondsToLoss === null ? words.noLoss : durationText(secondsToLoss * 1_000)}
      </Fact>
    </>
  )
}

function Owner({ owner }: { owner: OwnerReport | null }) {
  if (owner === null || !owner.isOwned) return words.notOwned
  return (
    <>
      {owner.hostName} {owner.isPinned && <span className="sub">({words.pinned})</span>}
    </>
  )
}

function CopyBar({ pipeline, rowsPerSecond }: { pipeline: PipelineReport; rowsPerSecond: number | null }) {
  const progress = copyProgress(pipeline)
  if (progress === null) return null
  const { done, all } = progress
  const left =
    rowsPerSecond === null || rowsPerSecond < 1
      ? words.copyUnknown
      : words.copyLeft(durationText(((all - done) / rowsPerSecond) * 1_000))
  return (
    <div className="progress">
      <progress max={Math.max(all, 1)} value={done} aria-label={words.copy} />
      <p className="sub">
        {words.copy} {percentText(done, all)}: {words.copyDetail(shortCountText(done), shortCountText(all))},{" "}
        {left}
      </p>
    </div>
  )
}
