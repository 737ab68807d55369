import type { ProcessFacts } from "../api/types.ts"
import { Link } from "../display/button.tsx"
import { Dialog } from "../display/dialog.tsx"
import { Facts } from "../display/facts.tsx"
import { healthTexts as words } from "../texts/administration.ts"
import { hostOf } from "./host-name.ts"

export function ProcessDetails({ process, onClose }: { process: ProcessFacts; onClose: () => void }) {
  const { owner, host, processId, pipelines, duties, unreachable } = process
  return (
    <Dialog title={hostOf(process)} onClose={onClose} place="side">
      <Facts
        of={[
          [words.columns.process, words.processOf(processId)],
          [words.hostId, <code key="host">{host}</code>],
          [words.owner, <code key="owner">{owner}</code>],
        ]}
      />
      {unreachable.length > 0 && (
        <>
          <h3>{words.unreachableTitle(hostOf(process))}</h3>
          <Lines of={unreachable} />
        </>
      )}
      <h3>{words.runs}</h3>
      {pipelines.length === 0 && <p className="sub">{words.runsNothing}</p>}
      <ul>
        {pipelines.map(({ integration, integrationName, sourceDatabase, generation, isPinned }) => (
          <li key={`${integration}/${sourceDatabase}`}>
            <Link to={{ page: "integration", id: integration }} onFollow={onClose}>
              {words.runsOf(integrationName ?? integration, sourceDatabase, generation)}
            </Link>
            {isPinned && <span className="sub"> {words.pinned}</span>}
          </li>
        ))}
      </ul>
      <h3>{words.doesForAll}</h3>
      {duties.length === 0 ? <p className="sub">{words.doesNothing}</p> : <Lines of={duties} />}
    </Dialog>
  )
}

function Lines({ of }: { of: readonly string[] }) {
  return (
    <ul>
      {of.map((one) => (
        <li key={one}>{one}</li>
      ))}
    </ul>
  )
}
