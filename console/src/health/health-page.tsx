import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { call } from "../api/client.ts"
import type { EngineReport, ProcessReport } from "../api/types.ts"
import { Facts } from "../display/facts.tsx"
import { Loaded } from "../display/loaded.tsx"
import { EmptyState, Note } from "../display/notes.tsx"
import { Badge } from "../display/state-badge.tsx"
import { Moment } from "../display/time.tsx"
import { ConnectionBanner } from "../live/connection-banner.tsx"
import { healthTexts as words } from "../texts/administration.ts"
import { hostOf } from "./host-name.ts"
import { ProcessDetails } from "./process-details.tsx"
import { ProcessGrid } from "./process-grid.tsx"
import { WarehouseGrid } from "./warehouse-grid.tsx"

const everyMs = 2_000

export default function HealthPage() {
  const report = useQuery({
    queryKey: ["processes"],
    queryFn: ({ signal }) => call<ProcessReport>("processes", { signal }),
    refetchInterval: everyMs,
  })
  return (
    <div className="page">
      <h1>{words.title}</h1>
      <p className="sub">{words.lead}</p>
      <ConnectionBanner />
      <Loaded query={report}>{(answer, atMs) => <Health report={answer} atMs={atMs} />}</Loaded>
    </div>
  )
}

function Health({ report, atMs }: { report: ProcessReport; atMs: number }) {
  const [openOwner, setOpenOwner] = useState<string | null>(null)
  const { processes, warehouses, unknownAfterMs, engine } = report
  const open = processes.find(({ owner }) => owner === openOwner)
  return (
    <>
      <Concerns report={report} />
      <section aria-labelledby="processes">
        <div className="section-head">
          <h2 id="processes">{words.processes}</h2>
        </div>
        {processes.length === 0 ? (
          <EmptyState title={words.none} detail={words.noneDetail} />
        ) : (
          <ProcessGrid
            processes={processes}
            atMs={atMs}
            unknownAfterMs={unknownAfterMs}
            onOpen={setOpenOwner}
          />
        )}
      </section>
      {engine !== null && <Engine engine={engine} />}
      <WarehouseGrid warehouses={warehouses} atMs={atMs} unknownAfterMs={unknownAfterMs} />
      {open !== undefined && <ProcessDetails process={open} onClose={() => setOpenOwner(null)} />}
    </>
  )
}

/** What nobody does now, and what a process cannot reach. */
function Concerns({ report: { processes, unowned, unheldDuties } }: { report: ProcessReport }) {
  const cutOff = processes.filter(({ unreachable }) => unreachable.length > 0)
  if (unowned.length + unheldDuties.length + cutOff.length === 0) return null
  return (
    <div className="attention">
      {unowned.length > 0 && (
        <Note tone="bad" title={words.unowned}>
          <ul>
            {unowned.map(({ integration, integrationName, sourceDatabase, isPinned, hostName, file }) => (
              <li key={`${integration}/${sourceDatabase}`}>
                {integrationName ?? integration}: {sourceDatabase}, {words.unownedAt(hostName)}.{" "}
                {isPinned ? words.unownedPinned(hostName, file) : words.unownedFree}
              </li>
            ))}
          </ul>
        </Note>
      )}
      {cutOff.map((one) => (
        <Note key={one.owner} tone="warn" title={words.unreachableTitle(hostOf(one))}>
          <p>{one.unreachable.join(", ")}</p>
        </Note>
      ))}
      {unheldDuties.length > 0 && (
        <Note tone="warn" title={words.unheld}>
          <p>{unheldDuties.join(", ")}</p>
          <p className="note-remedy">{words.unheldDetail}</p>
        </Note>
      )}
    </div>
  )
}

function Engine({ engine: { isUp, replacements, lastEnd } }: { engine: EngineReport }) {
  return (
    <section aria-labelledby="engine" className="card">
      <div className="title-row">
        <h2 id="engine">{words.engine}</h2>
        <Badge tone={isUp ? "good" : "bad"}>{isUp ? words.engineUp : words.engineDown}</Badge>
      </div>
      <p className="sub">{words.engineReplaced(replacements)}</p>
      {lastEnd !== null && (
        <Facts of={[[words.engineEnd(lastEnd.reason), <Moment key="at" atMs={Date.parse(lastEnd.at)} />]]} />
      )}
    </section>
  )
}
