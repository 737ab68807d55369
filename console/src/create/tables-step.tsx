import { useQuery } from "@tanstack/react-query"
import { useEffect, useMemo, useState } from "react"
import type { FilterMistake, SourceEnd } from "../api/types.ts"
import { ErrorNote, Note } from "../display/notes.tsx"
import { CodeEditor } from "../editor/code-editor.tsx"
import { texts } from "../texts.ts"
import { dryRun, type FilteredSource, filterMistakes } from "./calls.ts"
import { DryRunResult } from "./dry-run-result.tsx"
import { filterLanguage } from "./filter-language.ts"

const words = texts.create
/** After the last key, before the server is asked. */
const typingPauseMs = 400

interface TablesStepProps {
  source: SourceEnd
  filter: string
  onFilter(text: string): void
}

export function TablesStep({ source, filter, onFilter }: TablesStepProps) {
  const settled = useSettled(filter)
  const what = filtered(source, settled)
  const check = useFilterCheck(source, settled)
  return (
    <section className="card step" aria-labelledby="tables">
      <h2 id="tables">{words.tables}</h2>
      {source.selection === "filter" ? (
        <FilterEditor source={source} filter={filter} onFilter={onFilter} mistakes={check.mistakes} />
      ) : (
        <p>{source.selection === "whole" ? words.whole : words.files}</p>
      )}
      {check.error !== null && <ErrorNote error={check.error} />}
      {check.isGood && source.selection !== "files" && settled === filter && <DryRun what={what} />}
    </section>
  )
}

function filtered({ arn, selection }: SourceEnd, filter: string): FilteredSource {
  return { source: arn, ...(selection === "filter" && { dataFilter: filter }) }
}

/** Whether the filter can be used; sources without one have nothing to check. The same text is asked about once. */
export function useFilterCheck(source: SourceEnd | undefined, filter: string) {
  const what = source && filtered(source, filter)
  const { data, error } = useQuery({
    queryKey: ["filter-check", what],
    queryFn: () => (what === undefined ? [] : filterMistakes(what)),
    enabled: source?.selection === "filter",
  })
  return { isGood: source?.selection !== "filter" || data?.length === 0, mistakes: data ?? none, error }
}

const none: FilterMistake[] = []

interface FilterEditorProps extends TablesStepProps {
  mistakes: readonly FilterMistake[]
}

function FilterEditor({ source, filter, onFilter, mistakes }: FilterEditorProps) {
  const marked = useMemo(() => mistakes.map((one) => ({ ...one, severity: "error" as const })), [mistakes])
  return (
    <div className="editor">
      <CodeEditor
        label={words.filter}
        describedBy="filter-help"
        value={filter}
        // A filter is one line: the grammar has no line breaks.
        onChange={(text) => onFilter(text.replaceAll(/[\r\n]+/g, " "))}
        language={filterLanguage}
        mistakes={marked}
      />
      <p className="sub" id="filter-help">
        {words.forms[source.form ?? ""]} {words.filterHint}
      </p>
      <div className="attention" role="status">
        {mistakes.map(({ message }) => (
          <Note key={message} tone="bad" title={message} />
        ))}
      </div>
    </div>
  )
}

function DryRun({ what }: { what: FilteredSource }) {
  const looked = useQuery({
    queryKey: ["dry-run", what],
    queryFn: ({ signal }) => dryRun(what, signal),
    gcTime: 0,
  })
  return (
    <div className="attention" role="status">
      <h3>{words.dryRun}</h3>
      {looked.isPending && <p aria-busy="true">{words.dryRunning}</p>}
      {looked.isError && <ErrorNote error={looked.error} />}
      {looked.isSuccess && <DryRunResult report={looked.data} />}
    </div>
  )
}

/** The text as it was when typing paused last. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), typingPauseMs)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
