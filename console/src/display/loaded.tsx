import type { UseQueryResult } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { texts } from "../texts.ts"
import { Button } from "./button.tsx"
import { ErrorNote } from "./notes.tsx"

interface LoadedProps<Answer> {
  query: UseQueryResult<Answer>
  children(answer: Answer, atMs: number): ReactNode
}

/** An answer of the API: until it is there, and where it fails. What came before stays, with its age. */
export function Loaded<Answer>({ query, children }: LoadedProps<Answer>) {
  const { data, error, isError, dataUpdatedAt, refetch } = query
  return (
    <>
      {isError && (
        <ErrorNote
          error={error}
          action={<Button onClick={() => void refetch()}>{texts.errors.tryAgain}</Button>}
        />
      )}
      {data === undefined
        ? !isError && <p aria-busy="true">{texts.loading}</p>
        : children(data, dataUpdatedAt)}
    </>
  )
}
