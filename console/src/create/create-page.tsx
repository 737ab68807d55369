import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { isAdmin } from "../api/session.ts"
import type { Ends } from "../api/types.ts"
import { EmptyState, ErrorNote } from "../display/notes.tsx"
import { useSession } from "../shell/session-context.tsx"
import { texts } from "../texts.ts"
import { endsOf, type Wanted } from "./calls.ts"
import { ReviewStep } from "./review-step.tsx"
import { joinedBy, SourceStep } from "./source-step.tsx"
import { TablesStep, useFilterCheck, useSettled } from "./tables-step.tsx"

const words = texts.create

export default function CreatePage() {
  const mayCreate = isAdmin(useSession())
  const ends = useQuery({ queryKey: ["ends"], queryFn: endsOf, enabled: mayCreate, gcTime: 0 })
  return (
    <div className="page">
      <div>
        <h1>{words.title}</h1>
        <p className="sub">{words.lead}</p>
      </div>
      {!mayCreate && <EmptyState title={words.title} detail={words.adminOnly} />}
      {mayCreate && ends.isPending && <p aria-busy="true">{words.loading}</p>}
      {ends.isError && <ErrorNote error={ends.error} />}
      {ends.isSuccess && <Steps ends={ends.data} />}
    </div>
  )
}

function Steps({ ends }: { ends: Ends }) {
  const [source, setSource] = useState("")
  const [warehouse, setWarehouse] = useState(ends.warehouses[0]?.arn ?? "")
  const [filter, setFilter] = useState("")
  const [name, setName] = useState("")
  const [description, setDescription] = useState("")
  const chosen = ends.sources.find(({ arn }) => arn === source)
  if (ends.sources.length === 0) return <EmptyState title={words.noSources} detail={words.noSourcesDetail} />
  const choose = (arn: string) => {
    setSource(arn)
    setFilter(ends.sources.find((one) => one.arn === arn)?.filter ?? "")
  }
  const settled = useSettled(filter)
  const isJudged = useFilterCheck(chosen, settled).isGood && settled === filter
  const isFree = joinedBy(ends, source, warehouse) === undefined
  const isWhole = isJudged && isFree && chosen !== undefined && warehouse !== "" && name.trim() !== ""
  const wanted: Wanted | null = isWhole
    ? {
        source,
        warehouse,
        name: name.trim(),
        ...(chosen.selection === "filter" && { dataFilter: filter }),
        ...(description.trim() !== "" && { description: description.trim() }),
      }
    : null
  return (
    <>
      <SourceStep
        ends={ends}
        source={source}
        warehouse={warehouse}
        onSource={choose}
        onWarehouse={setWarehouse}
      />
      {chosen !== undefined && (
        <TablesStep key={chosen.arn} source={chosen} filter={filter} onFilter={setFilter} />
      )}
      {chosen !== undefined && (
        <ReviewStep
          name={name}
          description={description}
          onName={setName}
          onDescription={setDescription}
          wanted={wanted}
          region={ends.region}
        />
      )}
    </>
  )
}
